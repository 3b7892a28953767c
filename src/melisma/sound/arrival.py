"""How a sound arrives at a model: as one channel at the model's rate, piece by piece, so that an hour is never copied."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..errors import BadValue
from .audio import Audio
from .channels import channel_of, mixed
from .door import checked_rate, samples_of
from .rates import cut, resampled

Sound = Audio | np.ndarray


def arriving(sound: Sound, rate: int | None, wanted: int, size: int) -> tuple[Iterator[np.ndarray], int, int]:
    """The sound as pieces float32 (n,) at the `wanted` rate, of about `size` samples. → them, its rate and length as they were.

    rate: an array's, the wanted one if None. MelismaError if it is no sound, holds nothing or is at another rate than is said.
    """
    if isinstance(sound, Audio):
        if rate is not None and rate != sound.rate:
            raise BadValue(f"the sound says it is at {sound.rate} Hz and the call says {rate}: leave one out")
        samples, rate, what = sound.samples, sound.rate, sound.name or "the sound"
    else:
        samples, what = samples_of(sound), "the sound"
        rate = wanted if rate is None else checked_rate(rate, "the rate of the sound")
    if samples.shape[1] == 0:
        raise BadValue(f"{what} holds no samples: give one at least")
    channel = channel_of(samples, what)
    pieces = (_sane(mixed(piece, channel)) for piece in cut(samples, size))
    return resampled(pieces, rate, wanted), rate, samples.shape[-1]


def _sane(samples: np.ndarray) -> np.ndarray:
    """What is not a number becomes silence, and the absurd merely loud (80 dB over full scale), as the core reads it."""
    if samples.min(initial=0) >= -1e4 and samples.max(initial=0) <= 1e4:  # false where there is a NaN
        return samples
    return np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -1e4, 1e4)
