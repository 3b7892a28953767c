"""Paths out of nothing."""

from __future__ import annotations

import numpy as np

from ..sound.scales import LOUDNESS_FLOOR
from .methods import LatentPath
from .noise import smooth_noise
from .reading import Curve, read_integer, read_number

LOUDNESS_DRAWN, FADE_DRAWN = -24.0, 0.05  # dBFS and seconds; of a path that no sound gives a loudness
_DRAWN = 1 << 32  # where `drawn` has its streams of noise, beyond those of `randomize`


def drawn(
    dimensions: int,
    frames: int,
    rate: float,
    length: int,
    source_rate: int,
    *,
    seed: int = 0,
    smoothness: float = 0.5,
    temperature: float = 1.0,
    loudness: Curve | None = None,
    model: str = "",
    ranges: np.ndarray | None = None,
    timbre: tuple[int, ...] | None = None,
) -> LatentPath:
    """A path drawn from the standard normal distribution, which is the training set's in calibrated latents.

    smoothness: seconds from one drawn point to the next, joined by `smooth_noise`; 0 draws every frame by itself.
    temperature: the standard deviation. loudness: a level in dBFS, one a frame (L,), or (seconds, level) points; None is a
    steady −24 dBFS with its ends faded, as no sound begins at full level without a click. The other arguments are those
    of LatentPath. The same seed draws the same on every machine. MelismaError for what is out of range.
    """
    seed = read_integer(seed, "seed", 0, 2**32 - 1)
    knots = 1 / max(1.0, read_number(smoothness, "smoothness", 0, 3600) * rate)
    temperature = read_number(temperature, "temperature", 0, 10)
    values = [temperature * smooth_noise(seed, _DRAWN + row, frames, knots) for row in range(dimensions)]
    path = LatentPath(np.array(values), np.zeros(frames), rate, length, source_rate, model, ranges, timbre)
    if loudness is None:
        end = path.duration
        fade = min(FADE_DRAWN, end / 2)
        loudness = [(0, LOUDNESS_FLOOR), (fade, LOUDNESS_DRAWN), (end - fade, LOUDNESS_DRAWN), (end, LOUDNESS_FLOOR)]
    return path.set_loudness(loudness)
