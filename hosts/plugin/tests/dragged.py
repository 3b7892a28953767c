"""Something dragged out of a program: XDND, version 5, over ctypes. Windows below the pointer are found as file managers do."""

from __future__ import annotations

import ctypes as c
import time
from collections.abc import Callable

VERSION = 5
SELECTION_REQUEST, SELECTION_NOTIFY, CLIENT_MESSAGE = 30, 31, 33
XA_ATOM = 4
_Data = c.c_long * 5


class _Client(c.Structure):
    _fields_ = [("type", c.c_int), ("serial", c.c_ulong), ("sent", c.c_int), ("display", c.c_void_p), ("window", c.c_ulong),
                ("message", c.c_ulong), ("format", c.c_int), ("data", _Data)]  # fmt: skip


class _Request(c.Structure):
    _fields_ = [("type", c.c_int), ("serial", c.c_ulong), ("sent", c.c_int), ("display", c.c_void_p), ("owner", c.c_ulong),
                ("requestor", c.c_ulong), ("selection", c.c_ulong), ("target", c.c_ulong), ("property", c.c_ulong),
                ("time", c.c_ulong)]  # fmt: skip


class _Notify(c.Structure):
    _fields_ = [("type", c.c_int), ("serial", c.c_ulong), ("sent", c.c_int), ("display", c.c_void_p), ("requestor", c.c_ulong),
                ("selection", c.c_ulong), ("target", c.c_ulong), ("property", c.c_ulong), ("time", c.c_ulong)]  # fmt: skip


class _Event(c.Union):
    _fields_ = [("type", c.c_int), ("client", _Client), ("request", _Request), ("notify", _Notify), ("room", c.c_long * 24)]


class Dragged:
    """One thing in a hand. data: what it is as `kind`."""

    def __init__(self, data: bytes, kind: str = "text/uri-list", deep: bool = True):
        """deep: every window under the pointer is asked, as Qt does; else the desktop's alone, as GTK does."""
        self.x11, self.data, self.deep = c.CDLL("libX11.so.6"), data, deep
        for name in ("XOpenDisplay", "XDefaultRootWindow", "XCreateSimpleWindow", "XInternAtom"):
            getattr(self.x11, name).restype = c.c_ulong
        self.display = c.c_void_p(self.x11.XOpenDisplay(None))
        self.root, none = self.x11.XDefaultRootWindow(self.display), c.c_ulong(0)
        self.own = self.x11.XCreateSimpleWindow(self.display, c.c_ulong(self.root), 0, 0, 1, 1, 0, none, none)
        self.kind = self.atom(kind)
        self.x11.XSetSelectionOwner(self.display, c.c_ulong(self.atom("XdndSelection")), c.c_ulong(self.own), none)
        self.target = self.mail = 0

    def atom(self, name: str) -> int:
        return self.x11.XInternAtom(self.display, name.encode(), 0)

    def number(self, window: int, name: str) -> int:
        """A window's property, of one number; 0 if it has none."""
        kind, form, count, rest, data = c.c_ulong(), c.c_int(), c.c_ulong(), c.c_ulong(), c.POINTER(c.c_ulong)()
        found = (c.byref(thing) for thing in (kind, form, count, rest, data))
        self.x11.XGetWindowProperty(
            self.display, c.c_ulong(window), c.c_ulong(self.atom(name)), *map(c.c_long, (0, 1)), 0, c.c_ulong(0), *found
        )
        return data[0] if count.value else 0

    def below(self, x: int, y: int) -> int:
        """The window at this place of the screen that takes drops, from the desktop's inwards; 0 if none does."""
        window, across, down, child = self.root, c.c_int(), c.c_int(), c.c_ulong()
        while True:
            inside = (c.c_ulong(self.root), c.c_ulong(window), x, y, c.byref(across), c.byref(down), c.byref(child))
            if not self.x11.XTranslateCoordinates(self.display, *inside) or not child.value:
                return 0
            window = child.value
            if self.number(window, "XdndAware"):
                return window
            if not self.deep:
                return 0

    def say(self, message: str, *data: int) -> None:
        event = _Event()
        event.client = _Client(CLIENT_MESSAGE, 0, 1, self.display, self.target, self.atom(message), 32, _Data(self.own, *data))
        self.x11.XSendEvent(self.display, c.c_ulong(self.mail), 0, c.c_long(0), c.byref(event)), self.x11.XFlush(self.display)

    def move(self, x: int, y: int) -> bool:
        """→ whether a window there is told of it."""
        target = self.below(x, y)
        if target != self.target:
            if self.target:
                self.say("XdndLeave")
            self.target = target
            self.mail = self.number(target, "XdndProxy") or target if target else 0
            assert not target or self.number(self.mail, "XdndAware") == VERSION
            if target:
                self.say("XdndEnter", VERSION << 24, self.kind)
        if target:
            self.say("XdndPosition", 0, x << 16 | y, 0, self.atom("XdndActionCopy"))
        return bool(target)

    def drop(self) -> None:
        self.say("XdndDrop", 0, 0)

    def answer(self, once: Callable[[], None], waits_for: str) -> int:
        """Until the window says this: → whether it takes what is dragged. once: the window's event loop, once round."""
        event, end = _Event(), time.monotonic() + 5
        while time.monotonic() < end:
            once()
            while self.x11.XPending(self.display):
                self.x11.XNextEvent(self.display, c.byref(event))
                if event.type == SELECTION_REQUEST:
                    self._hand_over(event.request)
                elif event.type == CLIENT_MESSAGE and event.client.message == self.atom(waits_for):
                    assert event.client.data[0] == self.target
                    return event.client.data[1] & 1
            time.sleep(0.005)
        raise TimeoutError(f"no {waits_for} in five seconds")

    def _hand_over(self, asked: _Request) -> None:
        known, place = asked.target == self.kind, asked.property
        if known:
            to = (c.c_ulong(asked.requestor), c.c_ulong(place), c.c_ulong(asked.target))
            self.x11.XChangeProperty(self.display, *to, 8, 0, self.data, len(self.data))
        event, given = _Event(), place if known else 0
        event.notify = _Notify(
            SELECTION_NOTIFY, 0, 1, self.display, asked.requestor, asked.selection, asked.target, given, asked.time
        )
        (
            self.x11.XSendEvent(self.display, c.c_ulong(asked.requestor), 0, c.c_long(0), c.byref(event)),
            self.x11.XFlush(self.display),
        )

    def close(self) -> None:
        self.x11.XCloseDisplay(self.display)
