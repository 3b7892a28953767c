"""Compile the units for SuperCollider, the core within them, into src/melisma/_supercollider/: one command, twenty seconds.

python hosts/supercollider/build.py            this machine's
python hosts/supercollider/build.py --out DIR  elsewhere

SuperCollider's headers must be there (Debian: apt install supercollider-dev). They are under the GNU GPL, 2 or later, and so
is what is compiled with them.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COMMON = HERE.parent / "common"
FOLDER = "_supercollider"  # in the package
SLOW = True  # an editable install leaves it to this script
OUT = ROOT / "src" / "melisma" / FOLDER
HEADERS = ["/usr/include/SuperCollider", "/usr/local/include/SuperCollider", "/opt/homebrew/include/SuperCollider"]
MISSING = (
    "the units for SuperCollider were not built: SC_PlugIn.h was not found; on Debian `apt install supercollider-dev`, "
    "elsewhere set SC_PATH to SuperCollider's source (include/ is in it)"
)
NO_WINDOWS = "the units for SuperCollider are not built for Windows yet"
PARTS = ("plugin_interface", "common", "server")


def headers() -> Path | None:
    """The folder that has SuperCollider's headers; $SC_PATH names its source, or that folder itself."""
    own = os.environ.get("SC_PATH")
    places = [Path(own), Path(own) / "include"] if own else map(Path, HEADERS)
    return next((place for place in places if (place / "plugin_interface" / "SC_PlugIn.h").is_file()), None)


def _core():
    spec = importlib.util.spec_from_file_location("melisma_core_build", ROOT / "core" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sources() -> list[Path]:
    return sorted((HERE / "src").glob("*.cpp")) + sorted(COMMON.glob("*.cpp"))


def why_not(target: str = "") -> str:
    """Why `build` cannot build here, in one sentence; nothing if it can. The headers are the same for all targets."""
    if "windows" in (target or _core().this_system()):
        return NO_WINDOWS
    return "" if headers() else MISSING


def build(out: Path | None = None, target: str = "", sanitize: str = "", cxx: str = "") -> list[Path]:
    """Compile the units into `out`. → the file made. SystemExit says in one sentence what is missing.

    target: one of zig's, such as x86_64-linux-gnu.2.17; this machine's if not said.
    """
    if reason := why_not(target):
        raise SystemExit(reason)
    core = _core()
    mac = "macos" in (target or core.this_system())
    include = ["-I", str(COMMON)]
    for part in PARTS:
        include += ["-isystem", str(headers() / part)]
    link = ["-undefined", "dynamic_lookup"] if mac else ["-Wl,-z,nodelete", "-ldl"]
    place = Path(out or OUT) / ("Melisma.scx" if mac else "Melisma.so")
    # the core's functions are the units' own, and seen by nobody else in scsynth
    return [
        core.build(
            target, place, sanitize, None, sources(), ["MELISMA_API="], cxx=cxx, extra=[*include, "-Wno-cast-function-type"],
            link_extra=[*link, "-pthread"], library=True,
        )
    ]  # fmt: skip


if __name__ == "__main__":
    _core().host_command(__doc__, build)
