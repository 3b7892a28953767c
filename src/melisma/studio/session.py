"""From a document to its sound: `paths` and `sound` are pure functions of a take, the sounds it names and a model.

The order is always the same: the input is encoded, the edits are applied one after the other, then the square blends
the result with its corners, and the map puts other latents in their place. What lies beyond the end of a path, or names lanes
that a model does not have, does nothing: so the same edits can be heard through another model.

**From the original to the domain**: `Take.domain` acts on what is read of a sound, before any edit, so that what is drawn is what
sounds: `latent.match` goes that far. At 0 nothing is done to it, and with fine and colour it is all but the sound itself; at 1,
with fine alone, it is what `melisma transfer` makes of it. The page turns the colour down as it turns the domain up.

**Paths of unequal length**: a session has one time axis, the input's. Corners are stretched to it as a whole, linearly.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from ..errors import BadValue
from ..latent import LatentPath, mix, smooth_noise, stretched
from ..latent.operators import OPERATORS, Operator
from ..model import Model
from ..sound.audio import Audio
from .protocol import (
    Corner,
    Draw,
    Edit,
    KeptCorner,
    Operate,
    Puck,
    RandomCorner,
    Revert,
    SoundCorner,
    SoundRef,
    Square,
    Take,
    Target,
    Trail,
)

WARM = 64  # frames; the published models' decoders look back 32 at most, with their vocoders less than this
RANDOM_RATE = 2.0  # Hz: how fast a random corner wanders
KINDS = ("number", "integer", "switch")  # of parameters that a panel can offer

Open = Callable[[SoundRef], Audio]


class Memo:
    """What has been computed lately, so that the next edit need not begin anew; it never changes what comes out."""

    def __init__(self, most: int = 24):
        self._most = most
        self._kept: OrderedDict[Any, Any] = OrderedDict()

    def get(self, key: bytes, make: Callable[[], LatentPath]) -> LatentPath:
        if key not in self._kept:
            self._kept[key] = make()
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


# --- from a take to a path ----------------------------------------------------------------------------------------------


def paths(take: Take, open_sound: Open, model: Model, memo: Memo | None = None) -> tuple[LatentPath, LatentPath, LatentPath]:
    """The path inferred from a take's input, the edited one, and the one that sounds (after the square)."""
    if take.input is None:
        raise BadValue("the session has no sound yet: drop one, record one, or open an example")
    memo = memo or Memo()
    read = _Reading(open_sound, model, memo, take.domain)
    inferred = _inferred(take.input, open_sound, model, memo)
    edited = _edited(take.input, take.edits, read)
    squared = take.square.on and any(corner is not None for corner in take.square.corners)
    result = _squared(take.square, edited, read) if squared else edited
    return inferred, edited, _mapped(take.map, result, model)


def amounts(take: Take) -> dict[str, float]:
    """How much of fine and colour is heard, as `Model.decode` takes it."""
    return {"fine": take.fine, "colour": take.colour}


def sound(take: Take, open_sound: Open, model: Model, own_rate: bool = False) -> Audio:
    """A take's sound, of the length of its input and at the rate of it, or at the model's."""
    path, layers = paths(take, open_sound, model)[2], amounts(take)
    if own_rate:
        return Audio(np.concatenate(list(pieces(path, model, fine=layers["fine"], colour=layers["colour"]))), model.sample_rate)
    return model.decode(path, **layers)


def pieces(
    path: LatentPath, model: Model, first: int = 64, most: int = 256, *, fine: float = 0.0, colour: float = 0.0
) -> Iterator[np.ndarray]:
    """A path's sound at the model's rate as it is rendered, in pieces of growing length; together what `decode` resamples."""
    yield from model.decode_pieces(path, _growing(first, most), fine=fine, colour=colour)


def ahead(
    path: LatentPath, model: Model, first: int, last: int, *, fine: float = 0.0, colour: float = 0.0
) -> tuple[int, np.ndarray]:
    """The sound of frames [first, last) without what leads to them. → its first sample, and samples at the model's rate.

    It is read by a stream that begins WARM frames earlier. Its mel is that of the whole by then, as the decoder looks back
    less far; its phases are those of another beginning: it sounds like that place in the whole, and is not the same samples.
    """
    begin, last = max(0, first - WARM), min(last, path.frames)
    behind = model.config.analysis.frame - model.hop  # samples of the last frames that are only complete with later ones
    length = (last - begin) * model.hop - behind
    if length <= 0:
        return first * model.hop, np.zeros(0, np.float32)
    part = replace(
        path,
        values=path.values[:, begin:last],
        loudness=path.loudness[begin:last],
        layers=None if path.layers is None else path.layers[:, begin:last],
        length=length,
        source_rate=model.sample_rate,
    )
    sound = np.concatenate(list(model.decode_pieces(part, [last - begin], fine=fine, colour=colour)))
    return first * model.hop, sound[(first - begin) * model.hop :]


def _growing(size: int, most: int) -> Iterator[int]:
    while True:
        yield size
        size = min(2 * size, most)


def _inferred(ref: SoundRef, open_sound: Open, model: Model, memo: Memo) -> LatentPath:
    return memo.get(_key(ref.hash, model.file.digest), lambda: model.encode(open_sound(ref)))


@dataclass(frozen=True)
class _Reading:
    """How sounds are read for one take: by which model, and how far they are put in its domain."""

    open_sound: Open
    model: Model
    memo: Memo
    domain: float

    def path(self, ref: SoundRef) -> LatentPath:
        inferred = _inferred(ref, self.open_sound, self.model, self.memo)
        return inferred if self.domain == 0 else self.memo.get(self.key(ref), lambda: inferred.match(self.domain))

    def key(self, ref: SoundRef) -> bytes:
        return _key(ref.hash, self.model.file.digest, f"domain {self.domain!r}")


def _edited(ref: SoundRef, edits: tuple[Edit, ...], read: _Reading) -> LatentPath:
    """Only the last edit is computed where what comes before it is known."""
    first = path = read.path(ref)
    key = read.key(ref)
    for edit in edits:
        before, key = path, hashlib.sha256(key + msgspec.json.encode(edit)).digest()
        path = read.memo.get(key, lambda: apply(edit, before, first))  # noqa: B023 (called at once)
    return path


def _key(*parts: str) -> bytes:
    return hashlib.sha256(" ".join(parts).encode()).digest()


# --- edits --------------------------------------------------------------------------------------------------------------


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
    layers = path.layers
    if layers is not None and first.layers is not None and on.lanes is None:  # they go along with all latents
        layers = np.where(chosen, first.layers, layers)
    return replace(path, values=values, loudness=loudness, layers=layers)


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


# --- the square ---------------------------------------------------------------------------------------------------------


def _squared(square: Square, edited: LatentPath, read: _Reading) -> LatentPath:
    corners = [_corner(corner, edited, read) for corner in square.corners]
    shares = weights(square.puck, edited.times)
    # what the square does not act on stays as the lanes have it, so they come first, with no share of their own
    dims: list[int] | None = [] if square.acts == "loudness" else None
    shares = np.concatenate([np.zeros((1, edited.frames)), shares])
    return mix([edited, *corners], shares, dims=dims, loudness=square.acts != "latents")


def _corner(corner: Corner | None, edited: LatentPath, read: _Reading) -> LatentPath:
    if isinstance(corner, SoundCorner):
        return stretched(read.path(corner.sound), edited)
    if isinstance(corner, KeptCorner):
        return stretched(_edited(corner.input, corner.edits, read), edited)
    if isinstance(corner, RandomCorner):
        rate = RANDOM_RATE / edited.rate
        values = [smooth_noise(corner.seed, row, edited.frames, rate) for row in range(edited.dimensions)]
        return replace(edited, values=np.array(values), layers=None)  # no sound gave it any
    return edited


# --- the map ------------------------------------------------------------------------------------------------------------


def _mapped(trail: Trail, path: LatentPath, model: Model) -> LatentPath:
    """The latents go their way over the domain's map; loudness, and what goes along beside them, stay the sound's."""
    if not trail.on or model.map is None:
        return path
    values = model.map.at(*puck_at(trail.puck, path.times))
    if trail.acts == "timbre" and model.timbre is not None:
        rows = list(model.timbre)
        whole = path.values.copy()
        whole[rows] = values[rows]
        values = whole
    return replace(path, values=values)


def puck_at(puck: Puck, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x and y of the puck at times in seconds."""
    points = np.array(sorted(puck.points), np.float64)
    at = times * puck.speed
    length = points[-1, 0]
    if puck.loop and length > 0:
        at = np.mod(at, length)
    return np.interp(at, points[:, 0], points[:, 1]), np.interp(at, points[:, 0], points[:, 2])


def weights(puck: Puck, times: np.ndarray) -> np.ndarray:
    """The corners' shares at times in seconds, (4, L): bilinear, their sum is 1."""
    x, y = puck_at(puck, times)
    return np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y])
