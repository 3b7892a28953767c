"""A highpass of first order below all sound: it takes out the offset of cheap sound cards, which would be learnt as a timbre.

y[t] = x[t] − x[t − 1] + p · y[t − 1] with the pole p = exp(−2π · f / rate), 3 dB down at f Hz. The core does it sample
by sample (core/src/dsp/analysis.cpp); here it is done block by block, for preparing, evaluating and training.
"""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np

BLOCK = 1024  # samples that one running sum filters; p to its power must stay a number


def at_rest(*shape: int) -> np.ndarray:
    """The state before the first sample of sounds (*shape, T): the last sample that went in and the last that came out."""
    return np.zeros((*shape, 2))


def highpass(x: np.ndarray, frequency: float, rate: int, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sounds (..., T) and the state before them (..., 2) → the filtered sounds (..., T), of x's type, and the state after them.

    frequency and rate in Hz; a frequency of 0 lets everything through. Computed in double precision. T may be 0.
    """
    length = x.shape[-1]
    if frequency == 0 or length == 0:
        return x, state
    blocks = -(-length // BLOCK)
    steps = np.zeros((*x.shape[:-1], blocks * BLOCK))
    steps[..., :length] = np.diff(x.astype(np.float64), prepend=state[..., :1])
    powers = math.exp(-2 * math.pi * frequency / rate) ** np.arange(BLOCK + 1)
    alone = np.cumsum(steps.reshape(*x.shape[:-1], blocks, BLOCK) / powers[:-1], -1) * powers[:-1]  # each block from rest
    ends = np.moveaxis(alone[..., :-1, -1], -1, 0)
    carried = np.stack(list(accumulate(ends, lambda y, end: end + powers[-1] * y, initial=state[..., 1])), -1)
    y = (alone + carried[..., None] * powers[1:]).reshape(*x.shape[:-1], -1)[..., :length]
    return y.astype(x.dtype), np.stack([x[..., -1], y[..., -1]], -1).astype(np.float64)
