"""What went wrong, in one sentence: a mistake or a shortage that the user can mend, or a bug, with a report in a file.

Libraries are imported where they are needed: memory may be what is missing, and a command begins here.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator

from ..errors import MelismaError
from . import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

SHORTAGES = (
    "allocate memory", "out of memory", "not enough memory", "bad_alloc", "can't start new thread", "failed to map segment",
    "can't allocate", "unable to allocate",
)  # fmt: skip


def sentence(error: BaseException) -> str:
    """What to tell the user; a bug is written down."""
    return known(error) or report(error)


def known(error: BaseException) -> str | None:
    """The sentence for what a user can cause and mend; None for a bug."""
    if short := next((one for one in chain(error) if is_shortage(one)), None):
        return (
            f"there is not enough memory for this ({_detail(short)}): close other programs or raise the limit (ulimit -v), "
            "or give shorter sounds"
        )
    if isinstance(error, MelismaError):
        return str(error)
    if isinstance(error, RuntimeError) and "no locator available" in str(error):
        return "Numba finds no folder to keep what it compiles in: set NUMBA_CACHE_DIR to one that can be written"
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    return None


def is_shortage(error: BaseException) -> bool:
    """Whether memory was missing: NumPy, PyTorch, the system and the loader of libraries each say so otherwise."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError | ImportError | MelismaError) and any(words in said for words in SHORTAGES)


def _detail(short: BaseException) -> str:
    """The line of a long text that tells of memory."""
    lines = [line.strip() for line in str(short).splitlines() if line.strip()] or ["no more is given to this process"]
    return next((line for line in lines if any(words in line.lower() for words in SHORTAGES)), lines[0])[:200]


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all that led to it: a reader that ran out of memory may say that a file is damaged."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def report(error: BaseException) -> str:
    """Write down all that helps to find a bug → the sentence that says where."""
    import platform
    import traceback

    name = type(error).__name__
    deep = isinstance(error, RecursionError)
    text = "".join(traceback.format_exception(error, limit=-20 if deep else None))
    version = getattr(sys.modules.get("melisma"), "__version__", "?")
    told = [
        f"melisma {version}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {' '.join(map(repr, sys.argv[1:]))}",
        "",
        text,
        streams.overheard() and f"libraries said:\n{streams.overheard()}",
    ]
    file = _kept("\n".join(told))
    what = f"this is a bug of Melisma, not a mistake of yours ({name}: {' '.join(str(error).split())[:160]})"
    if file is None:
        return f"{what}; no folder takes its report, so it stands here: please send it to those who make Melisma\n{text}"
    return f"{what}: please send {file} to those who make Melisma (read it first: it names your files)"


def _kept(text: str) -> Path | None:
    import tempfile
    import time
    from pathlib import Path

    from .home import known_home

    home = known_home()
    for folder in ([home / "bugs"] if home else []) + [Path(tempfile.gettempdir())]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(".txt", time.strftime("melisma-bug-%Y%m%d-%H%M%S-"), folder)
            with os.fdopen(number, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
            return Path(name)
        except OSError:
            continue
    return None
