"""A plug-in's window in an X11 window of ours, over ctypes. Its hand is xdotool's. Needs a display ($DISPLAY), such as Xvfb's."""

from __future__ import annotations

import ctypes as c
import os
import subprocess
import time

import numpy as np
from PIL import ImageGrab


class Shown:
    """What both formats' windows have. made: whether there is one."""

    made = False
    width = height = id = 0

    def __init__(self) -> None:
        self.x11 = c.CDLL("libX11.so.6")
        for name in ("XOpenDisplay", "XDefaultRootWindow", "XCreateSimpleWindow"):
            getattr(self.x11, name).restype = c.c_ulong
        self.display = c.c_void_p(self.x11.XOpenDisplay(None))

    def place(self, width: int, height: int) -> None:
        """The host's own window, at the upper left corner."""
        self.width, self.height = width, height
        none, root = c.c_ulong(0), c.c_ulong(self.x11.XDefaultRootWindow(self.display))
        self.id = self.x11.XCreateSimpleWindow(self.display, root, 0, 0, width, height, 0, none, none)
        self.x11.XMapRaised(self.display, c.c_ulong(self.id)), self.x11.XSync(self.display, 0)
        self.x11.XSetInputFocus(self.display, c.c_ulong(self.id), 1, none)

    def once(self) -> None:
        """The host's event loop, once round."""
        raise NotImplementedError

    def run(self, seconds: float) -> None:
        """The host's event loop for a while, and three times round at least."""
        end, rounds = time.monotonic() + seconds, 0
        while time.monotonic() < end or rounds < 3:
            rounds += 1
            self.once()
            time.sleep(0.01)

    def hand(self, *words: str | int, seconds: float = 0.1) -> None:
        """What xdotool does, then the window's answer to it."""
        subprocess.run(["xdotool", *map(str, words)], check=True)
        self.run(seconds)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        self.hand("mousemove", *start, "mousedown", 1)
        self.hand("mousemove", *end)
        self.hand("mouseup", 1)

    def picture(self) -> np.ndarray:
        """(height, width, 3): what is seen of it."""
        return np.asarray(ImageGrab.grab((0, 0, self.width, self.height), xdisplay=os.environ["DISPLAY"]).convert("RGB"))

    def resize(self, width: int, height: int) -> None:
        self.x11.XResizeWindow(self.display, c.c_ulong(self.id), width, height), self.x11.XSync(self.display, 0)
        self.width, self.height = width, height

    def close(self) -> None:
        if self.id:
            self.x11.XDestroyWindow(self.display, c.c_ulong(self.id))
        if self.display:
            self.x11.XCloseDisplay(self.display)
        self.display, self.id, self.made = None, 0, False
