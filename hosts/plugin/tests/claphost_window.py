"""The window of a CLAP plug-in in an X11 window of ours, over ctypes: what CLAP's gui.h and timer-support.h say.

It takes no hand of its own: xdotool points and clicks. Needs a display ($DISPLAY), such as Xvfb's.
"""

from __future__ import annotations

import ctypes as c
import os
import subprocess
import time

import numpy as np
from claphost import CHAR, U32, Clap, P
from PIL import ImageGrab

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


class Window:
    """The plug-in's window, shown. scale: pixels a point."""

    def __init__(self, host: Clap, scale: float = 1):
        self.host, self.timers = host, {}
        self.x11 = c.CDLL("libX11.so.6")
        for name in ("XOpenDisplay", "XDefaultRootWindow", "XCreateSimpleWindow"):
            getattr(self.x11, name).restype = c.c_ulong
        self.display = c.c_void_p(self.x11.XOpenDisplay(None))
        self._ask_for_timers()
        self.gui = c.cast(host.p.get_extension(host.at, b"clap.gui"), c.POINTER(_Gui)).contents
        assert self.gui.supported(host.at, b"x11", False)
        self.made = bool(self.gui.create(host.at, b"x11", False))
        if not self.made:
            return
        self.gui.set_scale(host.at, scale)
        self.width, self.height = self._size()
        root = self.x11.XDefaultRootWindow(self.display)
        self.id = self.x11.XCreateSimpleWindow(
            self.display, c.c_ulong(root), 0, 0, self.width, self.height, 0, c.c_ulong(0), c.c_ulong(0)
        )
        self.x11.XMapRaised(self.display, c.c_ulong(self.id)), self.x11.XSync(self.display, 0)
        self.x11.XSetInputFocus(self.display, c.c_ulong(self.id), 1, c.c_ulong(0))
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

    def run(self, seconds: float) -> None:
        """The host's event loop for a while, and three times round at least."""
        on_timer = c.cast(self.host.p.get_extension(self.host.at, b"clap.timer-support"), c.POINTER(c.CFUNCTYPE(None, P, U32)))[0]
        end, rounds = time.monotonic() + seconds, 0
        while time.monotonic() < end or rounds < 3:
            rounds += 1
            for timer in list(self.timers):
                on_timer(self.host.at, timer)
            time.sleep(0.01)

    def hand(self, *words: str | int, seconds: float = 0.1) -> None:
        """What xdotool does, then the window's answer to it."""
        subprocess.run(["xdotool", *map(str, words)], check=True)
        self.run(seconds)

    def picture(self) -> np.ndarray:
        """(height, width, 3): what is seen of it. It lies at the screen's upper left corner."""
        return np.asarray(ImageGrab.grab((0, 0, self.width, self.height), xdisplay=os.environ["DISPLAY"]).convert("RGB"))

    def resize(self, width: int, height: int) -> None:
        self.x11.XResizeWindow(self.display, c.c_ulong(self.id), width, height), self.x11.XSync(self.display, 0)
        assert self.gui.set_size(self.host.at, width, height)
        self.width, self.height = width, height
        self.run(0.1)

    def close(self) -> None:
        if self.made:
            self.made = False
            self.gui.hide(self.host.at), self.gui.destroy(self.host.at)
            self.x11.XDestroyWindow(self.display, c.c_ulong(self.id))
        if self.display:
            self.x11.XCloseDisplay(self.display)
            self.display = None
