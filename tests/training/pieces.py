"""Pieces of any size."""

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

TOLERANCE = 1e-4
quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def splits(length: int):
    """Block sizes that add up to a length: the whole, single steps, hops, or any, empty ones among them."""
    cuts = st.lists(st.integers(0, length), max_size=12).map(lambda at: [int(n) for n in np.diff([0, *sorted(at), length])])
    even = st.integers(1, length).map(lambda n: [n] * (length // n) + [length % n])
    return st.one_of(cuts, even)
