"""The latent path of a sound, and the operators that edit it.

A path has Z latent dimensions over L frames, calibrated: on the training set every dimension has mean 0 and standard
deviation 1, and row 0 matters most. Its loudness is a curve of its own.

**Operators** are functions `op(path, …, dims=None, start=None, end=None)` that return a new path; each is also a
method of LatentPath, and `OPERATORS` declares it with its parameters for the command line, the studio and the hosts.
What they act on is said the same way everywhere:

- `dims` are the latent dimensions (row numbers; None is all of them, an empty list none);
- `start` and `end`, in seconds, are a range of time. Its edges are hard: there is no crossfade at them;
- `loudness=True` acts on the loudness as well (`dims=[], loudness=True`: on nothing else). There one unit is 10 dB and
  0 the mean of the sounding frames; frames at the floor of −100 dBFS stay there.

**Paths of unequal length** (interpolate, mix) are aligned by one rule: the shorter are stretched in time, linearly and
as a whole, to the longest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .audio import RATES
from .errors import MelismaError
from .operators import DIMS, END, LOUDNESS, OPERATORS, START, Operator, Parameter

LOUDNESS_FLOOR = -100.0  # dBFS
LOUDNESS_UNIT = 10.0  # dB that count as one latent unit where an operator acts on the loudness too
LOUDNESS_DRAWN, FADE_DRAWN = -24.0, 0.05  # dBFS and seconds; of a path that no sound gives a loudness
QUIET, BELOW_LOUDEST = -60.0, 40.0  # dBFS, dB: frames above both sound, as far as `match` is concerned
WIDEN, PITCH = 6.0, 0.3  # times, at most, by `match`; and of the way that it goes, for the latents of pitch
_DRAWN = 1 << 32  # where `drawn` has its streams of noise, beyond those of `randomize`

Curve = float | np.ndarray | Sequence  # a number; one value a frame (n,); or points (P, 2) of time in seconds and value


@dataclass(frozen=True, eq=False)
class LatentPath:
    """What an encoder inferred from a sound, or an edit of it. The arrays are read-only.

    values: float32 (Z, L), in standard deviations of the training set. loudness: float32 (L,), A-weighted dBFS, no
    less than −100. rate: frames per second. length: samples that the sound has at source_rate Hz; the frames may go on a
    little after it. model: name of the model that encoded it. ranges: float32 (Z, 2), 1st and 99th percentile of every
    dimension on the training set, or None. timbre: the dimensions that shape a spectrum's envelope, while the others shape
    what is in it, pitch above all; None if that is not known. MelismaError for anything that does not fit together.
    """

    values: np.ndarray
    loudness: np.ndarray
    rate: float
    length: int
    source_rate: int
    model: str = ""
    ranges: np.ndarray | None = None
    timbre: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        values = _frozen(self.values, "values", (None, None))
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "loudness", _frozen(self.loudness, "loudness", (values.shape[1],), LOUDNESS_FLOOR))
        object.__setattr__(self, "rate", _number(self.rate, "the frame rate of a path", 0.1, 1e5))
        object.__setattr__(self, "source_rate", _integer(self.source_rate, "source_rate of a path", *RATES))
        object.__setattr__(self, "length", _integer(self.length, "length of a path", 1, 1 << 48))
        if self.ranges is not None:
            object.__setattr__(self, "ranges", _frozen(self.ranges, "ranges", (values.shape[0], 2)))
        if self.timbre is not None:
            object.__setattr__(self, "timbre", tuple(_rows(self, self.timbre)))
        if not isinstance(self.model, str):
            raise MelismaError(f"the model of a path is {self.model!r}, not a name")
        if self.duration > self.frames / self.rate + 1:
            frames = self.frames / self.rate
            raise MelismaError(f"the path says its sound lasts {self.duration:.2f} s, but its frames only {frames:.2f} s")

    @property
    def dimensions(self) -> int:
        return self.values.shape[0]

    @property
    def frames(self) -> int:
        return self.values.shape[1]

    @property
    def duration(self) -> float:
        """Of the sound, in seconds."""
        return self.length / self.source_rate

    @property
    def times(self) -> np.ndarray:
        """When each frame begins, in seconds (L,)."""
        return np.arange(self.frames) / self.rate

    def mix(self, others: Sequence[LatentPath], weights: Curve | None = None, **selection: Any) -> LatentPath:
        """`mix` of this path and others; the first weight is this path's."""
        return mix([self, *others], weights, **selection)


def _operator(
    name: str, summary: str, *parameters: Parameter, selection: tuple[Parameter, ...] = (DIMS, START, END)
) -> Callable[[Callable[..., LatentPath]], Callable[..., LatentPath]]:
    """Enter a function into OPERATORS and make it a method of LatentPath."""

    def enter(function: Callable[..., LatentPath]) -> Callable[..., LatentPath]:
        OPERATORS[name] = Operator(name, summary, parameters, selection, function)
        setattr(LatentPath, function.__name__, function)
        return function

    return enter


# --- operators on curves ------------------------------------------------------------------------------------------------


@_operator("scale", "multiply about 0: more or less of what sets the sound apart", Parameter("by", "×", 1.0, -10, 10), LOUDNESS)
def scale(path: LatentPath, by: float = 1.0, *, dims=None, start=None, end=None, loudness: bool = False) -> LatentPath:
    """Multiply by a factor about 0; on the loudness, about the mean of the sounding frames: wider or narrower dynamics."""
    by, span = _number(by, "by"), _span(path, start, end)
    return _edit(path, dims, span, loudness, lambda curves, rows: curves[:, span] * by, keep_silence=True)


@_operator("bias", "add a constant", Parameter("by", "σ", 0.0, -10, 10), LOUDNESS)
def bias(path: LatentPath, by: float = 0.0, *, dims=None, start=None, end=None, loudness: bool = False) -> LatentPath:
    """Add a constant, in standard deviations (10 dB on the loudness; `gain` does it in dB)."""
    by, span = _number(by, "by"), _span(path, start, end)
    return _edit(path, dims, span, loudness, lambda curves, rows: curves[:, span] + by, keep_silence=True)


@_operator("reverse", "play the curve backwards", LOUDNESS)
def reverse(path: LatentPath, *, dims=None, start=None, end=None, loudness: bool = False) -> LatentPath:
    """Mirror in time, within the range if there is one."""
    span = _span(path, start, end)
    return _edit(path, dims, span, loudness, lambda curves, rows: curves[:, span][:, ::-1])


@_operator(
    "randomize",
    "add smooth noise; the same seed adds the same noise",
    Parameter("amount", "σ", 0.5, 0, 10, summary="standard deviation of the noise", rest=0.0),
    Parameter("seed", "", 0, 0, 2**32 - 1, "integer"),
    Parameter("rate", "Hz", 4.0, 0.05, 50, summary="how fast it wanders"),
    LOUDNESS,
)
def randomize(
    path: LatentPath,
    amount: float = 0.5,
    seed: int = 0,
    rate: float = 4.0,
    *,
    dims=None,
    start=None,
    end=None,
    loudness: bool = False,
) -> LatentPath:
    """Add noise of standard deviation `amount` that wanders `rate` times a second.

    It is a function of seed, dimension and time alone (see `smooth_noise`): what is selected beside a dimension, or
    where the range begins, does not change what a dimension gets.
    """
    amount, seed, rate = _number(amount, "amount"), _integer(seed, "seed", 0, 2**32 - 1), _number(rate, "rate", 1e-3, 1e3)
    span = _span(path, start, end)

    def noise(curves: np.ndarray, rows: list[int]) -> np.ndarray:
        return curves[:, span] + amount * np.array([smooth_noise(seed, row, path.frames, rate / path.rate)[span] for row in rows])

    return _edit(path, dims, span, loudness, noise, keep_silence=True)


@_operator("smooth", "round off what is quick", Parameter("seconds", "s", 0.1, 0, 10, rest=0.0), LOUDNESS)
def smooth(path: LatentPath, seconds: float = 0.1, *, dims=None, start=None, end=None, loudness: bool = False) -> LatentPath:
    """Average over a triangular window `seconds` wide at half its height, centred on each frame; the ends are held."""
    span = _span(path, start, end)
    half = min(round(_number(seconds, "seconds", 0) * path.rate / 2), path.frames)

    def average(curves: np.ndarray, rows: list[int]) -> np.ndarray:
        for _ in range(2 if half else 0):  # a box twice is a triangle, at a cost that does not grow with its width
            padded = np.pad(curves, ((0, 0), (half + 1, half)), mode="edge")
            total = np.cumsum(padded, axis=1)
            curves = (total[:, 2 * half + 1 :] - total[:, : -2 * half - 1]) / (2 * half + 1)
        return curves[:, span]

    return _edit(path, dims, span, loudness, average)


@_operator(
    "hold",
    "freeze at one moment",
    Parameter("at", "s", None, 0, None, summary="the moment; the range's start if not said"),
    LOUDNESS,
)
def hold(path: LatentPath, at: float | None = None, *, dims=None, start=None, end=None, loudness: bool = False) -> LatentPath:
    """Give every frame of the range the values that the path has at `at` seconds."""
    span = _span(path, start, end)
    moment = span.start if at is None else _span(path, at, None, "at").start
    return _edit(path, dims, span, loudness, lambda curves, rows: np.repeat(curves[:, [moment]], span.stop - span.start, axis=1))


@_operator(
    "draw", "a curve through points", Parameter("points", "σ", None, None, None, "points", "time/value,time/value,…", True)
)
def draw(path: LatentPath, points: Sequence[tuple[float, float]], *, dims=None, start=None, end=None) -> LatentPath:
    """Replace a dimension by straight lines through (seconds, value) points.

    From the first point to the last, beyond which it stays as it was; with a range, all over the range, the first and
    last values held out to its edges. `dims` must be said.
    """
    if dims is None:
        raise MelismaError("draw needs to know which dimension the points are for, such as dims=0")
    points = _points(points, "points")
    if start is None and end is None:
        start, end = points[0, 0], points[-1, 0] + 1 / path.rate
    span = _span(path, start, end)
    line = np.interp(path.times[span], points[:, 0], points[:, 1])
    return _edit(path, dims, span, False, lambda curves, rows: np.tile(line, (len(rows), 1)))


@_operator(
    "match",
    "take the domain's place: its mean and covariance, those of pitch less so",
    Parameter("by", "", 1.0, 0, 1, summary="how much of the way", rest=0.0),
)
def match(path: LatentPath, by: float = 1.0, *, dims=None, start=None, end=None) -> LatentPath:
    """Give the sounding frames of the range the mean and the covariance of the domain: zero and the identity.

    A sound from elsewhere lies beside the domain, or in a corner of it; this puts it in the middle, and its gestures are
    as wide as the domain's and as independent of one another. Without dims the latents of pitch, if the path knows which
    they are, go PITCH of the way, so that pitch stays, and those of timbre all of it, freed of what the former tell of
    them. With dims these go all the way, and no other. Whitening by Cholesky's factor, as in style transfer (Li et al.,
    "Universal style transfer via feature transforms", 2017), of a covariance shrunk towards the identity (Ledoit and Wolf, "A
    well-conditioned estimator for large-dimensional covariance matrices", 2004) so far that nothing is widened more
    than WIDEN times; what it widens is also the flutter from frame to frame, so three frames are averaged, 1 : 2 : 1. Where
    nothing sounds, nothing changes.
    """
    by, span = _number(by, "by", 0, 1), _span(path, start, end)
    level = path.loudness[span]
    sounding = level > max(QUIET, float(level.max()) - BELOW_LOUDEST)
    if not sounding.any():
        return path
    timbre = range(path.dimensions) if dims is not None or path.timbre is None else path.timbre

    def change(curves: np.ndarray, rows: list[int]) -> np.ndarray:
        order = sorted(range(len(rows)), key=lambda i: rows[i] in timbre)
        part = curves[order][:, span]
        away = part - part[:, sounding].mean(axis=1, keepdims=True)
        covariance = away[:, sounding] @ away[:, sounding].T / sounding.sum()
        shrunk = covariance + (np.eye(len(rows)) - covariance) / WIDEN**2 + 1e-12 * covariance.trace() * np.eye(len(rows))
        shares = np.array([1 if rows[i] in timbre else PITCH for i in order])[:, None]
        moved = part + shares * (np.linalg.solve(np.linalg.cholesky(shrunk), away) - part)
        held = np.concatenate([moved[:, :1], moved, moved[:, -1:]], 1)
        steady = (held[:, :-2] + 2 * moved + held[:, 2:]) / 4
        return (part + by * (steady - part))[np.argsort(order)]

    return _edit(path, dims, span, False, change)


# --- operators on the loudness ------------------------------------------------------------------------------------------


@_operator(
    "loudness",
    "set the loudness by hand",
    Parameter("to", "dB", None, LOUDNESS_FLOOR, 12, "curve", "a level in dBFS, or time/level,time/level,…", True),
    selection=(START, END),
)
def set_loudness(path: LatentPath, to: Curve, *, start=None, end=None) -> LatentPath:
    """Set the loudness in dBFS: one level, a level for every frame of the range, or (seconds, level) points."""
    span = _span(path, start, end)
    curve = path.loudness.copy()
    curve[span] = _curve(to, path, span, "to")
    return replace(path, loudness=curve)


@_operator("gain", "louder or softer", Parameter("db", "dB", 0.0, -100, 100), selection=(START, END))
def gain(path: LatentPath, db: float = 0.0, *, start=None, end=None) -> LatentPath:
    """Add dB to the loudness; frames at the floor stay there."""
    db, span = _number(db, "db"), _span(path, start, end)
    curve = path.loudness.astype(np.float64)
    curve[span] += np.where(curve[span] > LOUDNESS_FLOOR, db, 0)
    return replace(path, loudness=curve)


# --- operators on several paths -----------------------------------------------------------------------------------------


@_operator(
    "interpolate",
    "go from this path to another",
    Parameter("other", "", None, None, None, "path", "the file of the other path", True),
    Parameter("curve", "", None, -2, 3, "curve", "share of the other path, or time/share,…; a ramp from 0 to 1 if not said"),
    replace(LOUDNESS, default=True),
)
def interpolate(
    path: LatentPath, other: LatentPath, curve: Curve | None = None, *, dims=None, start=None, end=None, loudness: bool = True
) -> LatentPath:
    """z[n] = z_a[n] · (1 − w[n]) + z_b[n] · w[n], and the loudness likewise, in dB.

    curve: w as one number, as one value a frame of the range, or as (seconds, w) points; None is the ramp w[n] = n/N of
    the 2020 paper, over the N frames of the range. Shares below 0 or above 1 go on beyond the two paths.
    """
    a, b = _aligned([path, other])
    span = _span(a, start, end)
    frames = span.stop - span.start
    share = np.arange(frames) / frames if curve is None else _curve(curve, a, span, "curve")
    return _blend([a, b], np.stack([1 - share, share]), dims, span, loudness)


def mix(
    paths: Sequence[LatentPath], weights: Curve | None = None, *, dims=None, start=None, end=None, loudness: bool = True
) -> LatentPath:
    """A weighted mean of paths, as in the square with a sound at each corner; the loudness likewise, in dB.

    weights: one for each path (P,), or for each path and frame of the range (P, n); none below 0. Only their
    proportions matter; None is equal shares. What is not selected comes from the first path.
    """
    paths = _aligned(paths)
    span = _span(paths[0], start, end)
    weights = _array(np.ones(len(paths)) if weights is None else weights, "weights")
    frames = span.stop - span.start
    count = len(paths)
    if weights.shape not in ((count,), (count, frames)):
        raise MelismaError(f"weights have the shape {weights.shape}; {count} paths need ({count},) or ({count}, {frames})")
    weights = np.broadcast_to(weights.reshape(count, -1), (count, frames))
    total = weights.sum(axis=0)
    if (weights < 0).any() or not (total > 0).all():
        raise MelismaError("weights must not be below 0, and at least one path needs a weight above 0 at every moment")
    return _blend(paths, weights / total, dims, span, loudness)


OPERATORS["mix"] = Operator(
    "mix",
    "blend with other paths",
    (
        Parameter("others", "", None, None, None, "paths", "files of the other paths", True),
        Parameter("weights", "", None, 0, None, "weights", "shares, this path's first; equal if not said"),
        replace(LOUDNESS, default=True),
    ),
    (DIMS, START, END),
    LatentPath.mix,
)


# --- paths out of nothing -----------------------------------------------------------------------------------------------


def drawn(
    dimensions: int,
    frames: int,
    rate: float,
    length: int,
    source_rate: int,
    *,
    seed: int = 0,
    smoothness: float = 0.5,
    temperature: float = 1.0,
    loudness: Curve | None = None,
    model: str = "",
    ranges: np.ndarray | None = None,
    timbre: tuple[int, ...] | None = None,
) -> LatentPath:
    """A path drawn from the standard normal distribution, which is the training set's in calibrated latents.

    smoothness: seconds from one drawn point to the next, joined by `smooth_noise`; 0 draws every frame by itself.
    temperature: the standard deviation. loudness: a level in dBFS, one a frame (L,), or (seconds, level) points; None is a
    steady −24 dBFS with its ends faded, as no sound begins at full level without a click. The other arguments are those
    of LatentPath. The same seed draws the same on every machine. MelismaError for what is out of range.
    """
    seed = _integer(seed, "seed", 0, 2**32 - 1)
    knots = 1 / max(1.0, _number(smoothness, "smoothness", 0, 3600) * rate)
    temperature = _number(temperature, "temperature", 0, 10)
    values = [temperature * smooth_noise(seed, _DRAWN + row, frames, knots) for row in range(dimensions)]
    path = LatentPath(np.array(values), np.zeros(frames), rate, length, source_rate, model, ranges, timbre)
    if loudness is None:
        end = path.duration
        fade = min(FADE_DRAWN, end / 2)
        loudness = [(0, LOUDNESS_FLOOR), (fade, LOUDNESS_DRAWN), (end - fade, LOUDNESS_DRAWN), (end, LOUDNESS_FLOOR)]
    return set_loudness(path, loudness)


# --- how operators reach what they act on -------------------------------------------------------------------------------


def _edit(
    path: LatentPath,
    dims: Any,
    span: slice,
    loudness: bool,
    change: Callable[[np.ndarray, list[int]], np.ndarray],
    keep_silence: bool = False,
) -> LatentPath:
    """Replace the selected part by change(curves (R, L), rows) → (R, n), computed in float64.

    The loudness, if it is selected, comes last, in its own units; its row number is Z.
    """
    rows = _rows(path, dims)
    values, curve = path.values.copy(), path.loudness.copy()
    curves = path.values[rows].astype(np.float64)
    if loudness:
        sounding = path.loudness > LOUDNESS_FLOOR
        centre = float(path.loudness[sounding].mean(dtype=np.float64)) if sounding.any() else LOUDNESS_FLOOR
        curves = np.concatenate([curves, (path.loudness[None].astype(np.float64) - centre) / LOUDNESS_UNIT])
    if not len(curves):
        return path
    with np.errstate(over="ignore"):  # what becomes infinite is refused by LatentPath
        changed = change(curves, [*rows, path.dimensions] if loudness else rows)
        values[rows, span] = changed[: len(rows)]
        if loudness:
            level = changed[-1] * LOUDNESS_UNIT + centre
            curve[span] = np.where(sounding[span], level, LOUDNESS_FLOOR) if keep_silence else level
    return replace(path, values=values, loudness=curve)


def _blend(paths: Sequence[LatentPath], weights: np.ndarray, dims: Any, span: slice, loudness: bool) -> LatentPath:
    """Aligned paths, summed with weights (P, n) over the span; the rest comes from the first."""
    rows = _rows(paths[0], dims)
    values, curve = paths[0].values.copy(), paths[0].loudness.copy()
    weighted = list(zip(paths, weights, strict=True))
    with np.errstate(over="ignore"):  # what becomes infinite is refused by LatentPath
        values[rows, span] = sum(weight * p.values[rows, span].astype(np.float64) for p, weight in weighted)
        if loudness:
            curve[span] = sum(weight * p.loudness[span].astype(np.float64) for p, weight in weighted)
    return replace(paths[0], values=values, loudness=curve)


def _aligned(paths: Sequence[LatentPath]) -> list[LatentPath]:
    """The paths at the first one's frame rate, the shorter stretched to the longest."""
    paths = list(paths)
    if not paths or not all(isinstance(p, LatentPath) for p in paths):
        raise MelismaError("only latent paths can be blended, and at least one is needed")
    first = paths[0]
    for p in paths:
        if p.dimensions != first.dimensions:
            raise MelismaError(
                f"a path of {first.dimensions} dimensions ({first.model or 'no model named'}) and one of {p.dimensions} "
                f"({p.model or 'no model named'}) cannot be blended; encode both with one model"
            )
    frames = max(round(p.frames * first.rate / p.rate) for p in paths)
    length = max(round(p.length * first.source_rate / p.source_rate) for p in paths)
    return [_stretched(p, frames, first, length) for p in paths]


def stretched(path: LatentPath, like: LatentPath) -> LatentPath:
    """The path over the frames of another, first on first and last on last, linearly in between."""
    return _stretched(path, like.frames, like, like.length)


def _stretched(path: LatentPath, frames: int, like: LatentPath, length: int) -> LatentPath:
    """The path over so many frames, first on first and last on last, at the rates of another."""
    if frames == path.frames:
        return replace(path, rate=like.rate, source_rate=like.source_rate, length=length)
    at = np.linspace(0, path.frames - 1, frames)
    before = np.minimum(at.astype(int), max(path.frames - 2, 0))
    after = np.minimum(before + 1, path.frames - 1)
    part = at - before
    values = path.values[:, before] * (1 - part) + path.values[:, after] * part
    loudness = path.loudness[before] * (1 - part) + path.loudness[after] * part
    return replace(path, values=values, loudness=loudness, rate=like.rate, source_rate=like.source_rate, length=length)


def smooth_noise(seed: int, stream: int, frames: int, knots: float) -> np.ndarray:
    """Noise (frames,) of mean 0 and variance 1 that is the same on every machine and in every language.

    Values are drawn at knots, `knots` of them a frame (0.02: one every 50 frames), and joined smoothly with the
    variance kept: with s = u²(3 − 2u) between knots a and b, it is ((1 − s)·a + s·b) / √((1 − s)² + s²). Knot k is the
    sum, less 6, of twelve uniforms: the upper and lower halves, over 2³², of six successive outputs of Philox-4×64-10
    with the key (seed, stream), as numpy.random.Philox counts. No other function than the square root is used, and
    NumPy fixes this bit stream for good, unlike that of its own normal deviates.
    """
    position = np.arange(frames) * knots
    count = int(position[-1]) + 2
    raw = np.random.Philox(key=np.array([seed, stream], dtype=np.uint64)).random_raw(6 * count)
    halves = (raw >> np.uint64(32)) + (raw & np.uint64(0xFFFFFFFF))
    values = halves.reshape(count, 6).sum(axis=1) / 2.0**32 - 6
    knot = position.astype(np.int64)
    u = position - knot
    s = u * u * (3 - 2 * u)
    return ((1 - s) * values[knot] + s * values[knot + 1]) / np.sqrt((1 - s) ** 2 + s * s)


# --- reading what is given ----------------------------------------------------------------------------------------------


def _frozen(array: Any, name: str, shape: tuple[int | None, ...], floor: float = -math.inf) -> np.ndarray:
    """A read-only float32 copy of the wanted shape (None: any length but 0), with nothing below the floor."""
    try:
        with np.errstate(over="ignore"):
            array = np.maximum(np.array(array, dtype=np.float32, order="C"), np.float32(floor))
    except (TypeError, ValueError) as error:
        raise MelismaError(f"{name} of a path must be an array of numbers") from error
    if array.ndim != len(shape) or not array.size or any(n != (m or n) for n, m in zip(array.shape, shape, strict=True)):
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise MelismaError(f"{name} of a path have the shape {array.shape}; ({wanted}) is needed")
    if not np.isfinite(array).all():
        raise MelismaError(f"{name} of a path hold NaN, infinite or far too large numbers")
    array.setflags(write=False)
    return array


def _number(value: Any, name: str, minimum: float = -math.inf, maximum: float = math.inf) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise MelismaError(f"{name} is {value!r}, not a number") from error
    if not math.isfinite(number):
        raise MelismaError(f"{name} is {number}, not a finite number")
    if not minimum <= number <= maximum:
        most = f" and {maximum:g} at most" if maximum < math.inf else ""
        raise MelismaError(f"{name} is {number:g}; it must be {minimum:g} at least{most}")
    return number


def _integer(value: Any, name: str, minimum: int, maximum: int) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or not minimum <= value <= maximum:
        raise MelismaError(f"{name} is {value!r}, not a whole number from {minimum} to {maximum}")
    return int(value)


def _rows(path: LatentPath, dims: Any) -> list[int]:
    if dims is None:
        return list(range(path.dimensions))
    listed = [dims] if isinstance(dims, (int, np.integer)) else dims
    try:
        return sorted({_integer(row, "dims", 0, path.dimensions - 1) for row in listed})
    except (TypeError, MelismaError) as error:
        raise MelismaError(f"dims is {dims!r}; this path has the dimensions 0 to {path.dimensions - 1}") from error


def _span(path: LatentPath, start: float | None, end: float | None, name: str = "start") -> slice:
    """Frames of a range in seconds, at least one; an end beyond the path's is its end."""
    first = 0 if start is None else round(_number(start, name, 0, 1e9) * path.rate)
    stop = path.frames if end is None else min(round(_number(end, "end", 0, 1e9) * path.rate), path.frames)
    if first >= path.frames:
        raise MelismaError(f"{name} is {start:g} s, but the path ends at {path.frames / path.rate:.3g} s")
    if start is not None and end is not None and not end > start:
        raise MelismaError(f"the range ends at {end:g} s, which is not after its start at {start:g} s")
    return slice(first, max(stop, first + 1))


def _array(value: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise MelismaError(f"{name} must be numbers") from error
    if not array.size or not np.isfinite(array).all():
        raise MelismaError(f"{name} must be numbers, at least one, none of them NaN or infinite")
    return array


def _points(value: Any, name: str) -> np.ndarray:
    """(P, 2) times and values, in the order of time."""
    points = _array(value, name)
    if points.ndim != 2 or points.shape[1] != 2:
        raise MelismaError(f"{name} must be pairs of a time in seconds and a value")
    return points[np.argsort(points[:, 0], kind="stable")]


def _curve(value: Curve, path: LatentPath, span: slice, name: str) -> np.ndarray:
    """A Curve, frame by frame over the span."""
    array = _array(value, name)
    if array.ndim == 2:
        points = _points(array, name)
        return np.interp(path.times[span], points[:, 0], points[:, 1])
    frames = span.stop - span.start
    if array.ndim == 0 or array.shape == (frames,):
        return np.broadcast_to(array, frames)
    wanted = f"a number, {frames} values (one a frame) or (time, value) points"
    raise MelismaError(f"{name} has the shape {array.shape}; {wanted} are needed")
