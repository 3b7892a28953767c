"""What is done to every sound on its way into a set: resampling, trimming, levelling, leaving out what is bad or double."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import soxr

RATE = 44100


def resampled(audio: np.ndarray, rate: float) -> np.ndarray:
    return audio if rate == RATE else soxr.resample(audio, rate, RATE, "HQ")


def decibels(value: float) -> float:
    return 20 * np.log10(max(float(value), 1e-9))


def faded(audio: np.ndarray, fade_in: float, fade_out: float) -> np.ndarray:
    """The audio with raised-cosine ends of the given seconds."""
    audio = audio.copy()
    for seconds, end in (fade_in, slice(None)), (fade_out, slice(None, None, -1)):
        n = min(int(seconds * RATE), len(audio))
        audio[end][:n] *= 0.5 - 0.5 * np.cos(np.pi * (np.arange(n, dtype=np.float32) + 0.5) / max(n, 1))
    return audio


def trimmed(audio: np.ndarray, floor_db: float = -60.0) -> np.ndarray:
    """Without the ends that stay below floor_db of the peak. Loops end at full level, so the cut ends are faded."""
    loud = np.flatnonzero(np.abs(audio) > np.abs(audio).max(initial=0) * 10 ** (floor_db / 20))
    return faded(audio[loud[0] : loud[-1] + 1], 0.002, 0.04) if len(loud) else audio[:0]


def fingerprint(audio: np.ndarray) -> np.ndarray:
    """Unit vector of log magnitudes, 64 log-spaced bands × 8 moments, mean removed: close for near duplicates."""
    edges = np.unique(np.geomspace(4, 2048, 65).astype(int))
    frames = [audio[i : i + 4096] for i in np.linspace(0, max(len(audio) - 4096, 0), 8).astype(int)]
    spectra = [np.abs(np.fft.rfft(np.pad(f, (0, 4096 - len(f))) * np.hanning(4096))) for f in frames]
    bands = np.log(np.add.reduceat(spectra, edges[:-1], axis=1) + 1e-4)
    bands -= bands.mean()
    return bands.ravel() / max(np.linalg.norm(bands), 1e-12)


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Largest normalised cross-correlation of two sounds over all shifts, from their first two seconds."""
    a, b = a[: 2 * RATE], b[: 2 * RATE]
    size = 1 << (len(a) + len(b)).bit_length()
    product = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)))
    return float(np.abs(product).max() / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12))


def cleaned(
    sounds: list, trim: Callable[[np.ndarray], np.ndarray] = trimmed, fault: Callable[[np.ndarray], str] = lambda audio: ""
) -> tuple[list, Counter]:
    """Sounds (anything with an `audio`) trimmed; what is silent, shorter than 50 ms, (nearly) there already, or has a
    `fault` (in words; "" if none) left out and counted."""
    kept, dropped = [], Counter()
    prints = np.empty((len(sounds), len(fingerprint(np.zeros(1)))))  # of those kept so far
    for sound in sounds:
        sound.audio = trim(sound.audio)
        if np.abs(sound.audio).max(initial=0) < 10 ** (-50 / 20):
            dropped["near-silent"] += 1
        elif len(sound.audio) < 0.05 * RATE:
            dropped["shorter than 50 ms"] += 1
        elif reason := fault(sound.audio):
            dropped[reason] += 1
        else:
            mark = fingerprint(sound.audio)
            alike = np.flatnonzero(prints[: len(kept)] @ mark > 0.98)
            if any(correlation(kept[i].audio, sound.audio) > 0.95 for i in alike):
                dropped["duplicate"] += 1
            else:
                prints[len(kept)] = mark
                kept.append(sound)
    return kept, dropped


def levelled(audio: np.ndarray, rms_db: float, peak_db: float = -1.5) -> np.ndarray:
    """The audio at an rms level, lower if its peak would pass peak_db, with faded ends."""
    gain = 10 ** (rms_db / 20) / np.sqrt(np.mean(audio**2) + 1e-12)
    return faded(audio * min(gain, 10 ** (peak_db / 20) / np.abs(audio).max()), 0.005, 0.15)


# --- recordings of all kinds: what amateurs' microphones ask for ---------------------------------------------------------


def frame_levels(audio: np.ndarray, seconds: float = 0.01) -> np.ndarray:
    """Rms of consecutive frames, the last one padded with zeros."""
    size = max(int(seconds * RATE), 1)
    frames = np.pad(audio, (0, -len(audio) % size)).reshape(-1, size)
    return np.sqrt((frames**2).mean(axis=1))


def without_pauses(audio: np.ndarray, floor_db: float = -38.0, margin: float = 0.06, longest: float = 0.35) -> np.ndarray:
    """The audio without direct current, without its ends below floor_db of the loudest 10 ms, and with no longer pauses.

    `margin` seconds stay on either side of what sounds; of a pause more than `longest` seconds long, its middle is cut out.
    """
    if not len(audio):
        return audio
    audio = audio - audio.mean()
    levels = frame_levels(audio)
    sounding = np.flatnonzero((levels > 1e-5) & (levels > levels.max() * 10 ** (floor_db / 20)))
    if not len(sounding):
        return audio[:0]
    size, keep = int(0.01 * RATE), round(margin / 0.01)
    pieces, start = [], max(sounding[0] - keep, 0)
    for before, after in zip(sounding, sounding[1:]):
        if (after - before) * 0.01 > longest:
            pieces.append(audio[start * size : (before + 1 + keep) * size])
            start = after - keep
    pieces.append(audio[start * size : (sounding[-1] + 1 + keep) * size])
    return np.concatenate([faded(piece, 0.005, 0.02) for piece in pieces])


def bandwidth(audio: np.ndarray, floor_db: float = -75.0) -> float:
    """The frequency (Hz) above which no band 200 Hz wide comes within floor_db of the strongest."""
    frames = [audio[i : i + 4096] for i in np.linspace(0, max(len(audio) - 4096, 0), 24).astype(int)]
    power = np.mean([np.abs(np.fft.rfft(np.pad(f, (0, 4096 - len(f))) * np.hanning(4096))) ** 2 for f in frames], axis=0)
    bands = power[: len(power) // 19 * 19].reshape(-1, 19).mean(axis=1)
    heard = np.flatnonzero(bands > bands.max() * 10 ** (floor_db / 10))
    return float((heard[-1] + 1) * 19 * RATE / 4096) if len(heard) else 0.0


def clipping(audio: np.ndarray) -> float:
    """Share of samples in runs of three and more at one extreme: the largest value there is, within a thousandth."""
    high = np.abs(audio) > 0.999 * np.abs(audio).max(initial=1e-9)
    runs = high[:-2] & high[1:-1] & high[2:]
    return float(runs.mean()) if len(runs) else 0.0


def evened(audio: np.ndarray, rms_db: float = -20.0, peak_db: float = -1.5) -> np.ndarray:
    """The audio at one level: rms_db over what sounds of it, lower if its peak would pass peak_db."""
    levels = frame_levels(audio)
    power = np.mean(levels[levels > 0.1 * levels.max()] ** 2)
    gain = min(10 ** (rms_db / 20) / np.sqrt(power), 10 ** (peak_db / 20) / np.abs(audio).max())
    return (audio * gain).astype(np.float32)
