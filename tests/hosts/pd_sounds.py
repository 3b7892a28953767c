"""What the tests of Pure Data's objects play."""

import numpy as np
from pd import ROOT

STRINGS = ROOT / "models" / "strings.melisma"


def sound(samples: int, seed: int = 0) -> np.ndarray:
    """A rising tone that starts and stops, over faint noise."""
    time = np.arange(samples) / 44100
    tone = 0.3 * np.sin(2 * np.pi * (200 + 300 * time) * time) * (time % 0.2 < 0.15)
    return (tone + 0.01 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)
