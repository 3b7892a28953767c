"""Noise that is the same on every machine and in every language."""

from __future__ import annotations

import numpy as np


def smooth_noise(seed: int, stream: int, frames: int, knots: float) -> np.ndarray:
    """Noise (frames,) of mean 0 and variance 1 that is the same on every machine and in every language.

    Values are drawn at knots, `knots` of them a frame (0.02: one every 50 frames), and joined smoothly with the
    variance kept: with s = u²(3 − 2u) between knots a and b, it is ((1 − s)·a + s·b) / √((1 − s)² + s²). Knot k is the
    sum, less 6, of twelve uniforms: the upper and lower halves, over 2³², of six successive outputs of Philox-4×64-10
    with the key (seed, stream), as numpy.random.Philox counts. No other function than the square root is used, and
    NumPy fixes this bit stream for good, unlike that of its own normal deviates.
    """
    position = np.arange(frames) * knots
    count = int(position[-1]) + 2
    raw = np.random.Philox(key=np.array([seed, stream], dtype=np.uint64)).random_raw(6 * count)
    halves = (raw >> np.uint64(32)) + (raw & np.uint64(0xFFFFFFFF))
    values = halves.reshape(count, 6).sum(axis=1) / 2.0**32 - 6
    knot = position.astype(np.int64)
    u = position - knot
    s = u * u * (3 - 2 * u)
    noise: np.ndarray = ((1 - s) * values[knot] + s * values[knot + 1]) / np.sqrt((1 - s) ** 2 + s * s)
    return noise
