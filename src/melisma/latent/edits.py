"""The operators that change one path."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..errors import BadValue
from ..sound.scales import LOUDNESS_FLOOR
from .declare import END, LOUDNESS, START, Parameter, operator
from .noise import smooth_noise
from .path import P, elsewhere
from .reading import Curve, Rows, Seconds, read_curve, read_integer, read_number, read_points, read_rows, read_span

LOUDNESS_UNIT = 10.0  # dB that count as one latent unit where an operator acts on the loudness too
QUIET, BELOW_LOUDEST = -60.0, 40.0  # dBFS, dB: frames above both sound, as far as `match` is concerned
WIDEN, PITCH = 6.0, 0.3  # times, at most, by `match`; and of the way that it goes, for the latents of pitch
STEADY = 0.009  # seconds: what flutters quicker is no gesture, and would be widened, too


# --- on curves -----------------------------------------------------------------------------------------------------------


@operator("scale", "multiply about 0: more or less of what sets the sound apart", Parameter("by", "×", 1.0, -10, 10), LOUDNESS)
def scale(
    path: P, by: float = 1.0, *, dims: Rows = None, start: Seconds = None, end: Seconds = None, loudness: bool = False
) -> P:
    """Multiply by a factor about 0; on the loudness, about the mean of the sounding frames: wider or narrower dynamics."""
    by, span = read_number(by, "by"), read_span(path, start, end)
    return edit(path, dims, span, loudness, lambda curves, rows: curves[:, span] * by, keep_silence=True)


@operator("bias", "add a constant", Parameter("by", "σ", 0.0, -10, 10), LOUDNESS)
def bias(path: P, by: float = 0.0, *, dims: Rows = None, start: Seconds = None, end: Seconds = None, loudness: bool = False) -> P:
    """Add a constant, in standard deviations (10 dB on the loudness; `gain` does it in dB)."""
    by, span = read_number(by, "by"), read_span(path, start, end)
    return edit(path, dims, span, loudness, lambda curves, rows: curves[:, span] + by, keep_silence=True)


@operator("reverse", "play the curve backwards", LOUDNESS)
def reverse(path: P, *, dims: Rows = None, start: Seconds = None, end: Seconds = None, loudness: bool = False) -> P:
    """Mirror in time, within the range if there is one."""
    dims, span = read_rows(path, dims), read_span(path, start, end)
    path = edit(path, dims, span, loudness, lambda curves, rows: curves[:, span][:, ::-1])
    return beside(path, dims, span, lambda layers: layers[:, span][:, ::-1])


@operator(
    "randomize",
    "add smooth noise; the same seed adds the same noise",
    Parameter("amount", "σ", 0.5, 0, 10, summary="standard deviation of the noise", rest=0.0),
    Parameter("seed", "", 0, 0, 2**32 - 1, "integer"),
    Parameter("rate", "Hz", 4.0, 0.05, 50, summary="how fast it wanders"),
    LOUDNESS,
)
def randomize(
    path: P,
    amount: float = 0.5,
    seed: int = 0,
    rate: float = 4.0,
    *,
    dims: Rows = None,
    start: Seconds = None,
    end: Seconds = None,
    loudness: bool = False,
) -> P:
    """Add noise of standard deviation `amount` that wanders `rate` times a second.

    It is a function of seed, dimension and time alone (see `smooth_noise`): what is selected beside a dimension, or
    where the range begins, does not change what a dimension gets.
    """
    amount, rate = read_number(amount, "amount"), read_number(rate, "rate", 1e-3, 1e3)
    seed = read_integer(seed, "seed", 0, 2**32 - 1)
    span = read_span(path, start, end)

    def noise(curves: np.ndarray, rows: list[int]) -> np.ndarray:
        return curves[:, span] + amount * np.array([smooth_noise(seed, row, path.frames, rate / path.rate)[span] for row in rows])

    return edit(path, dims, span, loudness, noise, keep_silence=True)


@operator("smooth", "round off what is quick", Parameter("seconds", "s", 0.1, 0, 10, rest=0.0), LOUDNESS)
def smooth(
    path: P,
    seconds: float = 0.1,
    *,
    dims: Rows = None,
    start: Seconds = None,
    end: Seconds = None,
    loudness: bool = False,
) -> P:
    """Average over a triangular window `seconds` wide at half its height, centred on each frame; the ends are held."""
    span = read_span(path, start, end)
    half = min(round(read_number(seconds, "seconds", 0) * path.rate / 2), path.frames)

    def average(curves: np.ndarray, rows: list[int]) -> np.ndarray:
        for _ in range(2 if half else 0):  # a box twice is a triangle, at a cost that does not grow with its width
            padded = np.pad(curves, ((0, 0), (half + 1, half)), mode="edge")
            total = np.cumsum(padded, axis=1)
            curves = (total[:, 2 * half + 1 :] - total[:, : -2 * half - 1]) / (2 * half + 1)
        return curves[:, span]

    return edit(path, dims, span, loudness, average)


@operator(
    "hold",
    "stay at one moment",
    Parameter("at", "s", None, 0, None, summary="the moment; the range's start if not said"),
    LOUDNESS,
)
def hold(
    path: P,
    at: float | None = None,
    *,
    dims: Rows = None,
    start: Seconds = None,
    end: Seconds = None,
    loudness: bool = False,
) -> P:
    """Give every frame of the range the values that the path has at `at` seconds."""
    dims, span = read_rows(path, dims), read_span(path, start, end)
    moment = span.start if at is None else read_span(path, at, None, "at").start
    frames = span.stop - span.start
    path = edit(path, dims, span, loudness, lambda curves, rows: np.repeat(curves[:, [moment]], frames, axis=1))
    return beside(path, dims, span, lambda layers: np.repeat(layers[:, [moment]], frames, axis=1))


@operator(
    "draw", "a curve through points", Parameter("points", "σ", None, None, None, "points", "seconds:value,seconds:value,…", True)
)
def draw(path: P, points: Sequence[tuple[float, float]], *, dims: Rows = None, start: Seconds = None, end: Seconds = None) -> P:
    """Replace a latent by straight lines through (seconds, value) points.

    From the first point to the last, beyond which it stays as it was; with a range, all over the range, the first and
    last values held out to its edges. `dims` must be said.
    """
    if dims is None:
        raise BadValue("draw needs to know which latent the points are for, such as latents=1 (in Python dims=0)")
    through = read_points(points, "points")
    if start is None and end is None:
        start, end = through[0, 0], through[-1, 0] + 1 / path.rate
    span = read_span(path, start, end)
    line = np.interp(path.times[span], through[:, 0], through[:, 1])
    return edit(path, dims, span, False, lambda curves, rows: np.tile(line, (len(rows), 1)))


@operator(
    "match",
    "move to where the domain's own sounds lie, in timbre more than in pitch",
    Parameter("by", "", 1.0, 0, 1, summary="how much of the way", rest=0.0),
)
def match(path: P, by: float = 1.0, *, dims: Rows = None, start: Seconds = None, end: Seconds = None) -> P:
    """Give the sounding frames of the range the mean and the covariance of the domain: zero and the identity.

    A sound from elsewhere lies beside the domain, or in a corner of it; this puts it in the middle, and its gestures are
    as wide as the domain's and as independent of one another. Without dims the latents of pitch, if the path knows which
    they are, go PITCH of the way, so that pitch stays, and those of timbre all of it, freed of what the former tell of
    them. (`Model.transfer` takes them all the way, for it keeps pitch by the fine structure.) With dims these go all the way,
    and no other. Whitening by Cholesky's factor, as in style transfer (Li et al., "Universal style transfer via feature
    transforms", 2017), of a covariance shrunk towards the identity (Ledoit and Wolf, "A well-conditioned estimator for
    large-dimensional covariance matrices", 2004) so far that nothing is widened more than WIDEN times. So that flutter from frame
    to frame is not what is widened, a latent is first smoothed, by weights that fall to 1/e in STEADY seconds. Where nothing
    sounds, nothing changes.
    """
    return matched(path, by, dims=dims, start=start, end=end)


def matched(
    path: P, by: float = 1.0, *, dims: Rows = None, start: Seconds = None, end: Seconds = None, pitch: float = PITCH
) -> P:
    """As `match`; pitch: how far the latents of pitch go, where something else holds the pitch."""
    by, pitch, span = read_number(by, "by", 0, 1), read_number(pitch, "pitch", 0, 1), read_span(path, start, end)
    level = path.loudness[span]
    sounding = level > max(QUIET, float(level.max()) - BELOW_LOUDEST)
    if not sounding.any():
        return path
    timbre = range(path.dimensions) if dims is not None or path.timbre is None else path.timbre

    def change(curves: np.ndarray, rows: list[int]) -> np.ndarray:
        order = sorted(range(len(rows)), key=lambda i: rows[i] in timbre)
        part = curves[order][:, span]
        steady = _steadied(part, 1 - math.exp(-1 / (path.rate * STEADY)))
        away = steady - steady[:, sounding].mean(axis=1, keepdims=True)
        covariance = away[:, sounding] @ away[:, sounding].T / sounding.sum()
        shrunk = covariance + (np.eye(len(rows)) - covariance) / WIDEN**2 + 1e-12 * covariance.trace() * np.eye(len(rows))
        shares = np.array([1 if rows[i] in timbre else pitch for i in order])[:, None]
        white = np.linalg.solve(np.linalg.cholesky(shrunk), away)
        matched: np.ndarray = (part + by * shares * (white - part))[np.argsort(order)]
        return matched

    return replace(edit(path, dims, span, False, change), matched=max(by, path.matched))


def _steadied(curves: np.ndarray, pole: float) -> np.ndarray:
    """Curves (Z, L), each a mean of its neighbours before and after, whose weights fall by 1 − pole from one to the next."""
    reach = math.ceil(math.log(1e-8) / math.log(1 - pole))
    kernel = (1 - pole) ** np.abs(np.arange(-reach, reach + 1))
    held = np.pad(curves, ((0, 0), (reach, reach)), "edge")
    return np.array([np.convolve(row, kernel / kernel.sum(), "valid") for row in held])


# --- on the loudness -----------------------------------------------------------------------------------------------------


@operator(
    "loudness",
    "set the loudness by hand",
    Parameter("to", "dB", None, LOUDNESS_FLOOR, 12, "curve", "a level in dBFS, or seconds:level,seconds:level,…", True),
    selection=(START, END),
)
def set_loudness(path: P, to: Curve, *, start: Seconds = None, end: Seconds = None) -> P:
    """Set the loudness in dBFS: one level, a level for every frame of the range, or (seconds, level) points."""
    span = read_span(path, start, end)
    curve = path.loudness.copy()
    curve[span] = read_curve(to, path, span, "to")
    return replace(path, loudness=curve)


@operator("gain", "louder or softer", Parameter("db", "dB", 0.0, -100, 100), selection=(START, END))
def gain(path: P, db: float = 0.0, *, start: Seconds = None, end: Seconds = None) -> P:
    """Add dB to the loudness; frames at the floor stay there."""
    db, span = read_number(db, "db"), read_span(path, start, end)
    curve = path.loudness.astype(np.float64)
    curve[span] += np.where(curve[span] > LOUDNESS_FLOOR, db, 0)
    return replace(path, loudness=curve)


# --- how they reach what they act on -------------------------------------------------------------------------------------


def edit(
    path: P,
    dims: Rows,
    span: slice,
    loudness: bool,
    change: Callable[[np.ndarray, list[int]], np.ndarray],
    keep_silence: bool = False,
) -> P:
    """Replace the selected part by change(curves (R, L), rows) → (R, n), computed in float64.

    The loudness, if it is selected, comes last, in its own units; its row number is Z.
    """
    rows = read_rows(path, dims)
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


def beside(path: P, dims: Rows, span: slice, change: Callable[[np.ndarray], np.ndarray]) -> P:
    """Replace the layers (M, L) of the span by change(layers) → (M, n), if all latents are selected."""
    if path.layers is None or len(read_rows(path, dims)) < path.dimensions:
        return path
    layers = path.layers.copy()
    layers[:, span] = change(path.layers)
    return replace(path, layers=layers, in_time=elsewhere(path, span))
