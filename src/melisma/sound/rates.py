"""Resampling, whole or piece by piece, and the small tools that go with pieces of sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import soxr

from .door import checked_rate

BLOCK = 1 << 16  # frames handled at once wherever a file is streamed
QUALITY = "HQ"  # soxr's, here and in `prepare`: 20 bits, flat to 0.91 of the lower Nyquist frequency


def resample(x: np.ndarray, rate_from: int, rate_to: int) -> np.ndarray:
    """x (..., T) at `rate_from` Hz → float32 (..., round(T · rate_to / rate_from)) at `rate_to` Hz."""
    rate_from, rate_to = checked_rate(rate_from, "rate_from"), checked_rate(rate_to, "rate_to")
    x = np.asarray(x, dtype=np.float32)
    if rate_from == rate_to:
        return x
    y = np.empty((*x.shape[:-1], resampled_length(x.shape[-1], rate_from, rate_to)), np.float32)
    for index in np.ndindex(x.shape[:-1]):  # one channel at a time: an hour of stereo is never interleaved in memory
        fill(y[index], resampled(cut(x[index], BLOCK), rate_from, rate_to))
    return y


def resampled(pieces: Iterable[np.ndarray], rate_from: int, rate_to: int) -> Iterator[np.ndarray]:
    """What `resample` makes of a sound, piece by piece: float32 (n,) each, of any length."""
    if rate_from == rate_to:
        yield from pieces
        return
    stream, read, made = soxr.ResampleStream(rate_from, rate_to, 1, "float32", QUALITY), 0, 0
    for piece in pieces:
        out = stream.resample_chunk(np.ascontiguousarray(piece, np.float32))
        read, made = read + len(piece), made + len(out)
        yield out
    last = stream.resample_chunk(np.zeros(0, np.float32), last=True)
    yield fit_length(last, max(0, resampled_length(read, rate_from, rate_to) - made))


def cut(x: np.ndarray, n: int) -> Iterator[np.ndarray]:
    """x (..., T) in pieces of n samples, the last one shorter."""
    return (x[..., start : start + n] for start in range(0, x.shape[-1], n))


def fill(out: np.ndarray, pieces: Iterable[np.ndarray]) -> np.ndarray:
    """out (T,) with the pieces in it, one after the other: what is too much is left out, what is missing is 0."""
    done = 0
    for piece in pieces:
        piece = piece[: len(out) - done]
        out[done : done + len(piece)] = piece
        done += len(piece)
    out[done:] = 0
    return out


def resampled_length(samples: int, rate_from: int, rate_to: int) -> int:
    """How many samples `resample` makes of so many."""
    return round(samples * rate_to / rate_from)


def fit_length(x: np.ndarray, n: int) -> np.ndarray:
    """x (..., T) → (..., n): the end is cut off, or zeros are added to it."""
    missing = n - x.shape[-1]
    if missing <= 0:
        return x[..., :n]
    return np.concatenate([x, np.zeros((*x.shape[:-1], missing), x.dtype)], axis=-1)
