"""What ends a command: the work, a mistake, a signal, a shortage, or a bug. Each is said in one sentence, with a status."""

from __future__ import annotations

import errno
import faulthandler
import logging
import os
import platform
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import MelismaError, MelismaWarning
from ..system import interrupts, streams
from ..system.terminal import warn

BUG = 70  # the exit status of what is Melisma's own fault, as sysexits.h has it
SHORTAGES = (
    "allocate memory", "out of memory", "not enough memory", "bad_alloc", "can't start new thread", "failed to map segment",
    "can't allocate", "unable to allocate",
)  # fmt: skip


def ended(work: Callable[[], int]) -> int:
    """Do the work → the exit status. Nothing that it raises gets further."""
    with warnings.catch_warnings():
        if not sys.warnoptions:  # others' warnings are for developers
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", MelismaWarning)
        warnings.showwarning = _noted(set())
        try:
            return work()
        except SystemExit as end:
            by_typer = getattr(end.__context__, "__cause__", None)
            if isinstance(by_typer, KeyboardInterrupt):  # it ends with 130 and without a word for each of the signals
                return _stopped(by_typer)
            return end.code if isinstance(end.code, int) else int(end.code is not None)
        except KeyboardInterrupt as asked:
            return _stopped(asked)
        except BaseException as error:
            if sentence := known(error):
                warn("melisma", sentence, "red")
                return 1
            warn("melisma", bug(error), "red")
            return BUG


def _noted(said: set[str]) -> Callable[..., None]:
    """Shows a warning as a note; what was said is not said again, such as of one sound that is heard several times."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        if str(message) not in said:
            said.add(str(message))
            warn("note", str(message), "yellow")

    return show


def _stopped(asked: KeyboardInterrupt) -> int:
    if int(os.environ.get("LOCAL_RANK", 0)) == 0:  # of several processes that train together one speaks
        warn("melisma", f"{interrupts.said(asked)}: a file that was not finished is not kept", "yellow")
    return interrupts.status(asked)


def known(error: BaseException) -> str | None:
    """The sentence for what a user can cause and mend; None for a bug."""
    if short := next((one for one in _chain(error) if is_shortage(one)), None):
        detail = str(short).strip().splitlines()[0][:200] if str(short).strip() else "no more is given to this process"
        return (
            f"there is not enough memory for this ({detail}): close other programs or raise the limit (ulimit -v), "
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


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all that led to it: a reader that ran out of memory may say that a file is damaged."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def bug(error: BaseException) -> str:
    """Write down all that helps to find it → the sentence that says where."""
    from .. import __version__

    name = type(error).__name__
    text = "".join(traceback.format_exception(error)) if not isinstance(error, RecursionError) else _shortened(error)
    told = [
        f"melisma {__version__}, Python {platform.python_version()}, {platform.platform()}",
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


def _shortened(error: BaseException) -> str:
    return "".join(traceback.format_exception(error, limit=-20))


def _kept(text: str) -> Path | None:
    from ..system.home import known_home

    home = known_home()
    for folder in ([home / "bugs"] if home else []) + [Path(tempfile.gettempdir())]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(".txt", time.strftime("melisma-bug-%Y%m%d-%H%M%S-"), folder)
            with open(number, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
            return Path(name)
        except OSError:
            continue
    return None


def quiet() -> None:
    """Others' loggers, threads and finalizers say nothing to the user."""
    logging.getLogger().addHandler(logging.NullHandler())
    sys.unraisablehook = _forgotten
    threading.excepthook = _in_a_thread


def _forgotten(told: object) -> None:
    """What a finalizer raised, at the end above all, helps nobody."""


def _in_a_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None and not isinstance(told.exc_value, SystemExit):
        warn("melisma", known(told.exc_value) or bug(told.exc_value), "red")


def command(work: Callable[[], int]) -> int:
    """The whole process: its streams, its signals, its status."""
    streams.take()
    interrupts.listen()
    quiet()
    if sys.stderr is not None:
        faulthandler.enable(sys.stderr)  # a crash below Python must not be silent
    status = ended(work)
    with interrupts.Deferred():
        if error := streams.lost():
            warn("melisma", f"stdout could not be written: {error.strerror}; check the free space of where it goes", "red")
            status = status or 1
        try:
            sys.stderr.flush()
        except OSError:
            pass
    return status
