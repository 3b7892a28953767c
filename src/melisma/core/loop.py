"""The core's loop: what a sound passes on its way back to a stream's input."""

from __future__ import annotations

import numpy as np

from ..sound.door import block_of
from .handle import Handle
from .layout import LoopSettings
from .library import address, call, library, made


class CoreLoop(Handle):
    """What a sound passes on its way back to a stream's input, for loops closed outside of it: see melisma.h."""

    instead = "make a loop of its own there"

    def __init__(self, rate: int, seed: int = 0):
        self._adopt(made(call("loop_new", rate), f"a loop at {rate} Hz"), library().melisma_loop_free)
        call("loop_reset", self._handle, seed)

    def process(self, block: np.ndarray, frequency: float, q: float, gain: float, breath: float) -> np.ndarray:
        """float32 (T,) → float32 (T,). Hz, centre over width, ×, dBFS."""
        block = block_of(block)
        out = np.empty_like(block)
        call("loop_process", self._handle, LoopSettings(frequency, q, gain, breath), address(block), address(out), len(block))
        return out
