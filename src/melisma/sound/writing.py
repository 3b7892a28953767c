"""Writing sound files: whole or not at all."""

from __future__ import annotations

import math
import os
import warnings
from pathlib import Path

import numpy as np
import soundfile

from ..errors import BadValue, DiskError, MelismaWarning
from ..system.atomic import atomic, check_target
from .door import checked_rate
from .formats import FORMATS, OVERS, format_for
from .parts import native
from .quiet import without_decoders_lines
from .rates import BLOCK


def write_samples(path: str | os.PathLike[str], samples: np.ndarray, rate: int, subtype: str | None = None) -> None:
    """Write float32 (channels, T) at `rate` Hz: what `melisma.write` does once it knows what it was given."""
    path = Path(path)
    check_target(path, FORMATS)
    rate, (channels, length) = checked_rate(rate, f"the sample rate of {path}"), samples.shape
    if samples.size == 0:
        raise BadValue(f"{path} was not written: there are no samples to put in it")
    made, subtype = format_for(path, rate, channels, length, subtype)
    low, high = float(samples.min()), float(samples.max())  # NaN if any sample is
    peak = max(-low, high)
    if not math.isfinite(low) or not math.isfinite(high):
        raise BadValue(f"{path} was not written: some samples are NaN or infinite; find the step that made them")
    with atomic(path) as temporary:
        try:
            with soundfile.SoundFile(native(temporary), "w", rate, channels, subtype, format=made.name) as file:
                for start in range(0, length, BLOCK):  # in blocks, as libsndfile's Vorbis encoder overruns its stack on long ones
                    file.write(samples[:, start : start + BLOCK].T)
            with without_decoders_lines():
                written = soundfile.info(native(temporary)).frames
        except (soundfile.SoundFileError, AssertionError) as error:  # soundfile asserts that everything was written
            reason = (getattr(error, "error_string", "") or str(error) or "the disk took only a part of it").rstrip(". ")
            reason = _refusal(temporary) or reason
            what = f"{channels} channels at {rate} Hz as {made.name} {subtype}"
            raise DiskError(f"{path} could not be written: {reason} ({what}); check the free space, or write .wav") from error
        if written < length:
            raise DiskError(f"{path} could not be written: only {written} of {length} samples arrived; check the free space")
    if peak > 1 and subtype not in OVERS:
        over = 20 * math.log10(peak)
        text = f"{path}: samples were clipped, {over:.1f} dB above full scale; lower the level by as much"
        warnings.warn(text, MelismaWarning, stacklevel=3)


def _refusal(file: Path) -> str | None:
    """Why the disk takes no more of a file, which libsndfile calls a system error; None if it does take more."""
    try:
        with open(file, "ab") as more:
            more.write(bytes(1 << 16))
    except OSError as error:
        return error.strerror
    return None
