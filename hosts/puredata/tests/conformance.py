"""melisma~ in the real Pure Data, as tests/hosts/test_conformance.py plays every host."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from pd import OBJECTS, Patch

MISSING = ""
if not shutil.which("pd"):
    MISSING = "there is no Pure Data here: apt install puredata"
elif not list(OBJECTS.glob("melisma~.*")):
    MISSING = "the objects are not built: apt install puredata-dev, python hosts/puredata/build.py"
BLOCKS = (64, 256)


def play(folder: Path, model: str, x: np.ndarray, rate: int, block: int, deeds: list[tuple[int, str]]):
    """→ sound, the latency that the host declares (None without a model), its complaints"""
    patch = Patch(folder)
    if block != 64:
        patch.add(f"block~ {block}")
    chain = patch.object(f"melisma~ {model}", "it")
    patch.hears(chain, 1)
    patch.plays(x, chain, rate=rate)
    out = patch.records(chain, len(x))
    for at, deed in deeds:
        patch.at(1000 * at / rate, f"it {deed}")
    run = patch.run(len(x), rate)
    assert run.code == 0, run.lines
    told = [line.split() for line in run.lines if line.startswith("heard: model ")]
    return run.sounds[out], (int(float(told[-1][4])) if told else None), run.errors
