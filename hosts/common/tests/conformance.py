"""hosts/common played by its bare driver: what every host has of it."""

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from building import ROOT, core  # noqa: E402

MISSING = ""  # it needs a compiler, which the core needs as well
BLOCKS = (1, 64, 500)  # samples: what the host may be given at once


@functools.cache
def driver() -> Path:
    common = HERE.parent
    program = Path(tempfile.mkdtemp()) / "driver"
    return core().build(out=program, driver=HERE / "driver.cpp", more=sorted(common.glob("*.cpp")), extra=["-I", str(common)])


def run(folder: Path, model: str, x: np.ndarray, rate: int, block: int, deeds: list[tuple[int, str]]):
    """Play a sound from its first sample on. deeds: (sample, "set NAME VALUE" …). → sound, latency, complaints, other lines"""
    np.asarray(x, "<f4").tofile(folder / "in.f32")
    script = "".join(f"{at} {deed}\n" for at, deed in [(0, f"load {model}"), *deeds])
    command = [driver(), ROOT / "src" / "melisma", str(rate), str(block), folder / "in.f32", folder / "out.f32"]
    done = subprocess.run([*map(str, command)], input=script, capture_output=True, text=True, timeout=300, check=True)
    lines = done.stdout.splitlines()
    said = [int(line.split()[1]) for line in lines if line.startswith("latency ")]
    complaints = [line.removeprefix("complaint ") for line in lines if line.startswith("complaint ")]
    return np.fromfile(folder / "out.f32", "<f4"), (said[-1] if said else None), complaints, lines


def play(folder: Path, model: str, x: np.ndarray, rate: int, block: int, deeds: list[tuple[int, str]]):
    """→ sound, the latency that the host declares (None without a model), its complaints"""
    return run(folder, model, x, rate, block, deeds)[:3]
