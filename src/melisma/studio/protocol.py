"""What the page and the server say to each other, and the document that they speak of. The page's side of it,
studio/src/lib/protocol.ts, is written by `python -m melisma.studio.typescript`; a test holds them together.

**The document.** A `Session` is immutable; its `take` is all that sounds. The sound is a function of a take and nothing
else (see session.py). Lanes are the latent dimensions 0, 1, … and "loudness". Times are seconds; values of latent lanes
are standard deviations of the training set, of the loudness dBFS.

**The wire.** Text messages are JSON objects told apart by `type`. Binary messages are the length of a header (uint32),
the header (JSON, padded with spaces so that what follows lies at a multiple of 4), and numbers; all little-endian.
"""

from __future__ import annotations

import struct
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ..errors import BadValue

VERSION = 1
MOST_EDITS, MOST_POINTS, MOST_SNAPSHOTS = 4096, 20_000, 256
MOST_STEPS = 500  # of the history, on both sides
MOST_DOCUMENT = 64 << 20  # bytes of JSON

Seconds = Annotated[float, Meta(ge=0, le=1e5)]
Value = Annotated[float, Meta(ge=-1000, le=1000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
LaneName = Annotated[str, Meta(max_length=40)]
Dimension = Annotated[int, Meta(ge=0, le=1023)]
Seed = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Lane = Dimension | Literal["loudness"]
Point = tuple[Seconds, Value]


class _Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the document or a message: immutable, and strict about what it is read from."""


# --- the document -------------------------------------------------------------------------------------------------------


class SoundRef(_Struct):
    """A sound by its content: `hash` is the SHA-256 of the file's bytes, `name` what people call it."""

    hash: Hash
    name: Name


class Target(_Struct):
    """What an edit acts on: latent lanes (null: all of them), the loudness or not, and a range of time (null: no bound)."""

    lanes: Annotated[tuple[Dimension, ...], Meta(max_length=1024)] | None = None
    loudness: bool = False
    start: Seconds | None = None
    end: Seconds | None = None


class Draw(_Struct, tag_field="op", tag="draw"):
    """Straight lines through points, from the first to the last, instead of what the lane had there."""

    lane: Lane
    points: Annotated[tuple[Point, ...], Meta(min_length=1, max_length=MOST_POINTS)]


class Operate(_Struct, tag_field="op", tag="operate"):
    """An operator of `melisma operators`, with values for its parameters."""

    operator: Name
    values: dict[Name, bool | Annotated[float, Meta(ge=-1e10, le=1e10)]]
    on: Target


class Revert(_Struct, tag_field="op", tag="revert"):
    """Back to the curves that were inferred from the input."""

    on: Target


Edit = Draw | Operate | Revert
Edits = Annotated[tuple[Edit, ...], Meta(max_length=MOST_EDITS)]


class SoundCorner(_Struct, tag_field="kind", tag="sound"):
    """A corner of the square that is the path of a sound."""

    sound: SoundRef


class KeptCorner(_Struct, tag_field="kind", tag="kept"):
    """A corner that is an edited path, as it was when it was kept."""

    name: Name
    input: SoundRef
    edits: Edits


class RandomCorner(_Struct, tag_field="kind", tag="random"):
    """A corner that wanders: smooth noise in every latent, with the loudness of the lanes."""

    seed: Seed


Corner = SoundCorner | KeptCorner | RandomCorner


class Puck(_Struct):
    """Where the puck is over time: (seconds, x, y), in the order of time; x to the right, y downwards, straight in between."""

    points: Annotated[tuple[tuple[Seconds, Share, Share], ...], Meta(min_length=1, max_length=MOST_POINTS)] = ((0.0, 0.5, 0.5),)
    loop: bool = False
    speed: Annotated[float, Meta(ge=0.1, le=10)] = 1.0


class Square(_Struct):
    """The interpolation square. Corners: left and right above, left and right below; null is what the lanes show."""

    on: bool = False
    corners: tuple[Corner | None, Corner | None, Corner | None, Corner | None] = (None, None, None, None)
    puck: Puck = Puck()
    acts: Literal["latents", "loudness", "both"] = "both"


class Trail(_Struct):
    """A way over the map of the domain that the latents take, as the puck takes one over the square."""

    on: bool = False
    puck: Puck = Puck()
    acts: Literal["all", "timbre"] = "all"


class Take(_Struct):
    """All that sounds: an input, the model it is read and played by, edits in their order, then the square, then the map.

    domain: how far what is read of a sound is put in the model's domain, see session.py: with fine and colour 0 is the sound
    itself, with fine alone 1 is the usual transfer. fine, colour: how much is heard of what the path has beside its latents, see
    Model.decode. A take from before there were any names none, and sounds as it did.
    """

    model: Name
    input: SoundRef | None = None
    edits: Edits = ()
    square: Square = Square()
    fine: Share = 0.0
    colour: Share = 0.0
    domain: Share = 0.0
    map: Trail = Trail()


class Snapshot(_Struct):
    """A take that was given a name."""

    name: Name
    take: Take


class Session(_Struct):
    """The document: what undo, autosave and the session file are views of.

    names: what the musician calls latents, for each model by name, in their order; "" is none.
    """

    take: Take
    snapshots: Annotated[tuple[Snapshot, ...], Meta(max_length=MOST_SNAPSHOTS)] = ()
    format: Literal[1] = 1
    names: Annotated[dict[Name, Annotated[tuple[LaneName, ...], Meta(max_length=1024)]], Meta(max_length=256)] = {}


class Step(_Struct):
    """A step of the history: the document after a finished gesture."""

    name: Name
    session: Session


# --- from the page ------------------------------------------------------------------------------------------------------

Revision = Annotated[int, Meta(ge=0, le=2**53)]


class Render(_Struct, tag_field="type", tag="render"):
    """Play this take instead of the one before: a gesture that is not finished. A newer one cancels an older.

    heard: where the page plays, or will.
    """

    revision: Revision
    take: Take
    heard: Seconds = 0.0


class Save(_Struct, tag_field="type", tag="save"):
    """The document after a finished gesture: it is saved, and its take rendered.

    name: of the new step of the history, which follows step `at`. null: step `at` was walked to.
    """

    revision: Revision
    session: Session
    at: Annotated[int, Meta(ge=-1, le=MOST_STEPS)] = -1
    name: Name | None = None
    heard: Seconds = 0.0


class Cancel(_Struct, tag_field="type", tag="cancel"):
    """Stop rendering; what has been rendered stays."""


ToServer = Render | Save | Cancel


# --- to the page --------------------------------------------------------------------------------------------------------


class ParameterInfo(_Struct):
    """A control of an operator, see melisma.latent.operators.Parameter. `rest`: at which the operator does nothing."""

    name: str
    unit: str
    kind: Literal["number", "integer", "switch"]
    minimum: float
    maximum: float
    default: float
    rest: float
    summary: str


class OperatorInfo(_Struct):
    """An operator of the panel, and whether it acts on latents and on the loudness."""

    name: str
    summary: str
    parameters: tuple[ParameterInfo, ...]
    latents: bool
    loudness: bool


class ModelInfo(_Struct):
    """A model of the menu. `ranges`: 1st and 99th percentile of each latent on what it was trained on. `hertz`: the middle of
    each mel band, lowest first. `timbre`: the latents that shape the spectrum's envelope; the others shape what is in it,
    pitch above all. null: not known. `map`: whether there is a map of its domain. `remark`: what its own training says against
    it, such as that it is not usable yet."""

    name: str
    rate: int
    hop: int
    bands: int
    hertz: tuple[float, ...]
    ranges: tuple[tuple[float, float], ...]
    timbre: tuple[int, ...] | None
    map: bool
    about: str
    remark: str


class SoundInfo(_Struct):
    """The answer to an upload."""

    sound: SoundRef
    seconds: float
    rate: int
    channels: int
    notes: tuple[str, ...] = ()  # what there is to say: cut short, channels that cancel


class Outline(_Struct):
    """A sound as a small picture: its lowest and highest samples in stretches of equal length."""

    seconds: float
    rate: int
    low: tuple[float, ...]
    high: tuple[float, ...]


class Effect(_Struct):
    """What a latent does from −2 σ to +2 σ: by how much its sound gets brighter (octaves of its middle) and louder (dB).

    up: 1 if that is brighter, or else louder; −1 if it is darker: lanes are turned so that up is brighter. picture: the mels on
    the way, a byte a band, each one's bands together, lowest first.
    """

    up: Literal[1, -1]
    octaves: float
    decibels: float
    picture: bytes


class Effects(_Struct):
    """Of all latents of a model. `steps`: mels in each picture."""

    steps: int
    bands: int
    latents: tuple[Effect, ...]


class MapInfo(_Struct):
    """A model's map: where its points lie, from 0 to 1, x to the right, y downwards; and how latents z lie in it: to the right
    axes[0] · z + offsets[0], downwards axes[1] · z + offsets[1]."""

    points: tuple[tuple[float, float], ...]
    axes: tuple[tuple[float, ...], tuple[float, ...]]
    offsets: tuple[float, float]


class Hello(_Struct, tag_field="type", tag="hello"):
    """The first message: what there is to play with, and the history as it was autosaved; the session is step `at` of it."""

    version: int
    history: tuple[Step, ...]
    at: int
    models: tuple[ModelInfo, ...]
    operators: tuple[OperatorInfo, ...]
    examples: tuple[str, ...]
    most_seconds: float


class Failed(_Struct, tag_field="type", tag="failed"):
    """A take that cannot be rendered, or a message that is none: one sentence."""

    revision: Revision | None
    message: str


class Done(_Struct, tag_field="type", tag="done"):
    """All of this revision's sound has been sent. `milliseconds`: from its arrival on."""

    revision: Revision
    milliseconds: float


class Away(_Struct, tag_field="type", tag="away"):
    """Another tab has taken the session over."""


class Saved(_Struct, tag_field="type", tag="saved"):
    """The document of this revision is on the disk."""

    revision: Revision


FromServer = Hello | Failed | Done | Away | Saved


class Curves(_Struct, tag_field="type", tag="curves"):
    """Frames [first, first + n) of a path: float32 (n,) for each lane, the loudness last. `frames`: of the whole path.

    which: "inferred" from the input, "edited", or "result" (after the square). "kept": two rows, how strong fine structure
    and colour are that go along beside the edited latents, dB.
    """

    revision: Revision
    which: Literal["inferred", "edited", "result", "kept"]
    first: int
    frames: int
    lanes: int
    rate: float


class Samples(_Struct, tag_field="type", tag="samples"):
    """Float32 samples [first, first + n) of the result at the model's rate. `total`: of the whole.

    exact: false for those that are to be heard at once, and come again, exact, when what leads to them is rendered.
    """

    revision: Revision
    first: int
    total: int
    exact: bool


class Mel(_Struct, tag_field="type", tag="mel"):
    """Frames [first, first + n) of the result's log-mel, a byte a band, a frame's bands together, lowest first."""

    revision: Revision
    first: int
    frames: int
    bands: int


Binary = Curves | Samples | Mel

# what the page's side is generated from, in its order
ALIASES = {"Edit": Edit, "Corner": Corner, "ToServer": ToServer, "FromServer": FromServer, "Binary": Binary}


def read(data: bytes | str, kind: type) -> msgspec.Struct:
    """JSON → a struct of that kind (or union of kinds). MelismaError says what is wrong, and where in it."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadValue(f"that is not what the studio understands: {error}") from None


def shown(given: str) -> str:
    """What was given, as a sentence can hold it."""
    return repr(given if len(given) <= 40 else given[:40] + "…")


def text(message: msgspec.Struct) -> str:
    return msgspec.json.encode(message).decode()


def binary(header: msgspec.Struct, body: bytes | memoryview) -> bytes:
    """A binary message."""
    head = msgspec.json.encode(header)
    head += b" " * (-len(head) % 4)
    return b"".join((struct.pack("<I", len(head)), head, body))


def parts(message: bytes) -> tuple[msgspec.Struct, memoryview]:
    """A binary message → its header and its body."""
    (length,) = struct.unpack_from("<I", message)
    return read(message[4 : 4 + length], Binary), memoryview(message)[4 + length :]  # type: ignore[arg-type]
