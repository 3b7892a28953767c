"""The VST3's window as pedalboard (JUCE) opens it, in a process of its own; what hands move there is told on stdout as JSON.

editor.py FILE.vst3      with a display, and xdotool
"""

from __future__ import annotations

import ctypes as c
import json
import subprocess
import sys
import threading
import time

import numpy as np
import pedalboard

POINTS = (868, 299)  # the square's middle


def hand(*words: object) -> str:
    done = subprocess.run(["xdotool", *map(str, words)], capture_output=True, text=True)
    time.sleep(0.5)
    return done.stdout


def main(file: str) -> None:
    # JUCE asks X11 for windows that are gone; where nobody takes such an error, Xlib ends the process
    heard = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p)(lambda *_: 0)
    c.CDLL("libX11.so.6").XSetErrorHandler(heard)
    plugin, closes, told = pedalboard.load_plugin(file), threading.Event(), {}

    def hands() -> None:
        try:
            for _ in range(60):
                if found := hand("search", "--onlyvisible", "--name", "Pedalboard").split():
                    break
            time.sleep(2)
            place = hand("getwindowgeometry", "--shell", found[-1])
            at = dict(line.split("=") for line in place.split())
            told["size"] = int(at["WIDTH"]), int(at["HEIGHT"])
            x, y = int(at["X"]) + POINTS[0], int(at["Y"]) + POINTS[1]
            hand("mousemove", x, y, "mousedown", 1), hand("mousemove", x + 75, y - 66), hand("mouseup", 1)
            plugin.process(np.zeros((2, 4096), np.float32), 44100, buffer_size=512, reset=False)
            told["bias"] = [plugin.bias_1, plugin.bias_2]
        finally:
            closes.set()

    threading.Thread(target=hands).start()
    plugin.show_editor(closes)
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
