"""A slot of the core (core/include/melisma.h) as hosts use it; nothing in the package needs one."""

from __future__ import annotations

import numpy as np

from melisma.core.binding import CoreModel, CoreStream
from melisma.core.handle import Handle
from melisma.core.library import address, addresses, call, floats, library, made
from melisma.errors import BadValue
from melisma.sound.door import block_of


class Slot(Handle):
    """A place for a stream that another may take while it sounds: see melisma.h. A stream put into it is the slot's."""

    instead = "make a slot of its own there"

    def __init__(self, rate: int):
        self.rate = rate
        self._adopt(made(call("slot_new", rate), f"a slot at {rate} Hz"), library().melisma_slot_free)

    def put(self, stream: CoreStream | None) -> None:
        """The stream takes over with the next blocks; None: silence."""
        handle = stream and stream._handle
        if not call("slot_put", self._handle, handle):
            raise BadValue(f"a slot takes models of up to 128 latents, {stream.model.name} has {stream.model.latents}")
        if stream:
            stream._give()
        self.tidy()

    def tidy(self) -> bool:
        """Free what has faded out. → whether anything is still under way."""
        call("stream_free", call("slot_retired", self._handle))
        return bool(call("slot_waiting", self._handle))

    def set(self, model: CoreModel, name: str, value: float) -> None:
        """A parameter of the newest stream, which is of that model."""
        call("set", call("slot_stream", self._handle), call("parameter_find", model._handle, name.encode()), value)

    def reset(self) -> None:
        call("slot_reset", self._handle)

    def process(self, block: np.ndarray) -> np.ndarray:
        """float32 (T,) → float32 (T,)."""
        block = block_of(block)
        out = np.empty_like(block)
        call("slot_process", self._handle, address(block), address(out), len(block))
        return out

    def process_channels(self, block: np.ndarray) -> np.ndarray:
        """float32 (channels, T) → the same."""
        block = np.ascontiguousarray(block, np.float32)
        out = np.empty_like(block)
        call("slot_process_channels", self._handle, len(block), addresses(block), addresses(out), block.shape[1])
        return out

    def encode_signals(self, x: np.ndarray, width: int) -> np.ndarray:
        """float32 (T,) → (width, T), the loudness last."""
        x = block_of(x)
        out = np.empty((width, len(x)), np.float32)
        call("slot_encode_signals", self._handle, address(x), addresses(out), width, len(x))
        return out

    def decode_signals(self, signals: np.ndarray) -> np.ndarray:
        """(width, T) → float32 (T,)."""
        signals = floats(signals, "the signals", None, None)
        out = np.empty(signals.shape[1], np.float32)
        call("slot_decode_signals", self._handle, addresses(signals), len(signals), address(out), len(out))
        return out
