"""The history of the session, kept as it is made: undo goes on after a reload, and after a killed server.

`history.jsonl` in the studio's folder has a line for every step, and for every walk to one. What a full disk or a
stopped machine left of a line is cut off before the next is written, and what could not be written is written then.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from itertools import zip_longest
from pathlib import Path

import msgspec

from ..errors import MelismaError
from ..system.atomic import aside, atomic
from .document import MOST_STEPS, Session, Step, Take, read

MOST_BYTES = 16 << 20  # of the steps that are taken up again; the newest are
MOST_SHOWN = 64 << 20  # bytes of the steps that a page is shown, in one message


class _Line(msgspec.Struct, frozen=True):
    """A step after step `at`, whose followers are gone; or, without a session, a walk to step `at`."""

    at: int
    name: str = ""
    session: Session | None = None


class Journal:
    """Steps in their order and where in them we are. `current`: the autosaved document, which the history ends up at."""

    def __init__(self, file: Path, current: Session | None = None):
        self._file, self._lock = file, threading.Lock()
        self._end = 0  # of what the file holds whole
        self._waiting: list[_Line] = []  # what it does not hold yet
        self._anew = True  # whether the file as a whole is to be written
        self.steps: tuple[Step, ...] = ()
        self.at = 0
        self._replay()
        self._within(MOST_BYTES)
        if current is not None and (not self.steps or self.steps[self.at].session != current):
            self._follow(self.at, Step("Restored", current))
        with contextlib.suppress(MelismaError, OSError):  # a full disk: what is there stays; the next step tries again
            self.write()  # without what was undone and forgotten, or is too old

    @property
    def session(self) -> Session | None:
        """The document where we are; None at the very beginning."""
        return self.steps[self.at].session if self.steps else None

    def keep(self, at: int, name: str | None, session: Session) -> None:
        """`note`, and `write`."""
        self.note(at, name, session)
        self.write()

    def note(self, at: int, name: str | None, session: Session) -> None:
        """One step more after step `at`; or, without a name, step `at` again, which holds this session. Not on the disk yet."""
        with self._lock:
            if name is None and 0 <= at < len(self.steps) and self.steps[at].session == session:
                if at == self.at:
                    return
                self.at = at
                self._waiting.append(_Line(at))
            else:
                line = _Line(min(at, len(self.steps) - 1), name or "Restored", session)
                self._follow(line.at, Step(line.name, session))
                self._waiting.append(msgspec.structs.replace(line, session=self.session))

    def shown(self) -> tuple[tuple[Step, ...], int]:
        """The steps for a page that comes, and where in them we are: without the oldest, where they are more than it can read."""
        with self._lock:
            before = len(self.steps)
            self._within(MOST_SHOWN)
            self._anew |= len(self.steps) < before
            return self.steps, self.at

    def write(self) -> None:
        """All that was noted is on the disk when this returns. OSError or MelismaError if it is not: a later call tries again."""
        with self._lock:
            if self._anew or len(self._waiting) > MOST_STEPS or not self._file.is_file():
                return self._rewrite()
            if not self._waiting:
                return
            with self._file.open("r+b") as out:
                if out.seek(0, os.SEEK_END) < self._end:  # somebody emptied it
                    return self._rewrite()
                out.truncate(self._end)
                out.seek(self._end)
                out.write(data := _encoded(self._waiting))
                out.flush()
                os.fsync(out.fileno())
            self._end += len(data)
            self._waiting.clear()

    def _follow(self, at: int, step: Step) -> None:
        if 0 <= at < len(self.steps):
            step = Step(step.name, sharing(step.session, self.steps[at].session))
        self.steps = (*self.steps[: at + 1], step)[-MOST_STEPS:]
        self.at = len(self.steps) - 1

    def _replay(self) -> None:
        """What the file holds. A line that cannot be read is left out, what follows it is not; the file is put aside then."""
        if not self._file.is_file():
            return
        unread, torn = 0, False
        for text in self._file.read_bytes().splitlines():
            unread += torn  # the last line may be torn: it was never said to be saved
            try:
                line: _Line = read(text, _Line)  # type: ignore[assignment]
            except MelismaError:
                torn = True
                continue
            torn = False
            if line.session is not None:
                self._follow(line.at, Step(line.name or "Restored", line.session))
            elif 0 <= line.at < len(self.steps):
                self.at = line.at
        if unread:
            with contextlib.suppress(OSError):
                shutil.copyfile(self._file, aside(self._file))

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
        lines = [_Line(k - 1, step.name, step.session) for k, step in enumerate(self.steps)]
        data = _encoded([*lines, _Line(self.at)]) if lines else b""
        with atomic(self._file) as temporary:
            temporary.write_bytes(data)
        self._end, self._anew = len(data), False
        self._waiting.clear()


def _encoded(lines: list[_Line]) -> bytes:
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def sharing(session: Session, before: Session) -> Session:
    """The session, with the very parts of the one before wherever they are equal: in memory a history has each edit once."""
    take, kept = _sharing(session.take, before.take), {one.name: one for one in before.snapshots}
    snapshots = []
    for one in session.snapshots:
        old = kept.get(one.name)
        snapshots.append(old if old == one else msgspec.structs.replace(one, take=_sharing(one.take, old.take if old else take)))
    return msgspec.structs.replace(session, take=take, snapshots=tuple(snapshots))


def _sharing(take: Take, before: Take) -> Take:
    if take == before:
        return before
    olds = zip_longest(take.edits, before.edits[: len(take.edits)])
    square = before.square if take.square == before.square else take.square
    return msgspec.structs.replace(take, edits=tuple(old if old == edit else edit for edit, old in olds), square=square)
