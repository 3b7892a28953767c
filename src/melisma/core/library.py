"""The core's shared library: where it is, what it takes and what it says."""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections.abc import Sequence
from ctypes import c_void_p
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadValue, MelismaError, Unavailable
from .layout import FUNCTIONS, VERSION

_SUFFIX = {"win32": "melisma.dll", "darwin": "libmelisma.dylib"}.get(sys.platform, "libmelisma.so")
_BUILD = "python core/build.py in its source"


def library_path() -> Path:
    """Where the core's shared library is, or should be; $MELISMA_CORE names another."""
    return Path(os.environ.get("MELISMA_CORE") or Path(__file__).parents[1] / "_core" / _SUFFIX)


@functools.cache
def library() -> ctypes.CDLL:
    """The core. MelismaError says what to do when it is missing."""
    path = library_path()
    if not path.is_file():
        raise Unavailable(f"the real-time core is not built ({path} is missing): reinstall melisma, or run {_BUILD}")
    try:
        core = ctypes.CDLL(str(path))
        version = core.melisma_version()
    except (OSError, AttributeError) as error:
        raise Unavailable(f"the real-time core {path} does not load here ({error}): run {_BUILD}") from None
    if version != VERSION:
        raise Unavailable(f"the real-time core {path} is version {version}, this package wants {VERSION}: run {_BUILD}")
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(core, f"melisma_{name}")
        function.restype, function.argtypes = result, arguments
    return core


def call(name: str, *arguments: Any) -> Any:
    return getattr(library(), f"melisma_{name}")(*arguments)


def refusal(error: Any, kind: type[MelismaError]) -> MelismaError:
    """What the core says of why it made nothing; of that kind, if memory is not what was missing."""
    text = error.value.decode("utf-8", "replace")
    return (Unavailable if "not enough memory" in text else kind)(text)


def made(pointer: int | None, what: str) -> int:
    if not pointer:
        raise Unavailable(f"there is not enough memory for {what}")
    return pointer


def number(value: Any, name: str) -> float:
    """A value as the core takes it, which keeps it within its range; MelismaError if it is no number."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadValue(f"{name} is {value!r}, not a number") from error


def floats(values: Any, what: str, *shape: int | None) -> np.ndarray:
    """Values as the core takes them, of that shape (None: any length): float32, contiguous. The core believes what it is told."""
    given = np.asarray(values)
    if given.dtype.kind not in "fiu":
        raise BadValue(f"{what} is of {given.dtype}; numbers are needed")
    if given.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape, given.shape)):
        wanted = ", ".join("…" if n is None else str(n) for n in shape)
        raise BadValue(f"{what} has the shape {given.shape}; ({wanted}) is needed")
    return np.ascontiguousarray(given, np.float32)


def address(values: np.ndarray | None) -> int | None:
    return None if values is None else values.ctypes.data


def pointers(arrays: Sequence[np.ndarray | None]) -> Any:
    """Where each of some arrays lies; null for None."""
    return (c_void_p * len(arrays))(*[None if array is None else array.ctypes.data for array in arrays])


def addresses(values: np.ndarray) -> Any:
    return (c_void_p * len(values))(*[values.ctypes.data + i * values.strides[0] for i in range(len(values))])
