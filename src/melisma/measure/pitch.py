"""Pitch: how far that of a sound departs from its reference's. Needs librosa, imported where it is used."""

from __future__ import annotations

import math
import os
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

from ..sound.rates import resample
from ..system.caches import compiled
from .waveforms import HEARD_LEVEL, decibels, frames_of, pair

PITCH_RANGE = (40.0, 2400.0)  # Hz: a contrabass's E to a violin's D7
PITCH_RATE = 44100  # Hz, at least: with fewer samples a period YIN takes high notes for their octave below
PITCH_HOP = 0.02  # s
PERIODICITY = 0.85  # normalised autocorrelation from which a frame counts as voiced
VOICED_FRAMES = 20  # fewer than these say nothing about pitch
GROSS_CENTS = 50.0


class PitchError(NamedTuple):
    """Median absolute error in cents; shares (0 to 1) of gross errors and of voiced frames whose pitch was lost."""

    cents: float
    gross: float
    lost: float


def pitch_error(reference: np.ndarray, output: np.ndarray, rate: int) -> PitchError:
    """How the pitch of a monophonic output (T,) departs from its reference's; NaN with fewer than 20 voiced frames.

    The error in cents and the share of gross errors (beyond 50 cents) are over frames voiced in both; the share lost
    is of the reference's voiced frames. Pitch by YIN (de Cheveigné and Kawahara, 2002), every 20 ms.
    """
    reference, output = pair(reference, output, rate)
    (r, voiced), (o, voiced_too) = _pitch(reference, rate), _pitch(output, rate)
    both = voiced & voiced_too
    lost = 1 - both.sum() / voiced.sum() if voiced.sum() >= VOICED_FRAMES else math.nan
    if both.sum() < VOICED_FRAMES:
        return PitchError(math.nan, math.nan, float(lost))
    cents = np.abs(1200 * np.log2(o[both] / r[both]))
    return PitchError(float(np.median(cents)), float(np.mean(cents > GROSS_CENTS)), float(lost))


@cache  # a process that has it waits for nobody
def load_librosa() -> ModuleType:
    """librosa with the modules used here, imported by one process at a time.

    On its first import it compiles functions and keeps them on disk in two files each. Processes that do so at once may leave a
    pair of which each wrote one, and every process that uses it from then on ends with a segmentation fault (numba issue 10128).
    """
    from filelock import FileLock

    user = getattr(os, "getuid", int)()  # each has a lock of their own: one cannot write another's file
    compiled()
    with FileLock(Path(tempfile.gettempdir()) / f"melisma-librosa-{user}.lock"):
        import librosa

        _ = librosa.yin, librosa.griffinlim, librosa.feature.mfcc  # each name imports the module that it is in
    return librosa


def _pitch(samples: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """(T,) → fundamentals (L,) in Hz, and whether each frame is loud and periodic enough to have one."""
    librosa = load_librosa()
    if rate < PITCH_RATE:
        samples, rate = resample(samples, rate, PITCH_RATE), PITCH_RATE
    low, high = PITCH_RANGE
    frame = 4 * math.ceil(rate / low)  # YIN compares two halves of a frame: two of the longest periods each
    hop = round(rate * PITCH_HOP)
    f0 = librosa.yin(samples, fmin=low, fmax=high, sr=rate, frame_length=frame, hop_length=hop)
    frames = frames_of(samples, frame, hop)[: len(f0)]
    lags = np.rint(rate / f0).astype(int)
    half = frame // 2
    first = frames[:, :half]
    second = np.take_along_axis(frames, lags[:, None] + np.arange(half), axis=1)
    energy = np.sqrt((first**2).sum(1) * (second**2).sum(1))
    periodicity = (first * second).sum(1) / np.maximum(energy, 1e-12)
    levels = decibels(np.sqrt(np.mean(frames**2, axis=1)))
    return f0, (periodicity > PERIODICITY) & (levels > HEARD_LEVEL)
