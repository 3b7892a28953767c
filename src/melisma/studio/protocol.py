"""What the page and the server say to each other. The page's side of it, studio/src/lib/protocol.ts, is written by
`python -m melisma.studio.typescript`; a test holds them together. What they speak of is in document.py.

**The wire.** Text messages are JSON objects told apart by `type`. Binary messages are the length of a header (uint32),
the header (JSON, padded with spaces so that what follows lies at a multiple of 4), and numbers; all little-endian.
"""

from __future__ import annotations

import struct
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from .document import MOST_STEPS, Corner, Edit, Name, Seconds, Session, SoundRef, Step, Struct, Take, read

VERSION = 1

Revision = Annotated[int, Meta(ge=0, le=2**53)]

# --- from the page ------------------------------------------------------------------------------------------------------


class Render(Struct, tag_field="type", tag="render"):
    """Play this take instead of the one before: a gesture that is not finished. A newer one cancels an older.

    heard: where the page plays, or will.
    """

    revision: Revision
    take: Take
    heard: Seconds = 0.0


class Save(Struct, tag_field="type", tag="save"):
    """The document after a finished gesture: it is saved, and its take rendered.

    name: of the new step of the history, which follows step `at`. null: step `at` was walked to.
    """

    revision: Revision
    session: Session
    at: Annotated[int, Meta(ge=-1, le=MOST_STEPS)] = -1
    name: Name | None = None
    heard: Seconds = 0.0


class Cancel(Struct, tag_field="type", tag="cancel"):
    """Stop rendering; what has been rendered stays."""


class Controller(Struct, tag_field="type", tag="controller"):
    """A MIDI controller that nothing on the page is bound to: the user's MIDI map may turn something by it."""

    channel: Annotated[int, Meta(ge=1, le=16)]
    number: Annotated[int, Meta(ge=0, le=127)]
    value: Annotated[int, Meta(ge=0, le=127)]


ToServer = Render | Save | Cancel | Controller


# --- to the page --------------------------------------------------------------------------------------------------------


class ParameterInfo(Struct):
    """A control of an operator, see melisma.latent.operators.Parameter. `rest`: at which the operator does nothing."""

    name: str
    unit: str
    kind: Literal["number", "integer", "switch"]
    minimum: float
    maximum: float
    default: float
    rest: float
    summary: str


class OperatorInfo(Struct):
    """An operator of the panel, and whether it acts on latents and on the loudness."""

    name: str
    summary: str
    parameters: tuple[ParameterInfo, ...]
    latents: bool
    loudness: bool


class ModelInfo(Struct):
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


class SoundInfo(Struct):
    """The answer to an upload."""

    sound: SoundRef
    seconds: float
    rate: int
    channels: int
    notes: tuple[str, ...] = ()  # what there is to say: cut short, channels that cancel


class Outline(Struct):
    """A sound as a small picture: its lowest and highest samples in stretches of equal length."""

    seconds: float
    rate: int
    low: tuple[float, ...]
    high: tuple[float, ...]


class Effect(Struct):
    """What a latent does from −2 σ to +2 σ: by how much its sound gets brighter (octaves of its middle) and louder (dB).

    up: 1 if that is brighter, or else louder; −1 if it is darker: lanes are turned so that up is brighter. picture: the mels on
    the way, a byte a band, each one's bands together, lowest first.
    """

    up: Literal[1, -1]
    octaves: float
    decibels: float
    picture: bytes


class Effects(Struct):
    """Of all latents of a model. `steps`: mels in each picture."""

    steps: int
    bands: int
    latents: tuple[Effect, ...]


class MapInfo(Struct):
    """A model's map: where its points lie, from 0 to 1, x to the right, y downwards; and how latents z lie in it: to the right
    axes[0] · z + offsets[0], downwards axes[1] · z + offsets[1]."""

    points: tuple[tuple[float, float], ...]
    axes: tuple[tuple[float, ...], tuple[float, ...]]
    offsets: tuple[float, float]


class Hello(Struct, tag_field="type", tag="hello"):
    """The first message: what there is to play with, and the history as it was autosaved; the session is step `at` of it."""

    version: int
    history: tuple[Step, ...]
    at: int
    models: tuple[ModelInfo, ...]
    operators: tuple[OperatorInfo, ...]
    examples: tuple[str, ...]
    most_seconds: float


class Failed(Struct, tag_field="type", tag="failed"):
    """A take that cannot be rendered, or a message that is none: one sentence."""

    revision: Revision | None
    message: str


class Done(Struct, tag_field="type", tag="done"):
    """All of this revision's sound has been sent. `milliseconds`: from its arrival on."""

    revision: Revision
    milliseconds: float


class Away(Struct, tag_field="type", tag="away"):
    """Another tab has taken the session over."""


class Saved(Struct, tag_field="type", tag="saved"):
    """The document of this revision is on the disk."""

    revision: Revision


class Turned(Struct, tag_field="type", tag="turned"):
    """By OSC or the MIDI map: "domain", "fine", "colour", "puck.x", "puck.y", "map.x", "map.y", "scale.N" or "bias.N".

    value: what it is to be.
    """

    name: str
    value: float
    by: Literal["OSC", "MIDI"] = "OSC"


FromServer = Hello | Failed | Done | Away | Saved | Turned


class Curves(Struct, tag_field="type", tag="curves"):
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


class Samples(Struct, tag_field="type", tag="samples"):
    """Float32 samples [first, first + n) of the result at the model's rate. `total`: of the whole.

    channels: a stereo sound's are one after the other, left first: of each so many samples.
    exact: false for those that are to be heard at once, and come again, exact, when what leads to them is rendered.
    """

    revision: Revision
    first: int
    total: int
    exact: bool
    channels: Literal[1, 2] = 1


class Mel(Struct, tag_field="type", tag="mel"):
    """Frames [first, first + n) of the result's log-mel, a byte a band, a frame's bands together, lowest first."""

    revision: Revision
    first: int
    frames: int
    bands: int


Binary = Curves | Samples | Mel

# what the page's side is generated from, in its order
ALIASES = {"Edit": Edit, "Corner": Corner, "ToServer": ToServer, "FromServer": FromServer, "Binary": Binary}


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
