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
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, ParamSpec, TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..errors import BadValue
from ..files.bands import a_weights, mel_filterbank
from ..files.config import AnalysisConfig
from ..sound.rates import resample
from ..system.caches import compiled

MAGNITUDE_FLOOR = 10 ** (-90 / 20)  # near −90 dBFS: logs of anything quieter say nothing about what is heard
RESOLUTIONS = (512, 1024, 2048)  # FFT sizes of the STFT distance, in samples
HEARD_MEL = -60.0  # dBFS, reference frames that the mel distance counts
HEARD_LEVEL = -50.0  # dBFS, frames that the level error, the pitch error and the leak probe count
HEARD_RAMP = -60.0  # dBFS, frames that the ramp's slope counts
LEVEL_FRAME = 0.05  # s

VISQOL_RATE = 48000
VISQOL_SECONDS = (1.0, 10.0)  # ViSQOL needs 45 frames of 20 ms; its cost grows faster than the length
VISQOL_SILENT = -80.0  # dBFS
VISQOL_WORST = 1.0  # the lowest mean opinion score

PITCH_RANGE = (40.0, 2400.0)  # Hz: a contrabass's E to a violin's D7
PITCH_RATE = 44100  # Hz, at least: with fewer samples a period YIN takes high notes for their octave below
PITCH_HOP = 0.02  # s
PERIODICITY = 0.85  # normalised autocorrelation from which a frame counts as voiced
VOICED_FRAMES = 20  # fewer than these say nothing about pitch
GROSS_CENTS = 50.0

ENVELOPE_DEPTH = 60.0  # dB
ENVELOPE_BANDS, ENVELOPE_COEFFICIENTS = 64, 20  # below the 20th of 64 bands' cosine coefficients lies the envelope

_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")


def on_one_thread(function: Callable[_Given, _Found]) -> Callable[_Given, _Found]:
    """Run a function without parallel loops. Where other work shares the cores (a training, say) the threads of small
    matrix products and shallow trees wait for each other a hundred times longer than they compute."""

    @wraps(function)
    def limited(*args: _Given.args, **kwargs: _Given.kwargs) -> _Found:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            return function(*args, **kwargs)

    return limited


class Visqol(NamedTuple):
    """Mean opinion score (1 to 4.73); why there is none, or why it is the lowest, else an empty reason."""

    mos: float
    reason: str = ""


class LevelError(NamedTuple):
    """In dB: root mean square of the level differences, and their mean (output minus reference)."""

    rms: float
    mean: float


class PitchError(NamedTuple):
    """Median absolute error in cents; shares (0 to 1) of gross errors and of voiced frames whose pitch was lost."""

    cents: float
    gross: float
    lost: float


class Follow(NamedTuple):
    """Slope (1 is perfect) and rms error in dB with which one level curve follows another."""

    slope: float
    rms: float


# Distances


def stft_distance(reference: np.ndarray, output: np.ndarray, rate: int) -> float:
    """Multi-resolution STFT distance of two (T,) waveforms; 0 when equal, no upper bound, no unit.

    The mean over FFT sizes 512, 1024 and 2048 (Hann windows, hop a quarter) of

        ‖R − O‖ / ‖R‖  +  mean |ln R − ln O|

    over all frames and bins, with R and O the magnitudes of reference and output, floored at −90 dBFS, ‖·‖ the
    Frobenius norm (spectral convergence and log-magnitude L1: Yamamoto, Song and Kim, Parallel WaveGAN, 2020).
    The FFT sizes are in samples, so figures compare at equal rates only.
    """
    reference, output = _pair(reference, output, rate)
    distances = []
    for frame in RESOLUTIONS:
        r, o = (np.maximum(_magnitudes(x, frame, frame // 4), MAGNITUDE_FLOOR) for x in (reference, output))
        convergence = np.linalg.norm(r - o) / np.linalg.norm(r)
        distances.append(convergence + np.abs(np.log(r) - np.log(o)).mean())
    return float(np.mean(distances))


def mel_distance(reference: np.ndarray, output: np.ndarray, rate: int) -> float:
    """Root mean square difference in dB of the log-mels of two (T,) waveforms; NaN without a frame above −60 dBFS.

    128 Slaney bands from 30 Hz of mean magnitude (Hann frames of 2048, hop 512), floored at −90 dBFS, over all bands of the
    frames whose reference is above −60 dBFS.
    """
    reference, output = _pair(reference, output, rate)
    heard = _frame_levels(reference, 2048, 512) > HEARD_MEL
    if not heard.any():
        return math.nan
    bank = mel_filterbank(mel_config(rate, 2048, 512))
    r, o = (_decibels(np.maximum(_magnitudes(x, 2048, 512)[heard] @ bank.T, MAGNITUDE_FLOOR)) for x in (reference, output))
    return float(np.sqrt(np.mean((r - o) ** 2)))


def envelope_distance(reference: np.ndarray, output: np.ndarray, rate: int) -> float:
    """Root mean square difference in dB of the spectral envelopes of two (T,) waveforms: timbre without level and pitch.

    A frame's envelope is its log-mel of 64 bands (60 Hz to 16 kHz, Hann frames of 2048, hop 512, floored 60 dB below its
    strongest band) in its cosine coefficients 1 to 19: the first, its level, and the higher ones, where partials lie, are left
    out. Over frames whose reference is above −50 dBFS; NaN without one.
    """
    from scipy.fft import dct

    reference, output = _pair(reference, output, rate)
    heard = _frame_levels(reference, 2048, 512) > HEARD_LEVEL
    if not heard.any():
        return math.nan
    highest = min(16000.0, rate / 2)
    bank = mel_filterbank(AnalysisConfig(rate, 2048, 512, ENVELOPE_BANDS, 60.0, highest))
    r, o = (_decibels(_magnitudes(x, 2048, 512)[heard] @ bank.T) for x in (reference, output))
    r, o = (np.maximum(levels, levels.max(axis=1, keepdims=True) - ENVELOPE_DEPTH) for levels in (r, o))
    envelopes = dct(r - o, axis=1, norm="ortho")[:, 1:ENVELOPE_COEFFICIENTS]
    return float(np.sqrt(np.square(envelopes).sum(axis=1).mean() / len(bank)))


def visqol(reference: np.ndarray, output: np.ndarray, rate: int) -> Visqol:
    """ViSQOL's mean opinion score, audio mode (Chinen et al., ViSQOL v3, 2020), of two (T,) waveforms; equal ones get 4.73.

    Both are resampled to 48 kHz and cut into equal pieces of at most 10 s; the mean of the pieces with sound in the
    reference is returned. A piece whose output is silent though its reference is not counts as 1, the worst score.
    Less than 1 s, or silence, is NaN with a reason. ViSQOL aligns the two in time: it does not hear a delay.
    """
    reference, output = _pair(reference, output, rate)
    seconds = len(reference) / rate
    shortest, longest = VISQOL_SECONDS
    if seconds < shortest:
        return Visqol(math.nan, f"{seconds:.2f} s is shorter than the {shortest:g} s that ViSQOL needs")
    pieces = math.ceil(seconds / longest)
    scores, silent = [], 0
    for r, o in zip(*(np.array_split(resample(x, rate, VISQOL_RATE), pieces) for x in (reference, output)), strict=True):
        if _level(r) <= VISQOL_SILENT:
            continue
        if _level(o) <= VISQOL_SILENT:
            silent += 1
            scores.append(VISQOL_WORST)
        else:
            with _threads_as_they_were():
                scores.append(_visqol_api().measure_from_arrays(r.astype(float), o.astype(float), VISQOL_RATE).moslqo)
    if not scores:
        return Visqol(math.nan, "the reference is silent")
    # Its parallel sums differ in the last bits from run to run.
    return Visqol(round(float(np.mean(scores)), 6), "the output is silent where the reference is not" if silent else "")


def level_error(reference: np.ndarray, output: np.ndarray, rate: int) -> LevelError:
    """How the A-weighted level of an output (T,) departs from its reference's, in dB; NaN without frames above −50 dBFS."""
    reference, output = _pair(reference, output, rate)
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
    magnitudes = _magnitudes(samples, frame, frame // 2) * a_weights(np.fft.rfftfreq(frame, 1 / rate))
    window = np.hanning(frame + 1)[:-1]
    # Parseval, with a one-sided spectrum of unit sines and the window's own energy divided out.
    power = (magnitudes**2).sum(1) * (window.sum() ** 2 / (2 * frame * (window**2).sum()))
    return 10 * np.log10(np.maximum(power, 1e-10))


def pitch_error(reference: np.ndarray, output: np.ndarray, rate: int) -> PitchError:
    """How the pitch of a monophonic output (T,) departs from its reference's; NaN with fewer than 20 voiced frames.

    The error in cents and the share of gross errors (beyond 50 cents) are over frames voiced in both; the share lost
    is of the reference's voiced frames. Pitch by YIN (de Cheveigné and Kawahara, 2002), every 20 ms.
    """
    reference, output = _pair(reference, output, rate)
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
    frames = _frames(samples, frame, hop)[: len(f0)]
    lags = np.rint(rate / f0).astype(int)
    half = frame // 2
    first = frames[:, :half]
    second = np.take_along_axis(frames, lags[:, None] + np.arange(half), axis=1)
    energy = np.sqrt((first**2).sum(1) * (second**2).sum(1))
    periodicity = (first * second).sum(1) / np.maximum(energy, 1e-12)
    levels = _decibels(np.sqrt(np.mean(frames**2, axis=1)))
    return f0, (periodicity > PERIODICITY) & (levels > HEARD_LEVEL)


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


# Common parts


def mel_config(rate: int, frame: int, hop: int, bands: int = 128, fmin: float = 30.0) -> AnalysisConfig:
    return AnalysisConfig(sample_rate=rate, frame=frame, hop=hop, bands=bands, fmin=fmin, fmax=rate / 2)


@contextmanager
def _threads_as_they_were() -> Iterator[None]:
    """ViSQOL runs on Numba, whose threading layer sets OpenMP's number of threads, which is PyTorch's too."""
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 0
    try:
        yield
    finally:
        if torch:
            torch.set_num_threads(before)


@cache
def _visqol_api() -> Any:
    from visqol import VisqolApi

    api = VisqolApi()
    api.create(mode="audio")
    return api


def checked(samples: np.ndarray, rate: int) -> np.ndarray:
    samples = np.asarray(samples, np.float32)
    if samples.ndim != 1 or not len(samples):
        raise BadValue(f"a mono waveform of at least one sample is needed, not an array of shape {samples.shape}")
    if not np.isfinite(samples).all():
        raise BadValue("the waveform has values that are not finite numbers")
    if rate < 8000:
        raise BadValue(f"a rate of {rate} Hz is too low to be evaluated; the lowest is 8000 Hz")
    return samples


def _pair(reference: np.ndarray, output: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    reference, output = checked(reference, rate), checked(output, rate)
    if len(reference) != len(output):
        raise BadValue(f"the output has {len(output)} samples where its reference has {len(reference)}")
    return reference, output


def _frames(samples: np.ndarray, frame: int, hop: int) -> np.ndarray:
    """(T,) → a view (L, frame); frame l is centred on sample l · hop, silence beyond both ends."""
    return sliding_window_view(np.pad(samples, frame // 2), frame)[::hop]


def _magnitudes(samples: np.ndarray, frame: int, hop: int) -> np.ndarray:
    """(T,) → (L, frame/2 + 1) magnitudes of Hann frames; a full-scale sine has magnitude 1 in its bin."""
    window = np.hanning(frame + 1)[:-1].astype(np.float32)
    return np.abs(np.fft.rfft(_frames(samples, frame, hop) * window)) * np.float32(2 / window.sum())


def _frame_levels(samples: np.ndarray, frame: int, hop: int) -> np.ndarray:
    """(T,) → (L,) unweighted levels in dBFS of the frames."""
    return _decibels(np.sqrt(np.mean(_frames(samples, frame, hop) ** 2, axis=1)))


def _level(samples: np.ndarray) -> float:
    return float(_decibels(np.sqrt(np.mean(samples.astype(float) ** 2))))


def _decibels(magnitude: np.ndarray) -> np.ndarray:
    return 20 * np.log10(np.maximum(magnitude, 1e-10))
