"""Stream: a model played block by block."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .core.binding import CoreStream
from .core.engine import Engine
from .core.handle import Single
from .errors import BadValue
from .sound.audio import Audio


class Stream(Single):
    """The model block by block: `process` takes any number of samples and gives as many, `latency` samples late."""

    instead = "send the model and make a new one there with its stream()"

    def __init__(self, engine: Engine, parameters: Mapping[str, float] | None = None, channels: int = 1):
        self._stream: CoreStream = engine.stream(channels=channels)
        for name, value in (parameters or {}).items():
            self._stream.set(name, value)
        self._stream.reset()  # so they are there at once
        self.latency: int = self._stream.latency
        self._rate: int = engine.model.sample_rate

    def process(self, block: Audio | np.ndarray) -> np.ndarray:
        """One channel at the model's rate (T,) → float32 (T,), T ≥ 0; of two, (2, T) → (2, T). Not for two threads at once."""
        if isinstance(block, Audio) and block.rate != self._rate:
            raise BadValue(f"the block is at {block.rate} Hz and the stream at {self._rate} Hz: resample it before")
        return self._stream.process(np.asarray(block) if isinstance(block, Audio) else block)

    def set(self, name: str, value: float) -> None:
        """Turn a parameter, such as "domain", "fine" or "bias.1" (docs/reference/parameters.md has all); from any thread."""
        self._stream.set(name, value)

    def reset(self) -> None:
        """As if the stream had just been made."""
        self._stream.reset()
