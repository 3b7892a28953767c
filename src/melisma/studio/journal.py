"""The history of the session, kept as it is made: undo goes on after a reload, and after a killed server.

`history.jsonl` in the studio's folder has a line for every step, and for every walk to one. A line is written whole or,
when the machine stops in the middle of it, ends the file: what comes before it holds.
"""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec

from ..errors import MelismaError
from ..system.atomic import atomic
from .protocol import MOST_STEPS, Session, Step, read

MOST_BYTES = 16 << 20  # of the steps that are taken up again; the newest are


class _Line(msgspec.Struct, frozen=True):
    """A step after step `at`, whose followers are gone; or, without a session, a walk to step `at`."""

    at: int
    name: str = ""
    session: Session | None = None


class Journal:
    """Steps in their order and where in them we are. `current`: the autosaved document, which the history ends up at."""

    def __init__(self, file: Path, current: Session | None):
        self._file, self._lock = file, threading.Lock()
        self.steps: tuple[Step, ...] = ()
        self.at = 0
        if current is None:
            file.unlink(missing_ok=True)
            return
        self._replay()
        self._within(MOST_BYTES)
        if not self.steps or self.steps[self.at].session != current:
            self._follow(self.at, Step("Restored", current))
        self._rewrite()

    def keep(self, at: int, name: str | None, session: Session) -> None:
        """One step more after step `at`; or, without a name, step `at` again, which holds this session."""
        with self._lock:
            if name is None and 0 <= at < len(self.steps) and self.steps[at].session == session:
                if at == self.at:
                    return
                self.at = at
                line = _Line(at)
            else:
                line = _Line(min(at, len(self.steps) - 1), name or "Restored", session)
                self._follow(line.at, Step(line.name, session))
            with self._file.open("ab") as out:
                out.write(msgspec.json.encode(line) + b"\n")

    def _follow(self, at: int, step: Step) -> None:
        self.steps = (*self.steps[: at + 1], step)[-MOST_STEPS:]
        self.at = len(self.steps) - 1

    def _replay(self) -> None:
        if not self._file.is_file():
            return
        for text in self._file.read_bytes().splitlines():
            try:
                line: _Line = read(text, _Line)  # type: ignore[assignment]
            except MelismaError:
                break  # the end of what was written whole
            if line.session is not None:
                self._follow(line.at, Step(line.name or "Restored", line.session))
            elif 0 <= line.at < len(self.steps):
                self.at = line.at

    def _within(self, most: int) -> None:
        """The newest steps, and the one that we are at, of no more bytes than that."""
        first, size = len(self.steps), 0
        while first > 0:
            size += len(msgspec.json.encode(self.steps[first - 1]))
            if size > most and first <= self.at:
                break
            first -= 1
        self.steps, self.at = self.steps[first:], max(0, self.at - first)

    def _rewrite(self) -> None:
        """Without what was undone and forgotten, or too old."""
        lines = [_Line(k - 1, step.name, step.session) for k, step in enumerate(self.steps)]
        with atomic(self._file) as temporary:
            temporary.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in [*lines, _Line(self.at)]))
