"""The figures of an evaluation: how far an output is from its reference.

Every function takes mono float32 waveforms (T,) at a given rate in Hz, full scale ±1, or curves over frames, and is
pure: the same input gives the same figure. Levels are in dBFS of the root mean square (a full-scale sine reads −3)
unless a function speaks of magnitudes, where a full-scale sine reads 0. A figure that the material cannot give
(silence, too short, no pitch) is NaN. Input that is no waveform, or two waveforms of different length, raise
MelismaError.

Pitch needs librosa and ViSQOL visqol-python: both are imported where they are used, for inference does without.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..errors import BadValue
from ..files.bands import a_weights, mel_filterbank
from ..files.config import AnalysisConfig
from .opinion import Visqol, visqol
from .pitch import PitchError, pitch_error
from .waveforms import HEARD_LEVEL, decibels, frame_levels, magnitudes_of, mel_config, pair

MAGNITUDE_FLOOR = 10 ** (-90 / 20)  # near −90 dBFS: logs of anything quieter say nothing about what is heard
RESOLUTIONS = (512, 1024, 2048)  # FFT sizes of the STFT distance, in samples
HEARD_MEL = -60.0  # dBFS, reference frames that the mel distance counts
HEARD_RAMP = -60.0  # dBFS, frames that the ramp's slope counts
LEVEL_FRAME = 0.05  # s

ENVELOPE_DEPTH = 60.0  # dB
ENVELOPE_BANDS, ENVELOPE_COEFFICIENTS = 64, 20  # below the 20th of 64 bands' cosine coefficients lies the envelope


class LevelError(NamedTuple):
    """In dB: root mean square of the level differences, and their mean (output minus reference)."""

    rms: float
    mean: float


class Follow(NamedTuple):
    """Slope (1 is perfect) and rms error in dB with which one level curve follows another."""

    slope: float
    rms: float


def stft_distance(reference: np.ndarray, output: np.ndarray, rate: int) -> float:
    """Multi-resolution STFT distance of two (T,) waveforms; 0 when equal, no upper bound, no unit.

    The mean over FFT sizes 512, 1024 and 2048 (Hann windows, hop a quarter) of

        ‖R − O‖ / ‖R‖  +  mean |ln R − ln O|

    over all frames and bins, with R and O the magnitudes of reference and output, floored at −90 dBFS, ‖·‖ the
    Frobenius norm (spectral convergence and log-magnitude L1: Yamamoto, Song and Kim, Parallel WaveGAN, 2020).
    The FFT sizes are in samples, so figures compare at equal rates only.
    """
    reference, output = pair(reference, output, rate)
    distances = []
    for frame in RESOLUTIONS:
        r, o = (np.maximum(magnitudes_of(x, frame, frame // 4), MAGNITUDE_FLOOR) for x in (reference, output))
        convergence = np.linalg.norm(r - o) / np.linalg.norm(r)
        distances.append(convergence + np.abs(np.log(r) - np.log(o)).mean())
    return float(np.mean(distances))


def mel_distance(reference: np.ndarray, output: np.ndarray, rate: int) -> float:
    """Root mean square difference in dB of the log-mels of two (T,) waveforms; NaN without a frame above −60 dBFS.

    128 Slaney bands from 30 Hz of mean magnitude (Hann frames of 2048, hop 512), floored at −90 dBFS, over all bands of the
    frames whose reference is above −60 dBFS.
    """
    reference, output = pair(reference, output, rate)
    heard = frame_levels(reference, 2048, 512) > HEARD_MEL
    if not heard.any():
        return math.nan
    bank = mel_filterbank(mel_config(rate, 2048, 512))
    r, o = (decibels(np.maximum(magnitudes_of(x, 2048, 512)[heard] @ bank.T, MAGNITUDE_FLOOR)) for x in (reference, output))
    return float(np.sqrt(np.mean((r - o) ** 2)))


def envelope_distance(reference: np.ndarray, output: np.ndarray, rate: int) -> float:
    """Root mean square difference in dB of the spectral envelopes of two (T,) waveforms: timbre without level and pitch.

    A frame's envelope is its log-mel of 64 bands (60 Hz to 16 kHz, Hann frames of 2048, hop 512, floored 60 dB below its
    strongest band) in its cosine coefficients 1 to 19: the first, its level, and the higher ones, where partials lie, are left
    out. Over frames whose reference is above −50 dBFS; NaN without one.
    """
    from scipy.fft import dct

    reference, output = pair(reference, output, rate)
    heard = frame_levels(reference, 2048, 512) > HEARD_LEVEL
    if not heard.any():
        return math.nan
    highest = min(16000.0, rate / 2)
    bank = mel_filterbank(AnalysisConfig(rate, 2048, 512, ENVELOPE_BANDS, 60.0, highest))
    r, o = (decibels(magnitudes_of(x, 2048, 512)[heard] @ bank.T) for x in (reference, output))
    r, o = (np.maximum(levels, levels.max(axis=1, keepdims=True) - ENVELOPE_DEPTH) for levels in (r, o))
    envelopes = dct(r - o, axis=1, norm="ortho")[:, 1:ENVELOPE_COEFFICIENTS]
    return float(np.sqrt(np.square(envelopes).sum(axis=1).mean() / len(bank)))


def level_error(reference: np.ndarray, output: np.ndarray, rate: int) -> LevelError:
    """How the A-weighted level of an output (T,) departs from its reference's, in dB; NaN without frames above −50 dBFS."""
    reference, output = pair(reference, output, rate)
    r, o = level_curve(reference, rate), level_curve(output, rate)
    heard = r > HEARD_LEVEL
    if not heard.any():
        return LevelError(math.nan, math.nan)
    difference = (o - r)[heard]
    return LevelError(float(np.sqrt(np.mean(difference**2))), float(np.mean(difference)))


def level_curve(samples: np.ndarray, rate: int) -> np.ndarray:
    """(T,) → (L,) A-weighted levels in dBFS (IEC 61672-1) of Hann frames of 50 ms, hop half of that, floored at −100.

    Frame l is centred on l · 25 ms.
    """
    frame = 2 * round(rate * LEVEL_FRAME / 2)
    magnitudes = magnitudes_of(samples, frame, frame // 2) * a_weights(np.fft.rfftfreq(frame, 1 / rate))
    window = np.hanning(frame + 1)[:-1]
    # Parseval, with a one-sided spectrum of unit sines and the window's own energy divided out.
    power = (magnitudes**2).sum(1) * (window.sum() ** 2 / (2 * frame * (window**2).sum()))
    return 10 * np.log10(np.maximum(power, 1e-10))


def follow(levels_in: np.ndarray, levels_out: np.ndarray, heard: np.ndarray | None = None) -> Follow:
    """How levels heard (L,) follow levels asked for (L,), both in dB: least-squares slope, and rms of their difference.

    `heard` (L,), in dBFS, tells which frames count: those above −60 (levels_out itself when it is not given, as it
    must be when the curves are changes of level rather than levels). NaN without two frames that differ in levels_in.
    """
    levels_in, levels_out = np.asarray(levels_in, float), np.asarray(levels_out, float)
    counted = np.asarray(levels_out if heard is None else heard) > HEARD_RAMP
    if not levels_in.shape == levels_out.shape == counted.shape or levels_in.ndim != 1:
        raise BadValue(f"level curves of shapes {levels_in.shape}, {levels_out.shape} and {counted.shape} do not match")
    asked, got = levels_in[counted], levels_out[counted]
    if len(asked) < 2 or np.ptp(asked) < 1e-6:
        return Follow(math.nan, math.nan)
    centered = asked - asked.mean()
    slope = (centered @ got) / (centered @ centered)
    return Follow(float(slope), float(np.sqrt(np.mean((got - asked) ** 2))))


__all__ = [
    "Follow", "LevelError", "PitchError", "Visqol", "envelope_distance", "follow", "level_curve", "level_error", "mel_distance",
    "pitch_error", "stft_distance", "visqol",
]  # fmt: skip
