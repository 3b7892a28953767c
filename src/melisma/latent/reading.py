"""Reads what operators are given: numbers, rows, ranges of time, curves. MelismaError names what is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from ..errors import BadValue, MelismaError

# a number; one value a frame (n,); or points (P, 2) of time in seconds and value
Curve: TypeAlias = float | np.ndarray | Sequence[float] | Sequence[tuple[float, float]]
Rows: TypeAlias = int | Sequence[int] | None  # which latents, counted from 0; None is all of them
Seconds: TypeAlias = float | None  # an edge of a range of time; None is the path's own


class Sized(Protocol):
    """What a selection is read against: a path, of which only the sizes matter here."""

    @property
    def dimensions(self) -> int: ...
    @property
    def frames(self) -> int: ...
    @property
    def rate(self) -> float: ...
    @property
    def times(self) -> np.ndarray: ...


def frozen(given: Any, name: str, shape: tuple[int | None, ...], floor: float = -math.inf) -> np.ndarray:
    """A read-only float32 copy of the wanted shape (None: any length but 0), with nothing below the floor."""
    try:
        with np.errstate(over="ignore"):
            array: np.ndarray = np.maximum(np.array(given, dtype=np.float32, order="C"), np.float32(floor))
    except (TypeError, ValueError) as error:
        raise BadValue(f"{name} of a path must be an array of numbers") from error
    if array.ndim != len(shape) or not array.size or any(n != (m or n) for n, m in zip(array.shape, shape, strict=True)):
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise BadValue(f"{name} of a path have the shape {array.shape}; ({wanted}) is needed")
    if not np.isfinite(array).all():
        raise BadValue(f"{name} of a path hold NaN, infinite or far too large numbers")
    array.setflags(write=False)
    return array


def read_number(value: Any, name: str, minimum: float = -math.inf, maximum: float = math.inf) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise BadValue(f"{name} is {value!r}, not a number") from error
    if not math.isfinite(number):
        raise BadValue(f"{name} is {number}, not a finite number")
    if not minimum <= number <= maximum:
        most = f" and {maximum:g} at most" if maximum < math.inf else ""
        raise BadValue(f"{name} is {number:g}; it must be {minimum:g} at least{most}")
    return number


def read_integer(value: Any, name: str, minimum: int, maximum: int) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or not minimum <= value <= maximum:
        raise BadValue(f"{name} is {value!r}, not a whole number from {minimum} to {maximum}")
    return int(value)


def read_rows(path: Sized, dims: Rows) -> list[int]:
    """Row numbers, counted from 0, each once and in order."""
    if dims is None:
        return list(range(path.dimensions))
    listed = [dims] if isinstance(dims, (int, np.integer)) else dims
    try:
        return sorted({read_integer(row, "dims", 0, path.dimensions - 1) for row in listed})
    except (TypeError, MelismaError) as error:
        raise BadValue(f"dims is {dims!r}; this path has the dimensions 0 to {path.dimensions - 1}") from error


def read_span(path: Sized, start: float | None, end: float | None, name: str = "start") -> slice:
    """Frames of a range in seconds, at least one; an end beyond the path's is its end."""
    first = 0 if start is None else round(read_number(start, name, 0, 1e9) * path.rate)
    stop = path.frames if end is None else min(round(read_number(end, "end", 0, 1e9) * path.rate), path.frames)
    if first >= path.frames:
        raise BadValue(f"{name} is {start:g} s, but the path ends at {path.frames / path.rate:.3g} s")
    if start is not None and end is not None and not end > start:
        raise BadValue(f"the range ends at {end:g} s, which is not after its start at {start:g} s")
    return slice(first, max(stop, first + 1))


def read_array(value: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadValue(f"{name} must be numbers") from error
    if not array.size or not np.isfinite(array).all():
        raise BadValue(f"{name} must be numbers, at least one, none of them NaN or infinite")
    return array


POINTS = "0:-1,1.5:2 (seconds:value)"  # how points are written wherever they are; older texts have a slash between


def split_points(text: str) -> list[tuple[str, str]]:
    """The times and values of points that are written as POINTS; ValueError for what is none."""
    found = [re.fullmatch(r"\s*([^:/]+)[:/]([^:/]+)", item) for item in text.split(",")]
    if not all(found):
        raise ValueError(f"no list of points such as {POINTS}")
    return [(match[1].strip(), match[2].strip()) for match in found if match]


def read_points(value: Any, name: str) -> np.ndarray:
    """(P, 2) times and values, in the order of time."""
    points = read_array(value, name)
    if points.ndim != 2 or points.shape[1] != 2:
        raise BadValue(f"{name} must be pairs of a time in seconds and a value")
    return points[np.argsort(points[:, 0], kind="stable")]


def read_curve(value: Curve, path: Sized, span: slice, name: str) -> np.ndarray:
    """A Curve, frame by frame over the span."""
    array = read_array(value, name)
    if array.ndim == 2:
        points = read_points(array, name)
        line: np.ndarray = np.interp(path.times[span], points[:, 0], points[:, 1])
        return line
    frames = span.stop - span.start
    if array.ndim == 0 or array.shape == (frames,):
        return np.broadcast_to(array, frames)
    wanted = f"a number, {frames} values (one a frame) or (time, value) points"
    raise BadValue(f"{name} has the shape {array.shape}; {wanted} are needed")
