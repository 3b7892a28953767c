"""The opcode in the real csound, rendering, as tests/hosts/test_conformance.py plays every host."""

from __future__ import annotations

import shutil
from pathlib import Path

import csd
import numpy as np

MISSING = ""
if not shutil.which("csound"):
    MISSING = "there is no Csound here: apt install csound"
elif not csd.opcode_file():
    MISSING = "the opcode is not built: apt install libcsound64-dev, python hosts/csound/build.py"
BLOCKS = (1, 64, 500)


def play(folder: Path, model: str, x: np.ndarray, rate: int, block: int, deeds: list[tuple[int, str]]):
    """→ sound, the latency that the host declares (None without a model), its complaints"""
    blocks: dict[int, list[tuple[str, float]]] = {}
    resets = 0
    for at, deed in deeds:
        kind, *words = deed.split()
        resets += kind == "reset"
        name, value = (words[0], float(words[1])) if kind == "set" else (kind, float(words[0]) if words else resets)
        blocks.setdefault(-(-at // block), []).append((name, value))
    run = csd.render(folder, csd.chain(model, blocks), x, rate, block)
    assert run.code == 0, run.lines
    return run.sound[:, 0], run.latency, run.complaints
