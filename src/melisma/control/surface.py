"""What is controlled: whoever plays a model gives OSC and the MIDI map one of these."""

from __future__ import annotations

from typing import Protocol

from .table import Table


class Surface(Protocol):
    """Parameters by name, and notes. Called from any thread; nothing here waits for the audio."""

    @property
    def table(self) -> Table: ...

    def get(self, name: str) -> float:
        """What it stands at; NotFound for a name that is not in the table."""

    def set(self, name: str, value: float) -> None:
        """Kept within its range."""

    def midi(self, message: bytes) -> None:
        """A short MIDI message for what makes notes; BadValue where nothing does."""

    def learn(self, name: str) -> None:
        """The next knob that moves turns this parameter; BadValue where there are no knobs."""
