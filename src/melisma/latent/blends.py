"""The operators on several paths, and how paths of unequal length are laid over one another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ..errors import BadValue
from .declare import LOUDNESS, Parameter, operator
from .path import P, PathData, elsewhere
from .reading import Curve, Rows, Seconds, read_array, read_curve, read_rows, read_span


@operator(
    "interpolate",
    "go from this path to another",
    Parameter("other", "", None, None, None, "path", "the file of the other path", True),
    Parameter("curve", "", None, -2, 3, "curve", "share of the other path, or seconds:share,…; a ramp from 0 to 1 if not said"),
    replace(LOUDNESS, default=True),
)
def interpolate(
    path: P,
    other: P,
    curve: Curve | None = None,
    *,
    dims: Rows = None,
    start: Seconds = None,
    end: Seconds = None,
    loudness: bool = True,
) -> P:
    """z[n] = z_a[n] · (1 − w[n]) + z_b[n] · w[n], and the loudness likewise, in dB.

    curve: w as one number, as one value a frame of the range, or as (seconds, w) points; None is the ramp w[n] = n/N of
    the 2020 paper, over the N frames of the range. Shares below 0 or above 1 go on beyond the two paths.
    """
    a, b = aligned([path, other])
    span = read_span(a, start, end)
    frames = span.stop - span.start
    share = np.arange(frames) / frames if curve is None else read_curve(curve, a, span, "curve")
    return _blend([a, b], np.stack([1 - share, share]), dims, span, loudness)


def mix(
    paths: Sequence[P],
    weights: Curve | None = None,
    *,
    dims: Rows = None,
    start: Seconds = None,
    end: Seconds = None,
    loudness: bool = True,
) -> P:
    """A weighted mean of paths, as in the square with a sound at each corner; the loudness likewise, in dB.

    weights: one for each path (P,), or for each path and frame of the range (P, n); none below 0. Only their
    proportions matter; None is equal shares. What is not selected comes from the first path.
    """
    paths = aligned(paths)
    span = read_span(paths[0], start, end)
    weights = read_array(np.ones(len(paths)) if weights is None else weights, "weights")
    frames = span.stop - span.start
    count = len(paths)
    if weights.shape not in ((count,), (count, frames)):
        raise BadValue(f"weights have the shape {weights.shape}; {count} paths need ({count},) or ({count}, {frames})")
    weights = np.broadcast_to(weights.reshape(count, -1), (count, frames))
    most = weights.max(axis=0)
    if (weights < 0).any() or not (most > 0).all():
        raise BadValue("weights must not be below 0, and at least one path needs a weight above 0 at every moment")
    # by a power of two, which rounds nothing: so their sum is no infinity
    shares: np.ndarray = np.ldexp(weights, -np.frexp(most)[1])
    return _blend(paths, shares / shares.sum(axis=0), dims, span, loudness)


@operator(
    "mix",
    "blend with other paths",
    Parameter("others", "", None, None, None, "paths", "files of the other paths", True),
    Parameter("weights", "", None, 0, None, "weights", "shares, this path's first; equal if not said"),
    replace(LOUDNESS, default=True),
)
def mix_with(
    path: P,
    others: Sequence[P],
    weights: Curve | None = None,
    *,
    dims: Rows = None,
    start: Seconds = None,
    end: Seconds = None,
    loudness: bool = True,
) -> P:
    """`mix` of this path and others; the first weight is this path's."""
    if not isinstance(others, Iterable):
        raise BadValue("the paths to blend with come in a list: mix([other])")
    return mix([path, *others], weights, dims=dims, start=start, end=end, loudness=loudness)


def _blend(paths: Sequence[P], weights: np.ndarray, dims: Rows, span: slice, loudness: bool) -> P:
    """Aligned paths, summed with weights (P, n) over the span; the rest comes from the first."""
    rows = read_rows(paths[0], dims)
    values, curve = paths[0].values.copy(), paths[0].loudness.copy()
    weighted = list(zip(paths, weights, strict=True))
    with np.errstate(over="ignore"):  # what becomes infinite is refused by P
        values[rows, span] = sum(weight * p.values[rows, span].astype(np.float64) for p, weight in weighted)
        if loudness:
            curve[span] = sum(weight * p.loudness[span].astype(np.float64) for p, weight in weighted)
    layers, in_time = paths[0].layers, paths[0].in_time
    if len(rows) == paths[0].dimensions and any(p.layers is not None for p in paths):
        blended = [None if p.layers is None else weight * p.layers[:, span] for p, weight in weighted]
        held = next(p.layers for p in paths if p.layers is not None)
        layers = np.zeros(held.shape, np.float32) if layers is None else layers.astype(np.float32)
        layers[:, span] = sum(part for part in blended if part is not None)
        others = np.zeros(paths[0].frames, bool)
        others[span] = np.any(weights[1:] != 0, axis=0) | (weights[0] != 1)
        in_time = elsewhere(paths[0], others)
    return replace(paths[0], values=values, loudness=curve, layers=layers, in_time=in_time)


def aligned(paths: Sequence[P]) -> list[P]:
    """The paths at the first one's frame rate, the shorter stretched to the longest."""
    paths = list(paths) if isinstance(paths, Iterable) else []
    if not paths or not all(isinstance(p, PathData) for p in paths):
        raise BadValue("only latent paths can be blended, in a list, and at least one is needed")
    first = paths[0]
    for p in paths:
        if p.dimensions != first.dimensions:
            raise BadValue(
                f"a path of {first.dimensions} latents ({first.model or 'no model named'}) and one of {p.dimensions} "
                f"({p.model or 'no model named'}) cannot be blended; encode both with one model"
            )
    if len({len(p.layers) for p in paths if p.layers is not None}) > 1:
        raise BadValue("the paths' layers are of models with different bands; encode both with one model")
    frames = max(round(p.frames * first.rate / p.rate) for p in paths)
    length = max(round(p.length * first.source_rate / p.source_rate) for p in paths)
    return [_stretched(p, frames, first, length) for p in paths]


def stretched(path: P, like: P) -> P:
    """The path over the frames of another, first on first and last on last, linearly in between."""
    return _stretched(path, like.frames, like, like.length)


def _stretched(path: P, frames: int, like: P, length: int) -> P:
    """The path over so many frames, first on first and last on last, at the rates of another."""
    if frames == path.frames:
        return replace(path, rate=like.rate, source_rate=like.source_rate, length=length)
    at = np.linspace(0, path.frames - 1, frames)
    before = np.minimum(at.astype(int), max(path.frames - 2, 0))
    after = np.minimum(before + 1, path.frames - 1)
    part = at - before

    def between(curve: np.ndarray) -> np.ndarray:
        return curve[..., before] * (1 - part) + curve[..., after] * part

    layers = None if path.layers is None else between(path.layers)
    return replace(
        path, values=between(path.values), loudness=between(path.loudness), layers=layers, in_time=None,
        rate=like.rate, source_rate=like.source_rate, length=length,
    )  # fmt: skip
