"""Ctrl-C while training."""

from __future__ import annotations

import signal
import threading
from typing import Any


class Interrupts:
    """Ctrl-C waits for the end of a step: within one, weights have moved that the step's number does not tell of.

    Who presses it again leaves at once, with the last checkpoint.
    """

    def __init__(self) -> None:
        self.pressed = False
        self.before: Any = None  # whatever answered Ctrl-C before us
        ours = threading.current_thread() is threading.main_thread()
        if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self.before = signal.signal(signal.SIGINT, self._press)

    def _press(self, *_: object) -> None:
        if self.pressed:
            raise SystemExit(130)
        self.pressed = True

    def check(self) -> None:
        if self.pressed:
            raise KeyboardInterrupt

    def close(self) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
