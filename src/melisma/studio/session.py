"""From a document to its sound: `paths` and `sound` are pure functions of a take, the sounds it names and a model.

The order is always the same: the input is encoded, the edits are applied one after the other, then the square blends
the result with its corners, and the map puts other latents in their place. What lies beyond the end of a path, or names lanes
that a model does not have, does nothing: so the same edits can be heard through another model.

**From the original to the domain**: `Take.domain` acts on what is read of a sound, before any edit, so that what is drawn is what
sounds: `latent.match` goes that far. At 0 nothing is done to it, and with fine and colour it is all but the sound itself; at 1,
with fine alone, it is what `melisma transfer` makes of it. The page turns the colour down as it turns the domain up.

**Stereo**: what the lanes show is read of both channels mixed, and each edit acts on left's path and right's as on the mix's. A
loudness that is drawn is the mix's: a channel stays as much louder or softer as it was. Phases between them are the input's.

**Paths of unequal length**: a session has one time axis, the input's. Corners are stretched to it as a whole, linearly.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from ..errors import BadValue
from ..latent import LOUDNESS_FLOOR, LatentPath, mix, smooth_noise, stretched
from ..model import Model
from ..sound.audio import Audio
from ..sound.channels import one_of, sides
from .document import Corner, Draw, Edit, KeptCorner, Puck, RandomCorner, SoundCorner, SoundRef, Square, Take, Trail
from .edits import apply
from .pieces import Played

RANDOM_RATE = 2.0  # Hz: how fast a random corner wanders

Open = Callable[[SoundRef], Audio]  # a sound of one channel or two


class Memo:
    """What has been computed lately, so that the next edit need not begin anew; it never changes what comes out."""

    def __init__(self, most: int = 96, most_bytes: int = 1 << 30):
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[bytes, LatentPath] = OrderedDict()

    def get(self, key: bytes, make: Callable[[], LatentPath]) -> LatentPath:
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > 3 and (len(self._kept) > self._most or self._bytes > self._most_bytes):
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    @property
    def _bytes(self) -> int:
        return sum(path.values.nbytes + (0 if path.layers is None else path.layers.nbytes) for path in self._kept.values())


# --- from a take to a path ----------------------------------------------------------------------------------------------


def paths(
    take: Take, open_sound: Open, model: Model, memo: Memo | None = None, side: int | None = None
) -> tuple[LatentPath, LatentPath, LatentPath]:
    """The path inferred from a take's input, the edited one, and the one that sounds (after the square).

    side: of left (0) or right (1) alone, instead of both mixed.
    """
    if take.input is None:
        raise BadValue("the session has no sound yet: drop one, record one, or open an example")
    read = _Reading(open_sound, model, memo or Memo(), take.domain, take.fine, side)
    inferred = read.inferred(take.input)
    edited = _edited(take.input, take.edits, read)
    squared = take.square.on and any(corner is not None for corner in take.square.corners)
    result = _squared(take.square, edited, read) if squared else edited
    return inferred, edited, _mapped(take.map, result, model)


def played(take: Take, open_sound: Open, model: Model, memo: Memo | None = None) -> Played:
    """What sounds of a take: of its one path, or of a path for each of two channels."""
    memo = memo or Memo()
    heard = open_sound(take.input) if take.input is not None else None
    stereo = take.stereo and heard is not None and heard.channels == 2
    if heard is None or not stereo or len(sides(heard.samples)) == 1:
        return Played((paths(take, open_sound, model, memo)[2],), heard, 2 if stereo else 1)
    pair = tuple(paths(take, open_sound, model, memo, side)[2] for side in (0, 1))
    return Played(pair, heard, 2)


def amounts(take: Take) -> dict[str, float]:
    """How much of fine and colour is heard, as `Model.decode` takes it."""
    return {"fine": take.fine, "colour": take.colour}


def sound(take: Take, open_sound: Open, model: Model, own_rate: bool = False) -> Audio:
    """A take's sound, of the length of its input and at the rate of it, or at the model's."""
    return played(take, open_sound, model).whole(model, own_rate, **amounts(take))


@dataclass(frozen=True)
class _Reading:
    """How sounds are read for one take: by which model, how far they are put in its domain, and which channel (None: mixed)."""

    open_sound: Open
    model: Model
    memo: Memo
    domain: float
    fine: float  # as far as it is heard: without it, pitch is the latents' matter
    side: int | None = None

    def inferred(self, ref: SoundRef) -> LatentPath:
        def make() -> LatentPath:
            sound = self.open_sound(ref)
            heard = sound.samples[self.side] if self.side is not None and sound.channels == 2 else one_of(sound.samples)
            return self.model.encode(Audio(heard, sound.rate, name=sound.name))

        return self.memo.get(_key(ref.hash, self.model.file.digest, f"side {self.side}"), make)

    def path(self, ref: SoundRef) -> LatentPath:
        inferred = self.inferred(ref)
        if self.domain == 0:
            return inferred
        return self.memo.get(self.key(ref), lambda: self.model.transferred(inferred, match=self.domain, fine=self.fine))

    def key(self, ref: SoundRef) -> bytes:
        return _key(ref.hash, self.model.file.digest, f"side {self.side} domain {self.domain!r} fine {self.fine!r}")


def _edited(ref: SoundRef, edits: tuple[Edit, ...], read: _Reading) -> LatentPath:
    """Only the last edit is computed where what comes before it is known."""
    first = path = read.path(ref)
    key = read.key(ref)
    for n, edit in enumerate(edits):
        before, key = path, hashlib.sha256(key + msgspec.json.encode(edit)).digest()
        if read.side is not None and isinstance(edit, Draw) and edit.lane == "loudness":
            path = read.memo.get(key, lambda: _drawn(edit, before, _edited(ref, edits[:n], replace(read, side=None))))  # noqa: B023
        else:
            path = read.memo.get(key, lambda: apply(edit, before, first))  # noqa: B023 (called at once)
    return path


def _drawn(edit: Draw, path: LatentPath, mix: LatentPath) -> LatentPath:
    """A loudness drawn for the mix, for one of its channels: it stays as much louder or softer as it is."""
    drawn = apply(edit, mix, mix).loudness
    level = np.where(drawn == mix.loudness, path.loudness, np.maximum(drawn + (path.loudness - mix.loudness), LOUDNESS_FLOOR))
    return replace(path, loudness=level.astype(np.float32))


def _key(*parts: str) -> bytes:
    return hashlib.sha256(" ".join(parts).encode()).digest()


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
