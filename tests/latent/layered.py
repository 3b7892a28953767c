"""Paths with layers."""

import numpy as np
from paths import make


def layered(frames=40, seed=0, **changes):
    steps = np.random.default_rng(seed).integers(-100, 101, (30, frames), np.int8)
    return make(frames, seed=seed, layers=steps, **changes)
