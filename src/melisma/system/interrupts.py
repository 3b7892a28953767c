"""Being asked to stop: by Ctrl-C (SIGINT), a polite kill (SIGTERM), a terminal that closes (SIGHUP). All three do the same."""

from __future__ import annotations

import signal
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Interrupted(KeyboardInterrupt):
    """Somebody asked to stop, by the signal of that number."""

    def __init__(self, number: int = signal.SIGINT):
        super().__init__(number)
        self.number = number


def said(error: KeyboardInterrupt) -> str:
    """In words, what stopped the program."""
    number = getattr(error, "number", signal.SIGINT)
    return "stopped by Ctrl-C" if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}"


def status(error: KeyboardInterrupt) -> int:
    """The exit status, as shells have it."""
    return 128 + getattr(error, "number", signal.SIGINT)


def listen() -> None:
    """From here on each of the signals raises Interrupted; one that is ignored, as by nohup, stays ignored."""
    for number in SIGNALS:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _raise)


def leave() -> None:
    """The process is at its end: from here on each of the signals ends it at once, without a word."""
    for number in SIGNALS:
        if signal.getsignal(number) is _raise:
            signal.signal(number, signal.SIG_DFL)


def asked() -> Interrupted | None:
    """What was raised last, if anything was: an import in C may have taken another error for it."""
    return _last


_last: Interrupted | None = None


def _raise(number: int, frame: FrameType | None) -> None:
    global _last
    _last = Interrupted(number)
    raise _last


class Deferred:
    """`with Deferred() as requests:` requests wait for `requests.check()` or the block's end: nothing is torn in between.

    Who presses Ctrl-C a second time leaves at once, by SystemExit. Does nothing in other threads than the main one, which the
    system asks, and for signals that the program has handlers of its own for.
    """

    def __init__(self) -> None:
        self.number: int | None = None  # of the signal that arrived
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Deferred:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler, _raise):
                    self._before[number] = signal.signal(number, self._arrive)
        return self

    def _arrive(self, number: int, frame: FrameType | None) -> None:
        if self.number == number == signal.SIGINT:
            raise SystemExit(128 + number)
        self.number = self.number or number

    def check(self) -> None:
        """Interrupted, if somebody asked to stop."""
        if self.number is not None:
            raise Interrupted(self.number)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        if kind is None:
            self.check()
