"""The MIDI map: which knob turns what, one for all hosts, a versioned JSON file in the user's folder and in a state.

A knob does nothing until it passes the value that the parameter has (soft takeover), so nothing jumps when a hand first touches
it, or after something else has turned the parameter. Messages that are no bound knob's go on to the exciter: notes, wheels,
pressures, MPE. Knobs have 7 bits, or 14: controllers 0 to 31 with their fine halves 32 to 63.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import BadValue, Damaged, MelismaError
from ..system.atomic import atomic
from ..system.home import home
from .files import text_of
from .surface import Surface
from .table import Row

VERSION = 1
FILE = "midi.json"
LARGEST = 1 << 20  # bytes
MOST = 512
CONTROL = 0xB0
RESERVED = frozenset({6, 38, *range(96, 102), *range(120, 128)})  # registered parameters and channel modes: never knobs


@dataclass(frozen=True)
class Knob:
    """One line of the map. channel 1 to 16, 0: any; low and high: what its ends stand for, None: the parameter's own range."""

    parameter: str
    controller: int
    channel: int = 0
    bits: int = 7
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        most = 31 if self.bits == 14 else 119
        kinds = ((self.controller, 0, most, "controller"), (self.channel, 0, 16, "channel"), (self.bits, 7, 14, "bits"))
        for value, low, high, what in kinds:
            if type(value) is not int or not low <= value <= high:
                raise BadValue(f"{what} is {value!r}; a whole number from {low} to {high} is needed")
        if self.bits not in (7, 14):
            raise BadValue(f"bits is {self.bits}; a knob has 7 or 14")
        if self.controller in RESERVED or (self.bits == 14 and self.controller + 32 in RESERVED):
            raise BadValue(f"controller {self.controller} is no knob: it says what other messages mean")
        if not isinstance(self.parameter, str) or not self.parameter or len(self.parameter) > 64:
            raise BadValue(f"parameter is {self.parameter!r:.80}; a name is needed")
        for end in (self.low, self.high):
            if end is not None and (isinstance(end, bool) or not isinstance(end, (int, float)) or not math.isfinite(end)):
                raise BadValue(f"an end of its range is {end!r:.40}; a number is needed")

    @property
    def steps(self) -> int:
        return (1 << self.bits) - 1

    def hears(self, channel: int) -> bool:
        return self.channel in (0, channel)

    def ends(self, row: Row) -> tuple[float, float]:
        return (row.minimum if self.low is None else self.low), (row.maximum if self.high is None else self.high)

    def value(self, position: float, row: Row) -> float:
        """Where it stands, 0 to 1 → the parameter's value."""
        low, high = self.ends(row)
        if row.log and min(low, high) > 0:
            value = low * (high / low) ** position
        else:
            value = low + position * (high - low)
        return float(round(value)) if row.whole else value

    def position(self, value: float, row: Row) -> float:
        """The parameter's value → where the knob would stand."""
        low, high = self.ends(row)
        if low == high:
            return 0.0
        if row.log and min(low, high, value) > 0:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)


# --- the file ---


def place() -> Path:
    """The user's map."""
    return home() / FILE


def as_text(knobs: tuple[Knob, ...]) -> str:
    """The map as JSON."""
    lines = [{name: value for name, value in asdict(knob).items() if value is not None} for knob in knobs]
    return json.dumps({"melisma-midi": VERSION, "knobs": lines}, indent=1) + "\n"


def from_text(text: str, called: str) -> tuple[Knob, ...]:
    """JSON → the map; MelismaError names what is wrong with it."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{called} is no MIDI map ({_first(error)}): mend it, or delete it and learn the knobs anew") from None
    version = told.get("melisma-midi") if isinstance(told, dict) else None
    if type(version) is not int or not 1 <= version <= VERSION:
        newer = type(version) is int and version > VERSION
        reason = f"is of version {version}, which this Melisma does not read" if newer else "is no MIDI map of Melisma's"
        raise Damaged(f"{called} {reason}: name another file, or delete it and learn the knobs anew")
    lines = told.get("knobs")
    if not isinstance(lines, list) or len(lines) > MOST:
        raise Damaged(f"{called} has no list of at most {MOST} knobs: mend it, or delete it and learn the knobs anew")
    knobs = []
    for number, line in enumerate(lines, 1):
        try:
            if not isinstance(line, dict):
                raise BadValue("it is no object")
            known = {name: line[name] for name in Knob.__dataclass_fields__ if name in line}
            knobs.append(Knob(**known))
        except (MelismaError, TypeError) as error:
            raise Damaged(f"{called}, knob {number}: {_first(error)}; mend it, or delete the line") from None
    return tuple(knobs)


def load(file: str | os.PathLike[str]) -> tuple[Knob, ...]:
    """A map's file; NotFound where there is none."""
    return from_text(text_of(file, LARGEST, "a MIDI map"), str(file))


def save(file: str | os.PathLike[str], knobs: tuple[Knob, ...]) -> None:
    """Write it, whole or not at all."""
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    with atomic(file) as temporary:
        temporary.write_text(as_text(knobs), encoding="utf-8")


def _first(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


# --- at work ---


class Knobs:
    """A map at work on a surface. `receive` may be called from the MIDI's thread, `learn` from any."""

    def __init__(self, surface: Surface, knobs: tuple[Knob, ...] = (), learnt: Callable[[Knob], None] | None = None):
        """learnt is told of each knob that `learn` binds."""
        self._surface, self._learnt = surface, learnt
        self._lock = threading.Lock()
        self._knobs = knobs
        self._hands: dict[Knob, _Hand] = {}
        self._coarse: dict[tuple[int, int], int] = {}  # the high half of a controller's 14 bits
        self._wanted: list[str] = []
        self._given: set[tuple[int, int]] = set()  # knobs learnt since, which go on moving, and their fine halves
        self._fresh: tuple[Knob, int] | None = None  # learnt just now, and on which channel: its fine half may follow

    @property
    def knobs(self) -> tuple[Knob, ...]:
        return self._knobs

    @knobs.setter
    def knobs(self, knobs: tuple[Knob, ...]) -> None:
        with self._lock:
            self._knobs, self._hands, self._fresh = knobs, {}, None

    def learn(self, parameter: str) -> None:
        """The next knob that moves turns this parameter; several are learnt one after the other."""
        self._surface.table.find(parameter)
        with self._lock:
            if not self._wanted:
                self._given = set()
            self._wanted.append(parameter)

    @property
    def learning(self) -> str | None:
        """What the next knob will turn."""
        wanted = self._wanted
        return wanted[0] if wanted else None

    def receive(self, message: bytes) -> None:
        """A short MIDI message: a bound knob turns its parameter, all else goes on to what makes notes."""
        knob = len(message) == 3 and message[0] & 0xF0 == CONTROL and message[1] not in RESERVED
        if not (knob and self._turned((message[0] & 15) + 1, message[1], message[2])):
            self._surface.midi(message)

    def _turned(self, channel: int, controller: int, value: int) -> bool:
        """Whether a knob of the map was moved, or learnt."""
        with self._lock:
            taken = self._learns(channel, controller)
            if controller < 32:
                self._coarse[channel, controller] = value
            for knob in self._knobs:
                if not knob.hears(channel):
                    continue
                if knob.bits == 7 and knob.controller == controller:
                    taken = True
                    self._turn(knob, channel, value)
                elif knob.bits == 14 and controller in (knob.controller, knob.controller + 32):
                    taken = True
                    if controller != knob.controller:  # the fine half comes last
                        self._turn(knob, channel, self._coarse.get((channel, knob.controller), 0) << 7 | value)
            return taken

    def _turn(self, knob: Knob, channel: int, value: int) -> None:
        row = self._surface.table.get(knob.parameter)
        if row is None:  # of a model with more latents, or of another host
            return
        hand = self._hands.setdefault(knob, _Hand())
        position = value / knob.steps
        if hand.takes(position, knob.position(self._surface.get(row.name), row), 1.5 / knob.steps):
            self._surface.set(row.name, knob.value(position, row))
            hand.left = knob.position(self._surface.get(row.name), row)

    def _learns(self, channel: int, controller: int) -> bool:
        if self._fresh:
            (knob, heard), self._fresh = self._fresh, None
            if (heard, knob.controller + 32) == (channel, controller):
                fine = Knob(knob.parameter, knob.controller, knob.channel, 14, knob.low, knob.high)
                self._bind(fine)
                return True
        if not self._wanted or (channel, controller) in self._given:
            return False
        knob = Knob(self._wanted.pop(0), controller, channel)
        self._given |= {(channel, controller), (channel, controller + 32)}
        self._bind(knob)
        if controller < 32 and controller + 32 not in RESERVED:
            self._fresh = knob, channel
        return True

    def _bind(self, knob: Knob) -> None:
        """A knob turns one thing, and a thing is turned by one knob."""

        def same(other: Knob) -> bool:
            return other.parameter == knob.parameter or (other.controller == knob.controller and other.hears(knob.channel))

        self._knobs = (*(other for other in self._knobs if not same(other)), knob)
        self._hands.pop(knob, None)
        if self._learnt:
            self._learnt(knob)


class _Hand:
    """Where a knob was seen, and where it left its parameter."""

    def __init__(self) -> None:
        self.seen: float | None = None
        self.left: float | None = None

    def takes(self, position: float, stands: float, near: float) -> bool:
        """Whether a knob that moves to this position has the parameter, which stands there, in hand."""
        before, self.seen = self.seen, position
        if self.left is not None and abs(stands - self.left) <= near / 8:
            return True
        self.left = None
        passed = before is not None and min(before, position) - near <= stands <= max(before, position) + near
        return passed or abs(position - stands) <= near
