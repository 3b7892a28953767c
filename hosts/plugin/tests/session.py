"""Plays a plug-in from a script, in a process of its own, so that a crash and what is said on stderr are seen.

    session.py clap|lv2 INSTALLED RATE BLOCK IN.f32 OUT.f32 < script      mono in and out, left and right the same

The script: one deed a line, "SAMPLE set NAME VALUE" (the core's names), "bypass 0/1", "reset", "load FILE", done before the first
block that begins at SAMPLE or later. Tells on stdout: "latency N", "status N".
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import claphost
import lv2host
import numpy as np


def text(model: str, **values: float) -> str:
    """A state of Melisma's: a model and, beside the plug-in's own, values by the core's names (with _ for the dot)."""
    lines = ["melisma-state 1", f"model {model}"]
    for name, value in values.items():
        lines.append(f"set {name.replace('_', '.')} {struct.unpack('<I', struct.pack('<f', value))[0]:08x}")
    return "\n".join(lines) + "\n"


def open_in(kind: str, installed: Path, rate: float, block: int, name: str = "effect"):
    """A plug-in in one of the two small hosts."""
    if kind == "lv2":
        return lv2host.Lv2(installed / "lv2" / "melisma.lv2", name, rate)
    title = {"effect": "Melisma", "instrument": "Melisma Instrument"}[name]
    return claphost.Clap(installed / "clap" / "Melisma" / f"{title}.clap", rate, block, 2 if name == "effect" else 0)


def load(host, said: str) -> bool:
    return host.load(lv2host.state(said) if isinstance(host, lv2host.Lv2) else claphost.chunk(said, host.save()))


def symbol(name: str) -> str:
    return name.replace(".", "_")


def main(kind: str, installed: str, rate: str, block: str, source: str, target: str) -> None:
    host = open_in(kind, Path(installed), float(rate), int(block))
    x = np.fromfile(source, "<f4")
    deeds = [(int(at), deed.split()) for at, deed in (line.split(maxsplit=1) for line in sys.stdin)]
    out = []
    for start in range(0, len(x), int(block)):
        while deeds and deeds[0][0] <= start:
            _, (deed, *words) = deeds.pop(0)
            if deed == "load":
                load(host, text(" ".join(words), match=0, fine=0))
                host.set("match", 0), host.set("fine", 0)
                host.start()
            if deed == "set":
                host.set(symbol(words[0]), float(words[1]))
            if deed == "bypass":
                host.set("bypass", float(words[0]))
            if deed == "reset":
                host.reset()
        part = x[start : start + int(block)]
        left, right = host.process(np.stack([part, part]))
        assert np.array_equal(left, right)
        out.append(left)
    np.concatenate(out).tofile(target)
    print("latency", host.latency)
    print("status", int(host.get("status")))
    host.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
