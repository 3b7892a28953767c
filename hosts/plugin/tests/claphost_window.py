"""The window of a CLAP plug-in, over ctypes: what CLAP's gui.h and timer-support.h say."""

from __future__ import annotations

import ctypes as c

import screen
from claphost import CHAR, U32, Clap, P

_BOOL, _DOUBLE = c.c_bool, c.c_double
_SIZE = c.POINTER(U32)


class _Gui(c.Structure):
    _fields_ = [
        ("supported", c.CFUNCTYPE(_BOOL, P, CHAR, _BOOL)), ("preferred", c.CFUNCTYPE(_BOOL, P, P, P)),
        ("create", c.CFUNCTYPE(_BOOL, P, CHAR, _BOOL)), ("destroy", c.CFUNCTYPE(None, P)),
        ("set_scale", c.CFUNCTYPE(_BOOL, P, _DOUBLE)), ("get_size", c.CFUNCTYPE(_BOOL, P, _SIZE, _SIZE)),
        ("can_resize", c.CFUNCTYPE(_BOOL, P)), ("hints", c.CFUNCTYPE(_BOOL, P, P)), ("adjust", c.CFUNCTYPE(_BOOL, P, P, P)),
        ("set_size", c.CFUNCTYPE(_BOOL, P, U32, U32)), ("set_parent", c.CFUNCTYPE(_BOOL, P, P)),
        ("set_transient", c.CFUNCTYPE(_BOOL, P, P)), ("title", c.CFUNCTYPE(None, P, CHAR)), ("show", c.CFUNCTYPE(_BOOL, P)),
        ("hide", c.CFUNCTYPE(_BOOL, P)),
    ]  # fmt: skip


class _Window(c.Structure):
    _fields_ = [("api", CHAR), ("handle", c.c_ulong)]


class Window(screen.Shown):
    """The plug-in's window, shown. scale: pixels a point."""

    def __init__(self, host: Clap, scale: float = 1):
        super().__init__()
        self.host, self.timers = host, {}
        self._ask_for_timers()
        self.gui = c.cast(host.p.get_extension(host.at, b"clap.gui"), c.POINTER(_Gui)).contents
        assert self.gui.supported(host.at, b"x11", False)
        self.made = bool(self.gui.create(host.at, b"x11", False))
        if not self.made:
            return
        self.gui.set_scale(host.at, scale)
        self.place(*self._size())
        window = _Window(b"x11", self.id)
        assert self.gui.set_parent(host.at, c.addressof(window)) and self.gui.show(host.at)
        self.run(0.1)

    def _ask_for_timers(self) -> None:
        """This host's answers to what a window asks for: timers, and to be resized."""
        host, timers = self.host, self.timers

        def register(_, milliseconds, identity):
            timers[len(timers) + 1] = milliseconds
            c.cast(identity, _SIZE)[0] = len(timers)
            return True

        timer = (c.CFUNCTYPE(_BOOL, P, U32, P)(register), c.CFUNCTYPE(_BOOL, P, U32)(lambda _, i: bool(timers.pop(i, 0)) or True))
        none, resize = c.CFUNCTYPE(None, P)(lambda _: None), c.CFUNCTYPE(_BOOL, P, U32, U32)(lambda *_: False)
        yes, closed = c.CFUNCTYPE(_BOOL, P)(lambda _: True), c.CFUNCTYPE(None, P, _BOOL)(lambda *_: None)
        gui = (none, resize, yes, yes, closed)
        self._kept = [timer, gui]
        self._tables = {
            b"clap.timer-support": (P * 2)(*(c.cast(f, P) for f in timer)),
            b"clap.gui": (P * 5)(*(c.cast(f, P) for f in gui)),
        }
        host.extensions |= {name: c.addressof(table) for name, table in self._tables.items()}

    def _size(self) -> tuple[int, int]:
        width, height = U32(), U32()
        assert self.gui.get_size(self.host.at, c.byref(width), c.byref(height))
        return width.value, height.value

    def once(self) -> None:
        on_timer = c.cast(self.host.p.get_extension(self.host.at, b"clap.timer-support"), c.POINTER(c.CFUNCTYPE(None, P, U32)))[0]
        for timer in list(self.timers):
            on_timer(self.host.at, timer)

    def resize(self, width: int, height: int) -> None:
        super().resize(width, height)
        assert self.gui.set_size(self.host.at, width, height)
        self.run(0.1)

    def close(self) -> None:
        if self.made:
            self.gui.hide(self.host.at), self.gui.destroy(self.host.at)
        super().close()
