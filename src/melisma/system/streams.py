"""The command's stdout and stderr: a reader that goes away stops nothing, and libraries below Python do not talk to the user.

libmpg123, OpenBLAS and fontconfig write to file descriptor 2 by themselves. The command moves its own stderr elsewhere and
leaves there a file that nobody sees, which a report of a bug takes its end from.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, TextIO

_aside: BinaryIO | None = None  # what libraries said
_stderr: int | None = None  # the user's stderr


class _Raw(io.FileIO):
    """Never fails at whoever writes: the work goes on, and what went wrong is told at the end."""

    failed: OSError | None = None

    def write(self, data) -> int:  # type: ignore[no-untyped-def]
        if self.failed is None:
            try:
                return super().write(data) or 0
            except OSError as error:
                self.failed = error
        return memoryview(data).nbytes


def take() -> None:
    """Once, as the command begins. Does nothing but choose what is printed for the unprintable where there is no POSIX."""
    if os.name != "posix":
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        return
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:  # closed: the next file that is opened would take its place, and be printed into
            os.open(os.devnull, os.O_RDWR)
    global _stderr, _aside
    sys.stdout = _text(1, sys.stdout)
    _stderr = os.dup(2)
    sys.stderr = _text(_stderr, sys.stderr)
    import tempfile

    try:
        _aside = tempfile.TemporaryFile()
    except OSError:
        _aside = open(os.devnull, "w+b")
    os.dup2(_aside.fileno(), 2)


def _text(number: int, before: TextIO | None) -> TextIO:
    raw = _Raw(number, "w", closefd=False)
    buffered = io.BufferedWriter(raw)
    encoding = getattr(before, "encoding", None) or "utf-8"
    return io.TextIOWrapper(buffered, encoding=encoding, errors="replace", line_buffering=raw.isatty() or number != 1)


@contextmanager
def for_children() -> Iterator[None]:
    """Programs that are started in this block write to the user's stderr, as their own."""
    if _stderr is None or _aside is None:
        yield
        return
    os.dup2(_stderr, 2)
    try:
        yield
    finally:
        os.dup2(_aside.fileno(), 2)


def overheard(most: int = 4000) -> str:
    """The end of what libraries said."""
    if _aside is None:
        return ""
    try:
        end = os.fstat(_aside.fileno()).st_size
        return os.pread(_aside.fileno(), most, max(0, end - most)).decode("utf-8", "replace")
    except OSError:
        return ""


def lost() -> OSError | None:
    """Why stdout does not hold all that was printed, if it is the disk's fault; None where the reader just went away."""
    stream = sys.stdout
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    if not isinstance(raw, _Raw):
        return None
    stream.flush()
    error = raw.failed
    return None if error is None or isinstance(error, BrokenPipeError) else error
