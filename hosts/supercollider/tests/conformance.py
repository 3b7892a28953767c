"""Melisma in the real scsynth, not in real time, as tests/hosts/test_conformance.py plays every host."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import scsynth
from scsynth import AR, Definition, Score, inputs, message

MISSING = ""
if not shutil.which("scsynth"):
    MISSING = "there is no SuperCollider here: apt install supercollider-server"
elif not list(scsynth.UNITS.glob("Melisma.*")):
    MISSING = "the units are not built: apt install supercollider-dev, python hosts/supercollider/build.py"
BLOCKS = (1, 64, 512)  # scsynth takes powers of two


def play(folder: Path, model: str, x: np.ndarray, rate: int, block: int, deeds: list[tuple[int, str]]):
    """→ sound, the latency that the host declares (None without a model), its complaints"""
    score = Score(folder, rate, block)
    it = Definition()
    (sound,) = it.unit("In", AR, [1])
    (chain,) = it.unit("Melisma", AR, inputs([sound], model))
    it.unit("Out", AR, [0, chain], 0)
    score.play(it)
    for at, deed in deeds:
        kind, *words = deed.split()
        words = [words[0], float(words[1])] if kind == "set" else [float(word) for word in words]
        score.at(-(-at // block), message("/u_cmd", 1000, chain[0], kind, *words))
    run = score.run(x)
    return run.sound[:, 0], run.latency, run.complaints
