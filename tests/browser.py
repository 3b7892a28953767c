"""A headless Chromium with a pointer and a keyboard of its own, driven over its DevTools protocol."""

import base64
import io
import json
import subprocess
import time
import urllib.request
from contextlib import contextmanager

import numpy as np
from PIL import Image
from websockets.sync.client import connect

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --hide-scrollbars --autoplay-policy=no-user-gesture-required --remote-debugging-port=0 --remote-allow-origins=*"
)
PATIENCE = 120  # seconds for what a busy machine does late


class Browser:
    def __init__(self, socket):
        self.socket, self.calls = socket, 0

    def call(self, method, **arguments):
        self.calls += 1
        self.socket.send(json.dumps({"id": self.calls, "method": method, "params": arguments}))
        while True:  # events come between
            told = json.loads(self.socket.recv(timeout=PATIENCE))
            if told.get("id") == self.calls:
                assert "error" not in told, told
                return told["result"]

    def run(self, script):
        """The value of an expression of JavaScript."""
        told = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def until(self, script):
        """Wait until an expression holds, and say its value."""
        end = time.monotonic() + PATIENCE
        while not (value := self.run(script)):
            assert time.monotonic() < end, f"never: {script}"
            time.sleep(0.05)
        return value

    def open(self, address, width, height=900, still=False):
        """still: as for who asks for less motion."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce" if still else ""}])
        self.call("Page.navigate", url=address)
        self.until("document.readyState == 'complete' && [...document.images].every(image => image.complete)")

    def box(self, script):
        """Left, top, width and height of an element in the window."""
        return self.run(f"(box => [box.left, box.top, box.width, box.height])({script}.getBoundingClientRect())")

    def point(self, script):
        """Rest the pointer on the middle of an element; → where that is."""
        left, top, width, height = self.box(script)
        place = {"x": left + width / 2, "y": top + height / 2}
        self.call("Input.dispatchMouseEvent", type="mouseMoved", **place)
        return place

    def click(self, script):
        place = self.point(script)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def key(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key)

    def seen(self, script=None):
        """What the window shows, or of it an element (H, W, 3)."""
        png = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        shown = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
        if script is None:
            return shown
        left, top, width, height = (round(edge) for edge in self.box(script))
        return shown[max(0, top) : top + height, max(0, left) : left + width]


@contextmanager
def browser(chromium, profile):
    process = subprocess.Popen([chromium, *FLAGS.split(), f"--user-data-dir={profile}", "about:blank"], stderr=subprocess.DEVNULL)
    try:
        end, told = time.monotonic() + PATIENCE, profile / "DevToolsActivePort"
        while not told.exists() or "\n" not in told.read_text():
            assert time.monotonic() < end and process.poll() is None, "Chromium does not start"
            time.sleep(0.05)
        port = told.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            pages = [page for page in json.load(answer) if page["type"] == "page"]
        with connect(pages[0]["webSocketDebuggerUrl"], max_size=None) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
