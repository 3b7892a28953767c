"""The studio as OSC turns it: what comes goes to the page, which does it as if a hand had, and keeps it in its history.

The page has the session in hand; so what is asked for here is what the page saved last, a moment after something was turned.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from ..control.table import Table
from ..errors import BadValue, Unavailable
from ..latent.declare import Parameter
from ..latent.live import LIVE, LIVE_OF_LATENTS
from .document import Operate, Target
from .protocol import Turned
from .session import puck_at

if TYPE_CHECKING:
    from .connection import Connection
    from .document import Session
    from .models import Models
    from .workspace import Workspace

PLACES = tuple(
    Parameter(f"{panel}.{axis}", "", default, 0, 1, summary=f"where the puck is {where}, from {ends}")
    for panel, where, default in (("puck", "on the square", 0.0), ("map", "on the map of the domain", 0.5))
    for axis, ends in (("x", "left to right"), ("y", "above to below"))
)


@functools.cache
def table(latents: int) -> Table:
    """What OSC may turn of a session whose model has so many latents."""
    shared = {p.name: p for p in LIVE if p.name in ("domain", "fine", "colour")}
    lanes = [replace(p, name=f"{p.name}.{n}") for p in LIVE_OF_LATENTS for n in range(1, latents + 1)]
    return Table([*shared.values(), *PLACES, *lanes])


class Studio(Protocol):
    """What is asked of the studio (server.py)."""

    models: Models
    workspace: Workspace
    connection: Connection | None


class StudioSurface:
    """A surface (control/surface.py)."""

    by: Literal["OSC", "MIDI"] = "OSC"

    def __init__(self, studio: Studio):
        self._studio = studio

    @property
    def table(self) -> Table:
        return table(self._studio.models.open(self._session().take.model).latents)

    def _session(self) -> Session:
        return self._studio.workspace.opened()

    def get(self, name: str) -> float:
        take = self._session().take
        panel, _, rest = self.table.find(name).name.partition(".")
        if not rest:
            return {"domain": take.domain, "fine": take.fine, "colour": take.colour}[panel]
        if panel in ("puck", "map"):
            puck = take.square.puck if panel == "puck" else take.map.puck
            return float(puck_at(puck, np.zeros(1))["xy".index(rest)][0])
        on = Target(lanes=(int(rest) - 1,))
        for edit in reversed(take.edits):  # as the page finds the one that its panel shows
            if not isinstance(edit, Operate) or edit.on != on:
                break
            if edit.operator == panel:
                return float(next(iter(edit.values.values())))
        return self.table[name].default

    def set(self, name: str, value: float) -> None:
        row = self.table.find(name)
        page = self._studio.connection
        if page is None:
            raise Unavailable("no page has the session open: open the studio's address in a browser")
        page.tell(Turned(row.name, min(max(value, row.minimum), row.maximum), self.by))

    def midi(self, message: bytes) -> None:
        raise BadValue("the studio plays no notes: melisma live does")

    def learn(self, name: str) -> None:
        raise BadValue("knobs are learnt on the studio's page")


class KnobSurface(StudioSurface):
    """What the user's MIDI map turns: a controller that is not in it does nothing."""

    by = "MIDI"

    def midi(self, message: bytes) -> None:
        """No notes are played here."""
