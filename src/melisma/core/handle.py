"""What owns memory of the core: freed once, never copied."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import NoReturn


class Single:
    """There is one of it: it can neither be copied nor be sent to another process, since what it stands in cannot be.

    `instead` says what to do.
    """

    instead = "make another one"

    def __reduce_ex__(self, protocol: object) -> NoReturn:  # copy, deepcopy and pickle all come through here
        raise TypeError(f"a {type(self).__name__} cannot be copied, pickled or sent to another process: {self.instead}")


class Handle(Single):
    """A pointer of the core's and what frees it. Whatever keeps such a pointer derives from this; a test looks.

    It is freed when Python lets go of the object, once; never where the constructor failed before there was anything, and not
    at the interpreter's end, when a thread may still be at work with it: the system takes the memory back then.
    """

    _pointer: int | None = None

    def _adopt(self, pointer: int, free: Callable[[int], object]) -> None:
        self._pointer = pointer
        self._freeing = weakref.finalize(self, free, pointer)
        self._freeing.atexit = False

    @property
    def _handle(self) -> int:
        """The pointer, for a call."""
        if self._pointer is None:
            raise TypeError(f"this {type(self).__name__} is empty or was given away: {self.instead}")
        return self._pointer

    def _give(self) -> None:
        """The pointer has another owner from here on."""
        if self._pointer is not None:
            self._freeing.detach()
        self._pointer = None
