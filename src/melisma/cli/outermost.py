"""What ends a command: the work, a mistake, a signal, a shortage, or a bug. Each is said in one sentence, with a status.

It stands before anything large is imported: a signal or a shortage while NumPy is being imported is met here, too.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable

from ..errors import MelismaWarning
from ..system import faults, interrupts, streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading

BUG = 70  # the exit status of what is Melisma's own fault, as sysexits.h has it


def ended(work: Callable[[], int]) -> int:
    """Do the work → the exit status. Nothing that it raises gets further."""
    with warnings.catch_warnings():
        if not sys.warnoptions:  # others' warnings are for developers
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", MelismaWarning)
        warnings.showwarning = _noted(set())
        try:
            return work()
        except BaseException as error:
            interrupts.leave()  # whoever asks again while this is told is gone at once
            return _status(error)


def _status(error: BaseException) -> int:
    """Tell what ended the work → the exit status."""
    if isinstance(error, SystemExit):
        by_typer = getattr(error.__context__, "__cause__", None)
        if isinstance(by_typer, KeyboardInterrupt):  # it ends with 130 and without a word for each of the signals
            return _stopped(by_typer)
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, KeyboardInterrupt):
        return _stopped(error)
    # an import in C may have put an error of its own in the place of the signal's
    if isinstance(error, ImportError | SystemError) and (asked := interrupts.asked()):
        return _stopped(asked)
    if sentence := faults.known(error):
        tell("melisma", sentence, "red")
        return 1
    tell("melisma", faults.report(error), "red")
    return BUG


def _stopped(asked: KeyboardInterrupt) -> int:
    if int(os.environ.get("LOCAL_RANK", 0)) == 0:  # of several processes that train together one speaks
        tell("melisma", f"{interrupts.said(asked)}: a file that was not finished is not kept", "yellow")
    return interrupts.status(asked)


def tell(word: str, sentence: str, style: str) -> None:
    """`terminal.warn`, or the bare words where there is no memory for that."""
    try:
        from ..system.terminal import warn

        warn(word, sentence, style)
    except (ImportError, MemoryError, SystemError):
        if sys.stderr is not None:
            sys.stderr.write(f"{word}: {sentence}\n")


def _noted(said: set[str]) -> Callable[..., None]:
    """Shows a warning as a note; what was said is not said again, such as of one sound that is heard several times."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        if str(message) not in said:
            said.add(str(message))
            tell("note", str(message), "yellow")

    return show


def _quiet() -> None:
    """Others' loggers, threads and finalizers say nothing to the user."""
    import faulthandler
    import logging
    import threading

    logging.getLogger().addHandler(logging.NullHandler())
    sys.unraisablehook = _forgotten
    threading.excepthook = _in_a_thread
    if sys.stderr is not None:
        faulthandler.enable(sys.stderr)  # a crash below Python must not be silent


def _forgotten(told: object) -> None:
    """What a finalizer raised, at the end above all, helps nobody."""


def _in_a_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None and not isinstance(told.exc_value, SystemExit):
        tell("melisma", faults.sentence(told.exc_value), "red")


def command(work: Callable[[], int]) -> int:
    """The whole process: its streams, its signals, its status."""

    def begun() -> int:
        streams.take()
        _quiet()
        return work()

    interrupts.listen()
    status = ended(begun)
    interrupts.leave()
    if error := streams.lost():
        tell("melisma", f"stdout could not be written: {error.strerror}; check the free space of where it goes", "red")
        status = status or 1
    try:
        sys.stderr.flush()
    except (OSError, AttributeError):
        pass
    return status
