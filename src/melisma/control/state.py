"""All that sounds, as a small text: the state of hosts/common, which every host writes and reads.

`melisma-state 1`, then lines: `model NAME`, `bypassed`, `set NAME BITS` for the stream and `exciter.NAME BITS` for the exciter
(a float's bits in hexadecimal), `midi JSON` for the map. Lines that are not known are left out; what is not in it is as it is at
first.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import Damaged
from ..system.atomic import atomic
from . import midimap
from .files import text_of
from .midimap import Knob
from .table import EXCITER

HEAD = "melisma-state 1"
LARGEST = 1 << 20  # bytes


@dataclass(frozen=True)
class State:
    """What a state holds. values: by name, the exciter's behind "exciter."."""

    model: str | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    knobs: tuple[Knob, ...] | None = None  # None: it has no map


def as_text(state: State) -> str:
    lines = [HEAD]
    if state.model is not None:
        lines.append(f"model {state.model}")
    for name, value in state.values.items():
        lines.append(f"{name if name.startswith(EXCITER) else f'set {name}'} {_bits(value)}")
    if state.knobs is not None:
        lines.append(f"midi {' '.join(midimap.as_text(state.knobs).split())}")
    return "\n".join(lines) + "\n"


def from_text(text: str, called: str) -> State:
    """MelismaError where it is no state, or one of a newer version."""
    head, _, rest = text.partition("\n")
    if head != HEAD:
        raise Damaged(f"{called} is no state of a Melisma, or one of a newer version: name another file")
    model: str | None = None
    values: dict[str, float] = {}
    knobs: tuple[Knob, ...] | None = None
    for line in rest.split("\n"):
        word, _, value = line.partition(" ")
        if word == "model":
            model = value
        elif word == "midi":
            knobs = midimap.from_text(value, f"{called}, its MIDI map,")
        elif word == "set" or word.startswith(EXCITER):
            name, _, digits = (value if word == "set" else line).rpartition(" ")
            number = _float(digits)
            if number is not None and name:
                values[name] = number
    return State(model, values, knobs)


def load(file: str | os.PathLike[str]) -> State:
    return from_text(text_of(file, LARGEST, "a state that a host of Melisma's wrote"), str(file))


def save(file: str | os.PathLike[str], state: State) -> None:
    """Write it, whole or not at all."""
    with atomic(file) as temporary:
        temporary.write_text(as_text(state), encoding="utf-8")


def _bits(value: float) -> str:
    return struct.pack(">f", value).hex()


def _float(digits: str) -> float | None:
    try:
        (value,) = struct.unpack(">f", bytes.fromhex(digits)) if len(digits) == 8 else (float("nan"),)
    except ValueError:
        return None
    return value if value - value == 0 else None
