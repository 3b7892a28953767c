"""What can be turned from outside, by name and by OSC address: made of the parameters' own declaration, nothing is listed twice.

A stream's parameter keeps its name; the exciter's stand behind "exciter.", as in a state. An address has strokes for dots, and
the latents' parameters stand under their latent: `bias.3` is /melisma/latent/3/bias.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..errors import NotFound

ROOT = "/melisma/"
EXCITER = "exciter."
_LATENT = re.compile(r"(\w+)\.(\d+)")


class Declared(Protocol):
    """A parameter as the core lists it, or as an operator declares it."""

    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def minimum(self) -> float | None: ...
    @property
    def maximum(self) -> float | None: ...
    @property
    def default(self) -> float: ...


@dataclass(frozen=True)
class Row:
    """One parameter: its name, where OSC finds it, and its range."""

    name: str
    address: str
    unit: str
    minimum: float
    maximum: float
    default: float
    whole: bool
    summary: str

    @property
    def of_exciter(self) -> bool:
        return self.name.startswith(EXCITER)

    @property
    def bare(self) -> str:
        """As its owner, the stream or the exciter, calls it."""
        return self.name.removeprefix(EXCITER)

    @property
    def log(self) -> bool:
        """Whether equal turns of a knob are equal ratios: frequencies and times."""
        return self.unit in ("Hz", "s") and self.minimum > 0


def address_of(name: str) -> str:
    """A parameter's name → its address."""
    latent = _LATENT.fullmatch(name)
    path = f"latent/{latent[2]}/{latent[1]}" if latent else name.replace(".", "/")
    return ROOT + path


class Table(Mapping[str, Row]):
    """Rows by name, in the order of their declaration."""

    def __init__(self, stream: Iterable[Declared], exciter: Iterable[Declared] = ()):
        self._rows: dict[str, Row] = {}
        for prefix, parameters in (("", stream), (EXCITER, exciter)):
            for p in parameters:
                name = prefix + p.name
                whole = bool(getattr(p, "whole", False))
                low = -math.inf if p.minimum is None else p.minimum
                high = math.inf if p.maximum is None else p.maximum
                self._rows[name] = Row(name, address_of(name), p.unit, low, high, p.default, whole, p.summary)
        self._addresses = {row.address: row for row in self._rows.values()}

    def __getitem__(self, name: str) -> Row:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def at(self, address: str) -> Row | None:
        """The row of an OSC address."""
        return self._addresses.get(address)

    def find(self, text: str) -> Row:
        """A name, one of the exciter's without "exciter.", or an address; NotFound says what comes near."""
        row = self._rows.get(text) or self._rows.get(EXCITER + text) or self._addresses.get(text)
        if row is None:
            near = difflib.get_close_matches(text, [*self._rows, *(row.bare for row in self._rows.values())], 3)
            hint = f"did you mean {' or '.join(dict.fromkeys(near))}?" if near else f"there are {', '.join(self.short())}"
            raise NotFound(f"there is no parameter {text!r}; {hint}")
        return row

    def short(self) -> list[str]:
        """The names, those of the latents once."""
        return list(dict.fromkeys(_LATENT.sub(r"\1.N", name) for name in self._rows))
