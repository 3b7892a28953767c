"""Compile the opcode for Csound, the core within it, into src/melisma/_csound/: one command, twenty seconds.

python hosts/csound/build.py            this machine's
python hosts/csound/build.py --out DIR  elsewhere

Csound's headers must be there (Debian: apt install libcsound64-dev). The opcode is for Csound 6 with 64-bit samples, as it is
shipped everywhere.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "common"))
from building import core, library, system  # noqa: E402

ROOT = HERE.parent.parent
FOLDER = "_csound"  # in the package
SLOW = True  # an editable install leaves it to this script
OUT = ROOT / "src" / "melisma" / FOLDER
HEADERS = [
    "/usr/include/csound", "/usr/local/include/csound", "/Library/Frameworks/CsoundLib64.framework/Headers",
]  # fmt: skip
MISSING = (
    "the opcode for Csound was not built: Csound's header csdl.h was not found; on Debian `apt install libcsound64-dev`, "
    "elsewhere set CSOUND_INCLUDE to the folder that has it"
)
NO_WINDOWS = "the opcode for Csound is not built for Windows yet"


def headers() -> Path | None:
    """The folder that has csdl.h; $CSOUND_INCLUDE names it."""
    own = os.environ.get("CSOUND_INCLUDE")
    return next((Path(place) for place in ([own] if own else HEADERS) if (Path(place) / "csdl.h").is_file()), None)


def why_not(target: str = "") -> str:
    """Why `build` cannot build here, in one sentence; nothing if it can. The headers are the same for all targets."""
    if system(target) == "windows":
        return NO_WINDOWS
    return "" if headers() else MISSING


def build(out: Path | None = None, target: str = "", sanitize: str = "", cxx: str = "") -> list[Path]:
    """Compile the opcode into `out`. → the file made. SystemExit says in one sentence what is missing.

    target: one of zig's, such as x86_64-linux-gnu.2.17; this machine's if not said.
    """
    if reason := why_not(target):
        raise SystemExit(reason)
    place = Path(out or OUT) / ("libmelisma.dylib" if system(target) == "macos" else "libmelisma.so")
    return [library(HERE, place, ["-isystem", str(headers()), "-DUSE_DOUBLE"], target, sanitize, cxx)]


if __name__ == "__main__":
    core().host_command(__doc__, build)
