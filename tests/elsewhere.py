"""Programs for machines that Python does not run on here, by an emulator: core/tests/elsewhere.cpp, and what it should tell."""

import importlib.util
import json
import os
import platform
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from melisma.core.binding import CoreModel
from melisma.errors import MelismaError
from melisma.files import modelfile
from melisma.measure.golden import check_golden

ROOT = Path(__file__).resolve().parents[1]
WINDOWS = "x86_64-windows-gnu"
PLACES = f"{os.environ.get('PATH', '')}:/usr/lib/wine"  # Debian's wine64 alone puts no command on the path
WINE = next((found for name in ("wine64", "wine") if (found := shutil.which(name, path=PLACES))), None)

needs_zig = pytest.mark.skipif(
    not importlib.util.find_spec("ziglang"), reason="needs a compiler for other machines: pip install ziglang"
)
needs_wine = [
    pytest.mark.skipif(
        (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="only where Linux runs on an x86-64 processor"
    ),
    pytest.mark.skipif(not WINE, reason="needs wine: apt install wine64"),
    needs_zig,
]


def script(path: Path) -> ModuleType:
    """A build.py."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program(target: str, place: Path, source: Path = ROOT / "core" / "tests" / "elsewhere.cpp") -> Path:
    """A source and the core, for another machine. The C++ library, a minute's compiling for Windows, is not wanted."""
    return script(ROOT / "core" / "build.py").build(target, place, driver=source, link_extra=["-nostdlib++"])


def run(command: list, **options) -> dict:
    """What a program printed, as JSON."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as error:  # pipes would wait for wine's server, too
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=error, timeout=300, **options)
        out.seek(0), error.seek(0)
        assert done.returncode == 0, error.read()
        return json.loads(out.read())


@contextmanager
def wine(folder: Path):
    """`run` for programs of Windows, in a Windows of their own of 0.7 GB, which is gone in the end, its server, too."""
    (folder / "home").mkdir()
    quiet = {
        "HOME": str(folder / "home"),
        "WINEPREFIX": str(folder / "prefix"),
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe=d",  # nothing is fetched, nothing put into menus
    }
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"} | quiet
    try:
        yield lambda *words: run([WINE, *words], env=environment)
    finally:
        server = shutil.which("wineserver", path=PLACES)
        subprocess.run([server, "-k"], env=environment)  # 1 if none is left
        subprocess.run([server, "-w"], env=environment, timeout=60)
        shutil.rmtree(folder)


def proved(model: Path, kernels: str, out: Path, run) -> np.ndarray:
    """The golden pair; any split of it; damaged files, refused in a sentence or played without harm. → what was played."""
    told = run(model, kernels, out)
    assert told["kernels"] == kernels and told["splits"] == 2
    assert told["refused"] + told["read"] == 60 and told["refused"] > 10 and told["silent"] == 0
    got = np.fromfile(out, "<f4")
    heard = iter(got)
    check_golden(modelfile.load(model), lambda block: np.fromiter(heard, np.float32, len(block)))
    assert next(heard, None) is None
    return got


def here(model: Path, kernels: str) -> np.ndarray:
    """What this machine's core makes of the golden pair; skipped where the processor has no such instructions."""
    file = modelfile.load(model)
    try:
        opened = CoreModel(model, kernels)
    except MelismaError:
        pytest.skip(f"only on processors with {kernels}")
    return opened.stream().process(np.concatenate([file.golden[0], np.zeros(file.config.analysis.hop, np.float32)]))
