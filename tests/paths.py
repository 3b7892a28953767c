"""Latent paths to test with."""

import numpy as np
from hypothesis import strategies as st

from melisma.latent import LatentPath

RATE = 100.0


def make(frames=300, dimensions=4, seed=0, **changes):
    rng = np.random.default_rng(seed)
    given = {
        "values": rng.standard_normal((dimensions, frames)),
        "loudness": rng.uniform(-60, -10, frames),
        "rate": RATE,
        "length": max(1, int(frames * 441) - 5),
        "source_rate": 44100,
        "model": "strings",
        "ranges": np.tile([-2.3, 2.3], (dimensions, 1)),
        "timbre": tuple(range(0, dimensions, 2)),
    }
    return LatentPath(**(given | changes))


def same(a, b, tolerance=0.0):
    return np.abs(a.values - b.values).max() <= tolerance and np.abs(a.loudness - b.loudness).max() <= tolerance


paths = st.builds(make, st.integers(1, 400), st.integers(1, 6), st.integers(0, 9))
