"""What the hosts' build.py share: the core's build, the sources of hosts/common, the system that is compiled for."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from types import ModuleType

COMMON = Path(__file__).resolve().parent
ROOT = COMMON.parents[1]


@functools.cache
def module(file: Path) -> ModuleType:
    """A Python file that is in no package."""
    spec = importlib.util.spec_from_file_location(f"melisma_{file.parent.name}_{file.stem}", file)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def core() -> ModuleType:
    """core/build.py."""
    return module(ROOT / "core" / "build.py")


def sources(host: Path, midi: bool = True) -> list[Path]:
    """A host's own, and those of hosts/common. midi: with the MIDI map."""
    shared = [file for file in sorted(COMMON.glob("*.cpp")) if midi or not file.stem.startswith("midi")]
    return sorted((host / "src").glob("*.cpp")) + shared


def system(target: str = "") -> str:
    """linux, macos or windows: of one of zig's targets, or of this machine."""
    return next((name for name in ("windows", "macos") if name in (target or core().this_system())), "linux")


def library(host: Path, place: Path, include: list[str], target: str = "", sanitize: str = "", cxx: str = "") -> Path:
    """Compile a host without a MIDI map into one library. The core's functions in it are its own, and seen by nobody else."""
    link = ["-undefined", "dynamic_lookup"] if system(target) == "macos" else ["-Wl,-z,nodelete", "-ldl"]
    return core().build(
        target, place, sanitize, None, sources(host, midi=False), ["MELISMA_API="], cxx=cxx, extra=["-I", str(COMMON), *include],
        link_extra=[*link, "-pthread"], library=True,
    )  # fmt: skip
