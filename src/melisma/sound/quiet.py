"""libmpg123 writes what it thinks of an MP3 to the process's stderr, past everything that Python could be told."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ONE = threading.Lock()  # stderr is the process's: one thread at a time puts it aside
_ITS = re.compile(rb"^\s*$|mpg123|^(Note|Warning|ERROR|error): |Xing|Frankenstein|^\[.*\] (error|warning|debug)")


@contextmanager
def without_mpg123s_lines() -> Iterator[None]:
    """Within it, what libmpg123 writes to stderr is dropped; what others write there meanwhile comes out at the end."""
    with _ONE:
        try:
            kept = os.dup(2)
        except OSError:  # stderr is closed: nothing can be written to it
            yield
            return
        with tempfile.TemporaryFile() as aside:
            os.dup2(aside.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(kept, 2)
                os.close(kept)
                if os.fstat(aside.fileno()).st_size:
                    aside.seek(0)
                    for line in aside.read(1 << 20).splitlines(keepends=True):
                        if not _ITS.search(line):
                            os.write(2, line)
