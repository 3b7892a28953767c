"""Small texts that a user names: read whole, or refused in a sentence."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import Damaged, DiskError, NotFound


def text_of(file: str | os.PathLike[str], largest: int, what: str) -> str:
    """The text of `what`, such as "a MIDI map". NotFound, DiskError; Damaged for more than `largest` bytes, or no text."""
    path = Path(file)
    if not path.is_file():
        raise NotFound(f"{path} is not a file; give {what}")
    try:
        with open(path, "rb") as source:
            data = source.read(largest + 1)
    except OSError as error:
        raise DiskError(f"{path} could not be read ({error.strerror or error}); check its permissions") from None
    try:
        if len(data) <= largest:
            return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    raise Damaged(f"{path} is not {what}: name another file")
