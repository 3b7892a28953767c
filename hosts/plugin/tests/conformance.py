"""The effect as CLAP and as LV2, which must be the same to the bit, as tests/hosts/test_conformance.py plays every host. VST3,
which wants a real host, is played in tests/hosts/test_plugin_formats.py."""

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[2] / "src" / "melisma" / "_plugin"
MISSING = "" if list(BUILT.glob("effect.*")) else (
    "the plug-ins are not built: apt install dpf-source lv2-dev, python hosts/plugin/build.py"
)  # fmt: skip
BLOCKS = (1, 64, 500)


@functools.cache
def installed() -> Path:
    from melisma.hosts.plugin import install

    folder = Path(tempfile.mkdtemp())
    for format in ("CLAP", "LV2"):
        install.install(format, folder)
    return folder


def play(folder: Path, model: str, x: np.ndarray, rate: int, block: int, deeds: list[tuple[int, str]]):
    """→ sound, the latency that the host declares (None without a model), its complaints"""
    np.asarray(x, "<f4").tofile(folder / "in.f32")
    script = "".join(f"{at} {deed}\n" for at, deed in [(0, f"load {model}"), *deeds])
    results = []
    for kind in ("clap", "lv2"):
        command = [sys.executable, HERE / "session.py", kind, installed(), rate, block, folder / "in.f32", folder / "out.f32"]
        done = subprocess.run([*map(str, command)], input=script, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        told = dict(line.split() for line in done.stdout.splitlines())
        latency = int(told["latency"]) if told["status"] == "0" else None
        complaints = [line.removeprefix("Melisma: ") for line in done.stderr.splitlines() if line.startswith("Melisma: ")]
        results.append((np.fromfile(folder / "out.f32", "<f4"), latency, complaints))
    (one, latency, complaints), (other, *more) = results
    assert np.array_equal(one, other) and more[0] == latency and len(more[1]) == len(complaints)
    return one, latency, complaints
