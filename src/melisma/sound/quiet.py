"""What decoders print past everything that Python could be told: libmpg123 to stderr, libsndfile's ALAC to stdout."""

from __future__ import annotations

import ctypes
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_ONE = threading.Lock()  # both are the process's: one thread at a time puts them aside
_THEIRS = {
    1: re.compile(rb"^alac_\w+ \d+ : "),
    2: re.compile(rb"^\s*$|mpg123|^(Note|Warning|ERROR|error): |Xing|Frankenstein|^\[.*\] (error|warning|debug)"),
}


@contextmanager
def without_decoders_lines() -> Iterator[None]:
    """Within it, what decoders print is dropped; what others print meanwhile comes out at the end."""
    with _ONE, ExitStack() as stack:
        for number in _THEIRS:
            stack.enter_context(_aside(number))
        yield


@contextmanager
def _aside(number: int) -> Iterator[None]:
    try:
        kept = os.dup(number)
    except OSError:  # it is closed: nothing can be written to it
        yield
        return
    with tempfile.TemporaryFile() as aside:
        _flush(number)
        os.dup2(aside.fileno(), number)
        try:
            yield
        finally:
            _flush(number)
            os.dup2(kept, number)
            os.close(kept)
            if os.fstat(aside.fileno()).st_size:
                aside.seek(0)
                for line in aside.read(1 << 20).splitlines(keepends=True):
                    if not _THEIRS[number].search(line):
                        os.write(number, line)


def _flush(number: int) -> None:
    """C's stdout keeps what is printed until its buffer is full."""
    if number == 1 and os.name == "posix":
        ctypes.CDLL(None).fflush(None)
