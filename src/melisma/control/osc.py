"""OSC 1.0 over UDP, on this machine alone: a datagram in, the datagrams of the answer out.

Nothing that comes in is fatal: what is wrong is answered by /melisma/error with one sentence. Bundles are taken at once, whatever
their time. The addresses: docs/reference/osc.md, which `docs/tables.py` makes of the table and of NOTES below.
"""

from __future__ import annotations

import math
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import BadValue, MelismaError, NotFound, Unavailable, extra
from .surface import Surface
from .table import ROOT

LARGEST = 65507  # bytes of a UDP datagram
MOST_MESSAGES = 1024  # in one bundle
ERROR = ROOT + "error"
# address under /melisma/ → arguments, what it does
NOTES = {
    "note": ("NOTE VELOCITY [CHANNEL]", "a note begins, and with velocity 0 it ends; both 0 to 127, as in MIDI"),
    "note/off": ("NOTE [CHANNEL]", "the note ends"),
    "bend": ("SEMITONES [CHANNEL]", "the pitch of a channel's notes, as far as its wheel goes (exciter/bend)"),
    "pressure": ("AMOUNT [CHANNEL]", "0 to 1: how hard a channel's keys are pressed"),
    "midi": ("BYTES", "any short MIDI message: an OSC value of type m, or its bytes as numbers"),
    "silence": ("", "all notes end at once"),
    "get": ("[NAME]", "answered by each parameter's address and value: of a name or an address, or of all"),
    "set": ("NAME VALUE", "a parameter by the name that it has elsewhere, such as bias.3"),
    "learn": ("NAME", "the next knob that moves turns this parameter"),
}


class Osc:
    """Answers datagrams for a surface."""

    def __init__(self, surface: Surface):
        with extra("live"):
            import pythonosc.osc_packet  # noqa: F401
        self._surface = surface
        self._takes: dict[str, Callable[[list[Any]], list[bytes]]] = {
            "note": self._note,
            "note/off": self._note_off,
            "bend": self._bend,
            "pressure": self._pressure,
            "midi": self._midi,
            "silence": self._silence,
            "get": self._get,
            "set": self._set,
            "learn": self._learn,
        }

    def answer(self, datagram: bytes) -> list[bytes]:
        """Do what it says → what to send back."""
        from pythonosc.osc_packet import OscPacket

        try:
            told = [timed.message for timed in OscPacket(datagram).messages]
        except Exception as error:  # the parser raises whatever it stumbles over
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            return [_error(f"a datagram of {len(datagram)} bytes is no OSC ({reason}): send OSC 1.0 over UDP")]
        if len(told) > MOST_MESSAGES:
            return [_error(f"a bundle holds {len(told)} messages: send {MOST_MESSAGES} at most")]
        return [answer for message in told for answer in self._take(message.address, list(message.params))]

    def _take(self, address: str, values: list[Any]) -> list[bytes]:
        try:
            if take := self._takes.get(address.removeprefix(ROOT)) if address.startswith(ROOT) else None:
                return take(values)
            row = self._surface.table.at(address)
            if row is None:
                raise self._unknown(address)
            if not values:  # OSC's own way to ask
                return [_message(address, self._surface.get(row.name))]
            self._surface.set(row.name, _number(_only(values, 1, 1, "VALUE")[0], "its value"))
            return []
        except MelismaError as error:
            return [_error(f"{address[:200]}: {error}")]

    def _unknown(self, address: str) -> MelismaError:
        if any(sign in address for sign in "*?[]{}"):
            return BadValue("patterns are not understood here; write the address out")
        if not address.startswith(ROOT):
            return NotFound(f"it is none of Melisma's addresses, which begin with {ROOT}")
        name = address.removeprefix(ROOT)
        try:
            self._surface.table.find(name.replace("/", "."))
        except NotFound as error:
            return error
        return NotFound(f"there is nothing at it; {ROOT}get lists what there is")

    # --- what is no parameter ---

    def _note(self, values: list[Any]) -> list[bytes]:
        note, velocity, channel = _numbers(values, (("the note", 127), ("the velocity", 127)), "NOTE VELOCITY [CHANNEL]")
        self._surface.midi(bytes([(0x90 if velocity else 0x80) | channel, note, velocity]))
        return []

    def _note_off(self, values: list[Any]) -> list[bytes]:
        note, channel = _numbers(values, (("the note", 127),), "NOTE [CHANNEL]")
        self._surface.midi(bytes([0x80 | channel, note, 0]))
        return []

    def _bend(self, values: list[Any]) -> list[bytes]:
        told = _only(values, 1, 2, "SEMITONES [CHANNEL]")
        reach = self._surface.get("exciter.bend")
        semitones = _number(told[0], "the bend")
        if abs(semitones) > reach:
            raise BadValue(f"{semitones:g} semitones are further than the wheel goes, ±{reach:g}; turn exciter.bend up")
        wheel = 8192 + round(8191 * semitones / reach) if reach else 8192
        self._surface.midi(bytes([0xE0 | _channel(told[1:]), wheel & 127, wheel >> 7]))
        return []

    def _pressure(self, values: list[Any]) -> list[bytes]:
        told = _only(values, 1, 2, "AMOUNT [CHANNEL]")
        amount = _number(told[0], "the pressure")
        if not 0 <= amount <= 1:
            raise BadValue(f"the pressure is {amount:g}; give 0 to 1")
        self._surface.midi(bytes([0xD0 | _channel(told[1:]), round(127 * amount)]))
        return []

    def _midi(self, values: list[Any]) -> list[bytes]:
        if len(values) == 1 and isinstance(values[0], (tuple, list)):  # type m: port, status, data, data
            values = list(values[0])[1:]
            values = values[: 2 if values and values[0] >> 4 in (0xC, 0xD) else 3]
        message = bytes(_whole(value, "a byte", 255) for value in values)
        if not 2 <= len(message) <= 3 or not 0x80 <= message[0] < 0xF0 or max(message[1:]) > 127:
            raise BadValue("that is no short MIDI message: give a status byte from 128 to 239 and one or two bytes up to 127")
        self._surface.midi(message)
        return []

    def _silence(self, values: list[Any]) -> list[bytes]:
        _only(values, 0, 0, "nothing")
        for channel in range(16):
            self._surface.midi(bytes([0xB0 | channel, 120, 0]))
        return []

    def _get(self, values: list[Any]) -> list[bytes]:
        if not values:
            return [_message(row.address, self._surface.get(row.name)) for row in self._surface.table.values()]
        row = self._surface.table.find(_name(_only(values, 0, 1, "[NAME]")[0]))
        return [_message(row.address, self._surface.get(row.name))]

    def _set(self, values: list[Any]) -> list[bytes]:
        name, value = _only(values, 2, 2, "NAME VALUE")
        self._surface.set(self._surface.table.find(_name(name)).name, _number(value, "its value"))
        return []

    def _learn(self, values: list[Any]) -> list[bytes]:
        self._surface.learn(self._surface.table.find(_name(_only(values, 1, 1, "NAME")[0])).name)
        return []


class Listener:
    """A thread that answers on a UDP port of this machine's loopback."""

    def __init__(self, surface: Surface, port: int):
        self._osc = Osc(surface)
        self._socket = listening(port)
        self._socket.settimeout(0.2)  # to look whether it is over
        self.port: int = self._socket.getsockname()[1]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="melisma-osc", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                datagram, sender = self._socket.recvfrom(LARGEST)
                for answer in self._osc.answer(datagram):
                    self._socket.sendto(answer, sender)
            except OSError:  # nothing came, or who asked does not listen any more, which some systems tell at the next call
                continue

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()


def listening(port: int) -> socket.socket:
    """A UDP socket on the loopback alone, port 0: any that is free; Unavailable where it is taken."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        made.close()
        reason = getattr(error, "strerror", None) or error
        raise Unavailable(f"UDP port {port} cannot be used ({reason}): choose another with --osc, or 0 for any") from error
    return made


# --- what messages hold ---


def _only(values: list[Any], least: int, most: int, wanted: str) -> list[Any]:
    if not least <= len(values) <= most:
        raise BadValue(f"it has {len(values)} values; give {wanted}")
    return values


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool):
        return float(value)
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        shown = f"{value!r}"[:60] if not isinstance(value, bytes) else f"{len(value)} bytes"
        raise BadValue(f"{what} is {shown}; give a number")
    return float(value)


def _whole(value: Any, what: str, most: int) -> int:
    number = _number(value, what)
    if not 0 <= number <= most or number != int(number):
        raise BadValue(f"{what} is {number:g}; give a whole number from 0 to {most}")
    return int(number)


def _channel(rest: list[Any]) -> int:
    """Channels are counted from 1, as in every text about MIDI → from 0."""
    if not rest:
        return 0
    number = _number(rest[0], "the channel")
    if not 1 <= number <= 16 or number != int(number):
        raise BadValue(f"the channel is {number:g}; give a whole number from 1 to 16")
    return int(number) - 1


def _numbers(values: list[Any], kinds: tuple[tuple[str, int], ...], wanted: str) -> Iterator[int]:
    told = _only(values, len(kinds), len(kinds) + 1, wanted)
    yield from (_whole(value, what, most) for value, (what, most) in zip(told, kinds))
    yield _channel(told[len(kinds) :])


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue(f"the name is {value!r:.60}; give a text")
    return value


def _message(address: str, value: Any) -> bytes:
    from pythonosc.osc_message_builder import OscMessageBuilder

    builder = OscMessageBuilder(address)
    builder.add_arg(value)
    return builder.build().dgram


def _error(sentence: str) -> bytes:
    return _message(ERROR, sentence[:1000])
