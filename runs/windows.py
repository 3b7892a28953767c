"""The core and the plug-ins built for Windows, run by wine: the same sound as here, to the bit, and a DLL that loads.

python runs/windows.py                 the core, and the plug-ins where DPF's source and LV2's headers are

It needs zig (pip install ziglang) and wine (Debian: apt install wine64). Not among the tests, which CI must run whole: wine takes
670 MB there.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from melisma.core.binding import CoreModel
from melisma.files import modelfile

ROOT = Path(__file__).resolve().parents[1]
TARGET = "x86_64-windows-gnu"
MODEL = ROOT / "models" / "strings.melisma"
KERNELS = ("plain", "avx2", "avx512", "avx512vnni")
# Debian's wine64 alone puts no command on the path
WINES = ("wine64", "wine", "/usr/lib/wine/wine64")


def _build(folder: Path):
    spec = importlib.util.spec_from_file_location(f"{folder.name}_build", folder / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(program: Path, *words: object) -> dict:
    """What a Windows program told, as JSON; SystemExit with its complaint."""
    wine = next((found for name in WINES if (found := shutil.which(name))), None)
    if not wine:
        raise SystemExit("there is no wine here: apt install wine64")
    quiet = os.environ | {"WINEDEBUG": "-all", "WINEPREFIX": str(program.parent / "wine")}
    done = subprocess.run([wine, program, *map(str, words)], capture_output=True, text=True, env=quiet)
    if done.returncode:
        raise SystemExit(f"{program.name} ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def core(folder: Path) -> None:
    """Golden pair at once and in blocks, damaged files; each kernel that this machine has."""
    program = _build(ROOT / "core").build(TARGET, folder / "elsewhere.exe", driver=ROOT / "core" / "tests" / "elsewhere.cpp")
    file = modelfile.load(MODEL)
    sound, _ = file.golden
    x = np.concatenate([sound, np.zeros(file.config.analysis.hop, np.float32)])
    for kernels in KERNELS:
        try:
            ours = CoreModel(str(MODEL), kernels).stream().process(x)
        except Exception as error:  # this machine has no such instructions
            print(f"{kernels}: not tried, {error}")
            continue
        told = run(program, MODEL, kernels, folder / "out.f32")
        same = np.array_equal(np.fromfile(folder / "out.f32", "<f4"), ours)
        print(f"{kernels}: {'the same to the bit' if same else 'ANOTHER SOUND'}; {told}")
        if not same or told["splits"] != 2 or told["silent"]:
            raise SystemExit("Windows' sound is not Linux's")


def plugins(folder: Path) -> None:
    """Each DLL loads, and its three formats answer."""
    host = _build(ROOT / "hosts" / "plugin")
    if reason := host.missing():
        return print(f"plug-ins: not tried, {reason}")
    made = host.build(folder / "plugins", TARGET)
    opener = ROOT / "hosts" / "plugin" / "tests" / "windows.cpp"
    program = _build(ROOT / "core").build(TARGET, folder / "windows.exe", driver=opener)
    for file in made:
        told = run(program, file)
        print(f"{file.name}: {told}")
        if told["vst3"] != 1 or told["clap"] != 1 or not told["lv2"]:
            raise SystemExit(f"{file.name} does not answer in all formats")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        core(Path(folder))
        plugins(Path(folder))


if __name__ == "__main__":
    main()
