"""The edits of a take: a curve that was drawn, an operator of the panel, back to what was inferred.

What lies beyond the end of a path, or names lanes that a model does not have, does nothing: so the same edits can be heard
through another model.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import BadValue
from ..latent import LatentPath
from ..latent.operators import OPERATORS, Operator
from .document import Draw, Edit, Operate, Revert, Target

KINDS = ("number", "integer", "switch")  # of parameters that a panel can offer


def apply(edit: Edit, path: LatentPath, first: LatentPath) -> LatentPath:
    """One edit of a path that began as the first one, which was read of a sound."""
    if isinstance(edit, Draw):
        return _draw(edit, path)
    span = _span(edit.on, path)
    if span is None:
        return path
    if isinstance(edit, Revert):
        return _revert(edit.on, path, first)
    return _operate(edit, path, *span)


def _draw(edit: Draw, path: LatentPath) -> LatentPath:
    last = path.frames / path.rate
    points = [point for point in sorted(edit.points) if point[0] < last]
    if not points or edit.lane != "loudness" and edit.lane >= path.dimensions:
        return path
    if edit.lane == "loudness":
        return path.set_loudness(points, start=points[0][0], end=points[-1][0] + 1 / path.rate)
    return path.draw(points, dims=[edit.lane])


def _operate(edit: Operate, path: LatentPath, start: float | None, end: float | None) -> LatentPath:
    operator = OPERATORS.get(edit.operator)
    if operator is None or not offered(operator):
        raise BadValue(f"the session uses an operator {edit.operator!r}, which this version of Melisma does not have")
    known = {parameter.name: parameter for parameter in operator.parameters}
    values: dict[str, Any] = {}
    for name, value in edit.values.items():
        if name not in known or name == "loudness":
            raise BadValue(f"the operator {edit.operator} has no parameter {name!r}")
        values[name] = int(value) if known[name].kind == "integer" else value
    selection = {parameter.name for parameter in operator.selection}
    if "dims" in selection:
        lanes = edit.on.lanes
        values["dims"] = None if lanes is None else [lane for lane in lanes if lane < path.dimensions]
    elif not edit.on.loudness:
        return path
    if "loudness" in known:
        values["loudness"] = edit.on.loudness
    return operator.function(path, **values, start=start, end=end)


def _revert(on: Target, path: LatentPath, first: LatentPath) -> LatentPath:
    times = path.times
    chosen = np.ones(path.frames, bool)
    if on.start is not None:
        chosen &= times >= on.start - 0.5 / path.rate
    if on.end is not None:
        chosen &= times < on.end - 0.5 / path.rate
    values, loudness = path.values.copy(), path.loudness.copy()
    for lane in range(path.dimensions) if on.lanes is None else on.lanes:
        if lane < path.dimensions:
            values[lane, chosen] = first.values[lane, chosen]
    if on.loudness:
        loudness[chosen] = first.loudness[chosen]
    layers, in_time = path.layers, path.in_time
    if layers is not None and first.layers is not None and on.lanes is None:  # they go along with all latents
        layers = np.where(chosen, first.layers, layers)
        if in_time is not None and first.in_time is not None:
            in_time = np.where(chosen, first.in_time, in_time)
    return replace(path, values=values, loudness=loudness, layers=layers, in_time=in_time)


def _span(on: Target, path: LatentPath) -> tuple[float | None, float | None] | None:
    """The target's range of time as operators take it; None where there is nothing of it in the path."""
    frames = path.frames
    first = 0 if on.start is None else round(on.start * path.rate)
    last = frames if on.end is None else round(on.end * path.rate)
    if first >= min(last, frames):
        return None
    return on.start, on.end


def offered(operator: Operator) -> bool:
    """Whether a panel of knobs can offer the operator: it needs no file and no curve."""
    return all(parameter.kind in KINDS and not parameter.required for parameter in operator.parameters)
