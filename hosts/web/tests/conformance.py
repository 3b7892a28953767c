"""The page that plays in the real Chromium, as tests/hosts/test_conformance.py plays every host.

Its own worker and worklet, in an OfflineAudioContext, which gives every sample that an AudioContext would play."""

from __future__ import annotations

import atexit
import base64
import functools
import json
import re
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from browser import Browser, browser

PAGE = Path(__file__).resolve().parents[3] / "src" / "melisma" / "_web" / "page.html"
MISSING = ""
if not shutil.which("chromium"):
    MISSING = "there is no Chromium here: apt install chromium"
elif not PAGE.is_file():
    MISSING = "the page that plays is not built: pip install ziglang, python hosts/web/build.py"
BLOCKS = (128,)  # what audio worklets are given
KERNELS = "plain"  # WebAssembly's kernels round as these do: in vectors of four, products and sums apart

PLAY = """(async (file) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  await new Promise((good) => document.head.append(Object.assign(document.createElement("script"), { src: file, onload: good })));
  const { name, model, samples, rate, deeds } = melisma.given;
  const engine = new melisma.Engine();
  await engine.load();
  const x = new Float32Array(bytes(samples).buffer), context = new OfflineAudioContext(1, x.length, rate);
  let opened;
  try { opened = await engine.open(bytes(model), rate); }
  catch (error) { return { wrong: `${name}: ${error.message}` }; }
  const node = await engine.node(context, opened, deeds);
  const buffer = context.createBuffer(1, x.length, rate);
  buffer.copyToChannel(x, 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(node).connect(context.destination);
  source.start();
  const heard = new Uint8Array((await context.startRendering()).getChannelData(0).buffer);
  let text = "";
  for (let at = 0; at < heard.length; at += 8192) text += String.fromCharCode(...heard.subarray(at, at + 8192));
  return { heard: btoa(text), latency: opened.latency };
})(%s)"""


@functools.cache
def page() -> tuple[Browser, Path]:
    """One browser for all tests of this process, with the page and no model beside it; and its folder."""
    stack, folder = ExitStack(), Path(tempfile.mkdtemp())
    atexit.register(lambda: (stack.close(), shutil.rmtree(folder, ignore_errors=True)))
    shutil.copy(PAGE, folder / "index.html")
    (folder / "catalogue.js").write_text("")
    opened = stack.enter_context(browser(shutil.which("chromium"), folder / "profile"))
    opened.open((folder / "index.html").as_uri(), 1024)
    return opened, folder


def message(deed: str) -> dict:
    """What the page says to its worklet, for a deed of the conformance test."""
    what, _, rest = deed.partition(" ")
    if what == "set":
        name, value = rest.split()
        return {"set": [name, float(value)]}
    return {"reset": True} if what == "reset" else {"set": ["mix", 0 if rest == "1" else 1]}


def play(folder: Path, model: str, x: np.ndarray, rate: int, block: int, deeds: list[tuple[int, str]]):
    """→ sound, the latency that the host declares (None without a model), its complaints"""
    file = Path(model)
    if not file.is_file():  # a page has no files: this one could not have been chosen
        return np.zeros_like(x), None, [f"{file.name} cannot be read"]
    opened, beside = page()
    data, samples = (base64.b64encode(part).decode() for part in (file.read_bytes(), np.asarray(x, "<f4").tobytes()))
    told = [[at, message(deed)] for at, deed in deeds]
    given = {"name": file.name, "model": data, "samples": samples, "rate": rate, "deeds": told}
    with tempfile.NamedTemporaryFile("w", dir=beside, suffix=".js") as script:
        script.write(f"melisma.given = {json.dumps(given)};")
        script.flush()
        got = opened.run(PLAY % json.dumps(Path(script.name).name))
    if "wrong" in got:
        assert re.match(r"[^\n]+$", got["wrong"])
        return np.zeros_like(x), None, [got["wrong"]]
    return np.frombuffer(base64.b64decode(got["heard"]), "<f4"), got["latency"], []
