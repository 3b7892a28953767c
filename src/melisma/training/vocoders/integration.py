"""Phases from magnitudes alone: phase gradient integration as an average of messages, without a heap.

The phase of a Gaussian-windowed transform follows from its log-magnitude: the derivative over time from the slope over
frequency and the reverse. RTPGHI (Průša and Søndergaard, "Real-Time Spectrogram Inversion Using Phase Gradient Heap
Integration", DAFx 2016) integrates these derivatives along one path, loudest bins first, and so takes discrete
decisions in which two implementations, or two block sizes, can part. Here every bin keeps a phasor and takes the
energy-weighted mean of what it is told: by its own past (advanced by the time derivative) and, in a few rounds, by its
two neighbours (turned by the frequency derivative), each speaking with no more weight than its own energy. The loudest
still decides, but continuously: there is no order, no tie, no branch, and the loop vectorises. In noise small
differences still grow from frame to frame, as phases of nearly equal messages turn. It is also better than the heap by
the figures: see docs/lab/choices.md.
"""

from __future__ import annotations

import math

import numpy as np

from ...system.caches import compiled

compiled()
import numba  # noqa: E402

ROUNDS = 3  # of talk between neighbours
FLOOR = 1e-7  # magnitude below which nothing is audible
HANN_GAMMA = 0.25645  # of the Gaussian nearest to a Hann window of L samples: gamma = 0.25645 L² (Průša and Søndergaard)


def initial_phases(batch: int, bins: int) -> np.ndarray:
    """State before the first frame, (B, 5, bins): phasor (cosine, sine), two past log-magnitudes, past advance."""
    state = np.zeros((batch, 5, bins))
    state[:, 0] = 1
    state[:, 2:4] = math.log(FLOOR)
    return state


@numba.njit(cache=True, nogil=True)
def integrate(magnitude: np.ndarray, state: np.ndarray, frame: int, hop: int) -> tuple[np.ndarray, np.ndarray]:
    """Magnitudes (B, T, bins) → unit phasors (B, T, bins, 2) as cosine and sine, and the state after them.

    frame: FFT size in samples, hop in samples; the window is Hann of length frame. Causal: frame t reads t and before.
    """
    batch, frames, bins = magnitude.shape
    gamma = HANN_GAMMA * frame * frame
    per_time, per_bin = hop * frame / gamma, gamma / (hop * frame)
    phasor = np.empty((batch, frames, bins, 2), np.float32)
    state = state.copy()
    log, advance = np.empty(bins), np.empty(bins)
    weight, turn_c, turn_s = np.empty(bins), np.empty(bins), np.empty(bins)
    past_c, past_s, told_c, told_s = np.empty(bins), np.empty(bins), np.empty(bins), np.empty(bins)
    says_c, says_s = np.empty(bins), np.empty(bins)
    for b in range(batch):
        cosine, sine, last, older, before = state[b, 0], state[b, 1], state[b, 2], state[b, 3], state[b, 4]
        for t in range(frames):
            for m in range(bins):
                log[m] = math.log(max(np.float64(magnitude[b, t, m]), FLOOR))
            for m in range(bins):
                low, high = max(m - 1, 0), min(m + 1, bins - 1)
                advance[m] = per_time * (log[high] - log[low]) / (high - low) + 2 * math.pi * ((hop * m) % frame) / frame
                # energies; the time prediction speaks with the energy its bin had
                weight[m] = math.exp(2 * log[m])
                energy = math.exp(2 * last[m])
                angle = (before[m] + advance[m]) / 2
                c, s = math.cos(angle), math.sin(angle)
                past_c[m] = energy * (cosine[m] * c - sine[m] * s)
                past_s[m] = energy * (cosine[m] * s + sine[m] * c)
                told_c[m], told_s[m] = past_c[m], past_s[m]
            for m in range(bins - 1):
                slope = (3 * log[m] - 4 * last[m] + older[m] + 3 * log[m + 1] - 4 * last[m + 1] + older[m + 1]) / 4
                angle = -math.pi - per_bin * slope
                turn_c[m], turn_s[m] = math.cos(angle), math.sin(angle)
            for _ in range(ROUNDS):
                for m in range(bins):
                    size = math.sqrt(told_c[m] * told_c[m] + told_s[m] * told_s[m]) + 1e-30
                    share = min(1.0, weight[m] / size)
                    says_c[m], says_s[m] = told_c[m] * share, told_s[m] * share
                    told_c[m], told_s[m] = past_c[m], past_s[m]
                for m in range(bins - 1):
                    c, s = turn_c[m], turn_s[m]
                    told_c[m + 1] += says_c[m] * c - says_s[m] * s
                    told_s[m + 1] += says_c[m] * s + says_s[m] * c
                    told_c[m] += says_c[m + 1] * c + says_s[m + 1] * s
                    told_s[m] += says_s[m + 1] * c - says_c[m + 1] * s
            for m in range(bins):
                size = math.sqrt(told_c[m] * told_c[m] + told_s[m] * told_s[m])
                if size > 1e-30:
                    cosine[m], sine[m] = told_c[m] / size, told_s[m] / size
                phasor[b, t, m, 0], phasor[b, t, m, 1] = cosine[m], sine[m]
                older[m], last[m], before[m] = last[m], log[m], advance[m]
    return phasor, state


@numba.njit(cache=True, nogil=True)
def draft(mel: np.ndarray, start: np.ndarray, width: np.ndarray, bank: np.ndarray, rounds: int) -> np.ndarray:
    """Mel magnitudes (B, T, M) → linear magnitudes (B, T, bins) ≥ FLOOR whose mel they are, nearly.

    Multiplicative updates for non-negative least squares (Lee and Seung, 2001) against the filterbank (M, bins), of
    which row j is zero outside start[j] … start[j] + width[j] - 1. Bins that no band reaches stay at FLOOR.
    """
    batch, frames, bands = mel.shape
    bins = bank.shape[1]
    out = np.empty((batch, frames, bins), np.float32)
    total = np.zeros(bins)
    for j in range(bands):
        for m in range(start[j], start[j] + width[j]):
            total[m] += bank[j, m]
    value, target, seen, have = np.empty(bins), np.empty(bins), np.empty(bins), np.empty(bands)
    for b in range(batch):
        for t in range(frames):
            target[:] = 0
            for j in range(bands):
                for m in range(start[j], start[j] + width[j]):
                    target[m] += bank[j, m] * mel[b, t, j]
            for m in range(bins):
                value[m] = max(target[m] / total[m], FLOOR) if total[m] > 0 else 0.0
            for _ in range(rounds):
                for j in range(bands):
                    have[j] = 0
                    for m in range(start[j], start[j] + width[j]):
                        have[j] += bank[j, m] * value[m]
                seen[:] = 1e-20
                for j in range(bands):
                    for m in range(start[j], start[j] + width[j]):
                        seen[m] += bank[j, m] * have[j]
                for m in range(bins):
                    value[m] *= target[m] / seen[m]
            for m in range(bins):
                out[b, t, m] = max(value[m], FLOOR)
    return out
