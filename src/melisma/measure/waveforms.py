"""What the figures have in common: waveforms that are some, their frames, magnitudes and levels."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..errors import BadValue
from ..files.config import AnalysisConfig

HEARD_LEVEL = -50.0  # dBFS, frames that the level error, the pitch error and the leak probe count


def mel_config(rate: int, frame: int, hop: int, bands: int = 128, fmin: float = 30.0) -> AnalysisConfig:
    return AnalysisConfig(sample_rate=rate, frame=frame, hop=hop, bands=bands, fmin=fmin, fmax=rate / 2)


def checked(samples: np.ndarray, rate: int) -> np.ndarray:
    samples = np.asarray(samples, np.float32)
    if samples.ndim != 1 or not len(samples):
        raise BadValue(f"a mono waveform of at least one sample is needed, not an array of shape {samples.shape}")
    if not np.isfinite(samples).all():
        raise BadValue("the waveform has values that are not finite numbers")
    if rate < 8000:
        raise BadValue(f"a rate of {rate} Hz is too low to be evaluated; the lowest is 8000 Hz")
    return samples


def pair(reference: np.ndarray, output: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    reference, output = checked(reference, rate), checked(output, rate)
    if len(reference) != len(output):
        raise BadValue(f"the output has {len(output)} samples where its reference has {len(reference)}")
    return reference, output


def frames_of(samples: np.ndarray, frame: int, hop: int) -> np.ndarray:
    """(T,) → a view (L, frame); frame l is centred on sample l · hop, silence beyond both ends."""
    return sliding_window_view(np.pad(samples, frame // 2), frame)[::hop]


def magnitudes_of(samples: np.ndarray, frame: int, hop: int) -> np.ndarray:
    """(T,) → (L, frame/2 + 1) magnitudes of Hann frames; a full-scale sine has magnitude 1 in its bin."""
    window = np.hanning(frame + 1)[:-1].astype(np.float32)
    return np.abs(np.fft.rfft(frames_of(samples, frame, hop) * window)) * np.float32(2 / window.sum())


def frame_levels(samples: np.ndarray, frame: int, hop: int) -> np.ndarray:
    """(T,) → (L,) unweighted levels in dBFS of the frames."""
    return decibels(np.sqrt(np.mean(frames_of(samples, frame, hop) ** 2, axis=1)))


def level_of(samples: np.ndarray) -> float:
    return float(decibels(np.sqrt(np.mean(samples.astype(float) ** 2))))


def decibels(magnitude: np.ndarray) -> np.ndarray:
    return 20 * np.log10(np.maximum(magnitude, 1e-10))
