"""The document that the page and the server speak of: what people save, undo and share.

A `Session` is immutable; its `take` is all that sounds. The sound is a function of a take and nothing else (see session.py).
Lanes are the latent dimensions 0, 1, … and "loudness". Times are seconds; values of latent lanes are standard deviations of the
training set, of the loudness dBFS.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ..errors import BadValue

MOST_EDITS, MOST_POINTS, MOST_SNAPSHOTS = 4096, 20_000, 256
MOST_STEPS = 500  # of the history, on both sides
MOST_NAME, MOST_LANE_NAME = 200, 40  # characters
MOST_DOCUMENT = 64 << 20  # bytes of JSON

Seconds = Annotated[float, Meta(ge=0, le=1e5)]
Value = Annotated[float, Meta(ge=-1000, le=1000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Name = Annotated[str, Meta(min_length=1, max_length=MOST_NAME)]
LaneName = Annotated[str, Meta(max_length=MOST_LANE_NAME)]
Dimension = Annotated[int, Meta(ge=0, le=1023)]
Seed = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Lane = Dimension | Literal["loudness"]
Point = tuple[Seconds, Value]


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the document or a message: immutable, and strict about what it is read from."""


class SoundRef(Struct):
    """A sound by its content: `hash` is the SHA-256 of the file's bytes, `name` what people call it."""

    hash: Hash
    name: Name


class Target(Struct):
    """What an edit acts on: latent lanes (null: all of them), the loudness or not, and a range of time (null: no bound)."""

    lanes: Annotated[tuple[Dimension, ...], Meta(max_length=1024)] | None = None
    loudness: bool = False
    start: Seconds | None = None
    end: Seconds | None = None


class Draw(Struct, tag_field="op", tag="draw"):
    """Straight lines through points, from the first to the last, instead of what the lane had there."""

    lane: Lane
    points: Annotated[tuple[Point, ...], Meta(min_length=1, max_length=MOST_POINTS)]


class Operate(Struct, tag_field="op", tag="operate"):
    """An operator of `melisma operators`, with values for its parameters."""

    operator: Name
    values: dict[Name, bool | Annotated[float, Meta(ge=-1e10, le=1e10)]]
    on: Target


class Revert(Struct, tag_field="op", tag="revert"):
    """Back to the curves that were inferred from the input."""

    on: Target


Edit = Draw | Operate | Revert
Edits = Annotated[tuple[Edit, ...], Meta(max_length=MOST_EDITS)]


class SoundCorner(Struct, tag_field="kind", tag="sound"):
    """A corner of the square that is the path of a sound."""

    sound: SoundRef


class KeptCorner(Struct, tag_field="kind", tag="kept"):
    """A corner that is an edited path, as it was when it was kept."""

    name: Name
    input: SoundRef
    edits: Edits


class RandomCorner(Struct, tag_field="kind", tag="random"):
    """A corner that wanders: smooth noise in every latent, with the loudness of the lanes."""

    seed: Seed


Corner = SoundCorner | KeptCorner | RandomCorner


class Puck(Struct):
    """Where the puck is over time: (seconds, x, y), in the order of time; x to the right, y downwards, straight in between."""

    points: Annotated[tuple[tuple[Seconds, Share, Share], ...], Meta(min_length=1, max_length=MOST_POINTS)] = ((0.0, 0.5, 0.5),)
    loop: bool = False
    speed: Annotated[float, Meta(ge=0.1, le=10)] = 1.0


class Square(Struct):
    """The interpolation square. Corners: left and right above, left and right below; null is what the lanes show."""

    on: bool = False
    corners: tuple[Corner | None, Corner | None, Corner | None, Corner | None] = (None, None, None, None)
    puck: Puck = Puck()
    acts: Literal["latents", "loudness", "both"] = "both"


class Trail(Struct):
    """A way over the map of the domain that the latents take, as the puck takes one over the square."""

    on: bool = False
    puck: Puck = Puck()
    acts: Literal["all", "timbre"] = "all"


class Take(Struct):
    """All that sounds: an input, the model it is read and played by, edits in their order, then the square, then the map.

    domain: how far what is read of a sound is put in the model's domain, see session.py: with fine and colour 0 is the sound
    itself, with fine alone 1 is the usual transfer. fine, colour: how much is heard of what the path has beside its latents, see
    Model.decode. stereo: a sound of two channels stays one, each with its own path; else they are mixed. A take from before there
    were any of these names none, and sounds as it did.
    """

    model: Name
    input: SoundRef | None = None
    edits: Edits = ()
    square: Square = Square()
    fine: Share = 0.0
    colour: Share = 0.0
    domain: Share = 0.0
    map: Trail = Trail()
    stereo: bool = False


class Snapshot(Struct):
    """A take that was given a name."""

    name: Name
    take: Take


class Session(Struct):
    """The document: what undo, autosave and the session file are views of.

    names: what the musician calls latents, for each model by name, in their order; "" is none.
    """

    take: Take
    snapshots: Annotated[tuple[Snapshot, ...], Meta(max_length=MOST_SNAPSHOTS)] = ()
    format: Literal[1] = 1
    names: Annotated[dict[Name, Annotated[tuple[LaneName, ...], Meta(max_length=1024)]], Meta(max_length=256)] = {}


class Step(Struct):
    """A step of the history: the document after a finished gesture."""

    name: Name
    session: Session


def read(data: bytes | str, kind: type) -> msgspec.Struct:
    """JSON → a struct of that kind (or union of kinds). MelismaError says what is wrong, and where in it."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadValue(f"that is not what the studio understands: {error}") from None
