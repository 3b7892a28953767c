"""Mel bands and A-weighting: the tables every reader of a model computes from its configuration."""

from __future__ import annotations

import numpy as np

from .config import AnalysisConfig


def mel_filterbank(config: AnalysisConfig) -> np.ndarray:
    """(M, frame/2 + 1) triangular filters on Slaney's mel scale, each summing to one; empty bands are dropped.

    With frames this short the lowest bands are narrower than an FFT bin: those that hold none are left out.
    """
    bins = np.arange(config.frame // 2 + 1) * config.sample_rate / config.frame
    top = min(config.fmax, config.sample_rate / 2)
    if not 0 < config.fmin < top:
        raise ValueError(f"fmin {config.fmin} Hz must lie between 0 and {top} Hz")
    edges = _mel_to_hz(np.linspace(_hz_to_mel(config.fmin), _hz_to_mel(top), config.bands + 2))
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    bank = np.maximum(0, np.minimum(rise, fall))
    total = bank.sum(1)
    return (bank[total > 1e-3] / total[total > 1e-3, None]).astype(np.float32)


def band_centres(config: AnalysisConfig) -> np.ndarray:
    """(M,) the middle of each of those bands in Hz, lowest first."""
    bank = mel_filterbank(config)
    return bank @ (np.arange(bank.shape[1]) * config.sample_rate / config.frame)


def _hz_to_mel(hz: float | np.ndarray) -> np.ndarray:
    hz = np.asarray(hz, dtype=float)
    return np.where(hz < 1000, hz * 3 / 200, 15 + 27 * np.log(np.maximum(hz, 1e-9) / 1000) / np.log(6.4))


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(np.log(6.4) * (mel - 15) / 27))


def a_weights(frequencies: np.ndarray) -> np.ndarray:
    """Linear A-weighting gains at frequencies in Hz (IEC 61672-1), 1 at 1 kHz."""
    f2 = np.asarray(frequencies, dtype=float) ** 2
    gain = 12194.0**2 * f2**2 / ((f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12194.0**2))
    return gain * 10 ** (2.0 / 20)


def loudness_weights(config: AnalysisConfig) -> np.ndarray:
    """(frame/2 + 1,) by which squared magnitudes are summed to the A-weighted mean square of a Hann frame (Parseval)."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(config.frame) / config.frame)
    weights = a_weights(np.arange(config.frame // 2 + 1) * config.sample_rate / config.frame) ** 2
    weights[1:-1] *= 2  # one-sided spectrum
    return weights * (window.sum() / 2) ** 2 / (config.frame * np.square(window).sum())


def spreading(bank: np.ndarray) -> np.ndarray:
    """(bins, M): how each bin's level follows from those of the bands that read it; rows sum to one, or zero if none does."""
    return bank.T / np.maximum(bank.sum(0)[:, None], 1e-9)


def band_weights(config: AnalysisConfig) -> np.ndarray:
    """(M,) by which squared mel magnitudes are summed to (nearly) the same mean square."""
    return spreading(mel_filterbank(config)).T @ loudness_weights(config)


def centres(config: AnalysisConfig) -> np.ndarray:
    """Centre of each band in Hz (M,): the mean frequency of its filter."""
    bank = mel_filterbank(config)
    return bank @ (np.arange(bank.shape[1]) * config.sample_rate / config.frame)
