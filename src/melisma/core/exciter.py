"""The core's exciter: notes become a sound to put at a stream's input, so that any model plays from a keyboard."""

from __future__ import annotations

import functools

import numpy as np

from ..errors import BadValue
from .binding import Parameter
from .handle import Handle
from .library import address, call, library, made, number

DEFAULT_RATE = 44100


@functools.cache
def exciter_parameters() -> tuple[Parameter, ...]:
    """What can be set of an exciter: names, units and ranges."""
    return tuple(Parameter.read(call("exciter_parameter_at", i)) for i in range(call("exciter_parameter_count")))


class Exciter(Handle):
    """Eight voices of a band-limited saw or pulse, noise or breath, each with an envelope: see melisma.h.

    Give its sound to a stream with match=1 and fine=1: the model gives the timbre, the notes keep their pitch. Channels are
    0 to 15, notes 0 to 127 (60 is middle C), velocities and pressures 0 to 1. What does not exist changes nothing.
    """

    instead = "make an exciter of its own there"

    def __init__(self, rate: int = DEFAULT_RATE, **parameters: float):
        """rate: Hz. parameters: see `set`; a dot in a name is written as an underscore here."""
        self._adopt(made(call("exciter_new", rate), f"an exciter at {rate} Hz"), library().melisma_exciter_free)
        for name, value in parameters.items():
            self.set(name if name in self.names() else name.replace("_", "."), value)

    @staticmethod
    def names() -> list[str]:
        return [p.name for p in exciter_parameters()]

    def set(self, name: str, value: float) -> None:
        """Turn a parameter, such as "shape", "attack" or "level"; kept within its range."""
        call("exciter_set", self._handle, self._known(name), number(value, name))

    def get(self, name: str) -> float:
        return float(call("exciter_get", self._handle, self._known(name)))

    def _known(self, name: str) -> bytes:
        if name not in self.names():
            raise BadValue(f"an exciter has no parameter {name!r}; there are {', '.join(self.names())}")
        return name.encode()

    def reset(self) -> None:
        """Silent, as if new; what was set stays."""
        call("exciter_reset", self._handle)

    def note_on(self, channel: int, note: int, velocity: float) -> None:
        call("exciter_note_on", self._handle, channel, note, velocity)

    def note_off(self, channel: int, note: int) -> None:
        call("exciter_note_off", self._handle, channel, note)

    def bend(self, channel: int, semitones: float) -> None:
        """channel −1: all."""
        call("exciter_bend", self._handle, channel, semitones)

    def pressure(self, channel: int, note: int, amount: float) -> None:
        """note −1: the whole channel."""
        call("exciter_pressure", self._handle, channel, note, amount)

    def midi(self, message: bytes) -> None:
        """A short MIDI message with its status byte; what is none changes nothing."""
        call("exciter_midi", self._handle, message, len(message))

    def process(self, samples: int) -> np.ndarray:
        """The next so many samples, float32 (samples,)."""
        if samples < 0:
            raise BadValue(f"{samples} samples cannot be made")
        out = np.empty(samples, np.float32)
        call("exciter_process", self._handle, address(out), samples)
        return out

    def process_into(self, out: np.ndarray) -> None:
        """The next samples into an array that is there, float32 (samples,). For threads that make nothing."""
        if out.dtype != np.float32 or out.ndim != 1 or not out.flags.c_contiguous:
            raise BadValue(f"the array is of {out.dtype} and {out.shape}; float32 of (T,) is needed")
        call("exciter_process", self._handle, address(out), len(out))
