"""The door that every sound comes in by: what an array must be to be taken for one, and what is said of one that is not.

Full scale is ±1. Integers are scaled by their type, as audio files mean them: int16 by 1/32768, int32 by 2⁻³¹, int8 by 1/128,
and uint8 about its middle, 128, as in 8-bit WAV files. Integers of other types are no one's samples, and are refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BadValue

RATES = (1_000, 1_536_000)  # Hz; a header that claims anything else is damaged or not about sound
MOST_CHANNELS = 1024
_SCALES = {"int8": (0, 2**7), "uint8": (2**7, 2**7), "int16": (0, 2**15), "int32": (0, 2**31)}  # type → middle, full scale
_CROSSED = 32  # from so many rows on, more rows than columns are taken for (samples, channels)


def samples_of(sound: Any, what: str = "the sound") -> np.ndarray:
    """Samples (T,) or (channels, T) of any of the types above → float32 (channels, T), contiguous, T ≥ 0.

    Not copied where they are that already. Values are not looked at: NaN stays, what float32 cannot hold becomes infinite.
    MelismaError names `what` and the remedy where they cannot be samples.
    """
    x = _numbers(sound, what)
    if x.ndim not in (1, 2):
        raise BadValue(f"{what} has the shape {x.shape}; samples of the shape (T,) or (channels, T) are needed")
    x = np.atleast_2d(x)
    if x.shape[0] == 0:
        raise BadValue(f"{what} has the shape {x.shape}: no channel; samples of the shape (T,) or (channels, T) are needed")
    if x.shape[0] > x.shape[1] and x.shape[0] > _CROSSED:
        turned = f"has the shape {x.shape}: {x.shape[0]} channels of {x.shape[1]} samples"
        raise BadValue(f"{what} {turned}; channels come first, so give its transpose (.T)")
    if x.shape[0] > MOST_CHANNELS:
        raise BadValue(f"{what} has {x.shape[0]} channels; {MOST_CHANNELS} at most can be used, so leave some out")
    return _scaled(x)


def block_of(block: Any, what: str = "the block") -> np.ndarray:
    """Samples of one channel (T,) → float32 (T,), contiguous, T ≥ 0; a MelismaError for any other shape, as `samples_of`."""
    x = _numbers(block, what)
    if x.ndim != 1:
        raise BadValue(f"{what} has the shape {x.shape}; a stream takes one channel, (T,): mix the channels, or take one")
    return _scaled(x)


def channels_of(block: Any, channels: int, what: str = "the block") -> np.ndarray:
    """Samples of so many channels (channels, T) → float32, contiguous; a MelismaError for any other shape, as `samples_of`."""
    x = _numbers(block, what)
    if x.ndim != 2 or len(x) != channels:
        raise BadValue(f"{what} has the shape {x.shape}; this stream has {channels} channels and takes ({channels}, T)")
    return _scaled(x)


def checked_rate(rate: Any, name: str) -> int:
    """The rate in Hz, if it is one that sound can have; `name` says in the MelismaError whose it is."""
    number = isinstance(rate, (int, float, np.number)) and not isinstance(rate, (bool, np.complexfloating))
    if not number or not RATES[0] <= rate <= RATES[1] or int(rate) != rate:
        raise BadValue(f"{name} is {rate} Hz; a whole number from {RATES[0]} to {RATES[1]} Hz is needed")
    return int(rate)


def _numbers(sound: Any, what: str) -> np.ndarray:
    """The sound as an array of a type that samples can have."""
    try:
        x = np.asarray(sound)
    except Exception as error:  # ragged lists, tensors on a GPU, objects whose __array__ fails: each raises its own
        raise BadValue(f"{what} cannot be made an array ({error}); give a NumPy array of samples") from error
    kind = x.dtype.kind
    if kind == "f" or x.dtype.name in _SCALES:
        return x
    if kind in "iu":
        remedy = "divide them by their full scale" if x.size else "give floating point"
        raise BadValue(f"{what} is of {x.dtype.name}, whose full scale nobody knows; {remedy}, or give int16 or int32")
    kinds = {"c": "complex numbers", "b": "truth values", "O": "objects, not numbers", "U": "text", "S": "bytes"}
    raise BadValue(f"{what} is of {kinds.get(kind, x.dtype.name)}; samples are floating point, full scale ±1")


def _scaled(x: np.ndarray) -> np.ndarray:
    if x.dtype.name in _SCALES:
        middle, full = _SCALES[x.dtype.name]
        wide: np.ndarray = x.astype(np.float64 if x.dtype.itemsize > 2 else np.float32)
        return np.ascontiguousarray((wide - middle) / full, np.float32)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(x, np.float32)
