"""What a studio works on: a library, the models, one session and its history."""

from __future__ import annotations

from pathlib import Path

from ..errors import BadValue
from .document import Session
from .journal import Journal
from .library import Library
from .models import Models

EXAMPLES = Path(__file__).parents[1] / "sounds"


class Workspace:
    """The session as it was left, and all that is needed to go on with it."""

    def __init__(self, library: Library):
        self.library, self.models = library, Models()
        restored = library.restore()
        self.journal = Journal(library.folder / "history.jsonl", restored)
        self.session: Session | None = restored or self.journal.session

    def keep(self, session: Session, at: int, name: str | None) -> None:
        """Autosave the session and its place in the history: both are on the disk when this returns.

        Where that fails the step is part of the history all the same, and comes to the disk with the next that can be written.
        """
        self.journal.note(at, name, session)
        self.library.save(session)
        self.journal.write()

    def opened(self) -> Session:
        """The session; MelismaError if there is none yet."""
        if self.session is None:
            raise BadValue("the session has no sound yet: drop one, record one, or open an example")
        return self.session


def examples() -> dict[str, Path]:
    """The sounds that come with the package, by name."""
    files = ("gpl/cat.flac", "mit/voice.flac", "cc0/bell.flac", "cc0/drums.flac", "gpl/horse.flac")
    return {Path(name).stem: EXAMPLES / name for name in files}
