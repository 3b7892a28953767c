"""What the sound card calls, block by block: the input and the exciter's notes through a stream, to the output.

It knows no card: whoever calls `process` drives it, in the command PortAudio, in the tests a test. Within a block there is
nothing but the core's own work on arrays that were there before; what other threads have to say is left at the door (`midi`) or
set in the stream itself, which may be done from any thread.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from ..control.table import Table
from ..core.binding import CoreModel
from ..core.exciter import Exciter, exciter_parameters
from ..errors import BadValue

LARGEST = 8192  # samples of a block
MOST_WAITING = 4096  # messages at the door; more in one block is a cable in a loop


class Engine:
    """A surface (control/surface.py) that sounds. channels: of the input that goes through the model, 1 or 2."""

    def __init__(self, model: CoreModel, rate: int, *, channels: int = 1, microphone: bool = True, notes: bool = True):
        self.model, self.rate, self.channels = model, rate, channels
        self.microphone, self.notes = microphone, notes
        self.stream = model.stream(rate, channels)
        self.exciter = Exciter(rate)
        self.table = Table(model.parameters, exciter_parameters())
        self.latency: int = self.stream.latency
        self._exciter_values = {row.name: self.exciter.get(row.bare) for row in self.table.values() if row.of_exciter}
        self._waiting: deque[tuple[str, float] | bytes] = deque(maxlen=MOST_WAITING)
        self._in = np.zeros((channels, LARGEST), np.float32)
        self._out = np.zeros((channels, LARGEST), np.float32)
        self._made = np.zeros(LARGEST, np.float32)
        self.blocks = self.samples = self.underruns = 0
        self.spent = self.worst = 0.0  # seconds in `process`; the largest share of a block's own time
        self.peak = 0.0  # of the output

    # --- any thread ---

    def get(self, name: str) -> float:
        row = self.table.find(name)
        return self._exciter_values[row.name] if row.of_exciter else self.stream.get(row.name)

    def set(self, name: str, value: float) -> None:
        row = self.table.find(name)
        if value != value:
            raise BadValue(f"{row.name} cannot be {value}; give a number")
        value = min(max(float(value), row.minimum), row.maximum)
        if row.of_exciter:
            self._exciter_values[row.name] = value
            self._waiting.append((row.bare, value))
        else:
            self.stream.set(row.name, value)

    def midi(self, message: bytes) -> None:
        if not self.notes:
            raise BadValue("nothing here makes notes: begin with a keyboard (--midi, or --osc with --input none)")
        self._waiting.append(bytes(message))

    def learn(self, name: str) -> None:
        raise BadValue("there are no knobs here: begin with --midi PORT")

    def values(self) -> dict[str, float]:
        """All that is not as it is at first."""
        all_of = {name: self.get(name) for name in self.table}
        return {name: value for name, value in all_of.items() if value != np.float32(self.table[name].default)}

    def start(self, values: Mapping[str, float]) -> None:
        """Before it sounds: these values, at once."""
        for name, value in values.items():
            self.set(name, value)
        self._tell()
        self.stream.reset()

    # --- the audio's thread ---

    def process(self, heard: np.ndarray | None, out: np.ndarray) -> None:
        """heard (n, channels of the card) or None → out (n, channels of the card), float32, full scale ±1."""
        begin = time.perf_counter()
        self._tell()
        for at in range(0, len(out), LARGEST):
            end = min(at + LARGEST, len(out))
            self._piece(None if heard is None else heard[at:end], out[at:end])
        spent = time.perf_counter() - begin
        self.blocks += 1
        self.samples += len(out)
        self.spent += spent
        if len(out) and self.blocks > 1:  # the first one warms up
            self.worst = max(self.worst, spent * self.rate / len(out))

    def _tell(self) -> None:
        """What waits at the door, to the exciter."""
        while self._waiting:
            told = self._waiting.popleft()
            if isinstance(told, bytes):
                self.exciter.midi(told)
            else:
                self.exciter.set(*told)

    def _piece(self, heard: np.ndarray | None, out: np.ndarray) -> None:
        n = len(out)
        x, y = self._in[:, :n], self._out[:, :n]
        if heard is None or not self.microphone:
            x.fill(0)
        elif self.channels == 1:
            np.copyto(x[0], heard[:, 0])
        else:
            np.copyto(x, heard[:, : self.channels].T)
        if self.notes:
            made = self._made[:n]
            self.exciter.process_into(made)
            np.add(x, made, out=x)
        self.stream.process_into(x, y)
        np.clip(y, -1, 1, out=y)
        if self.channels == 1 or out.shape[1] == 1:
            np.copyto(out, y[:1].T)
        else:
            out[:, 2:].fill(0)
            np.copyto(out[:, :2], y.T)

    # --- afterwards ---

    @property
    def share(self) -> float:
        """Of a core, since it began."""
        return self.spent * self.rate / self.samples if self.samples else 0.0


@contextmanager
def undisturbed() -> Iterator[None]:
    """While a card calls: Python's other threads let go of it within half a millisecond, and the collector looks at less."""
    import gc
    import sys

    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(before)
