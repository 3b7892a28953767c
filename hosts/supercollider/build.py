"""Compile the units for SuperCollider, the core within them, into src/melisma/_supercollider/: one command, twenty seconds.

python hosts/supercollider/build.py            this machine's
python hosts/supercollider/build.py --out DIR  elsewhere

SuperCollider's headers must be there (Debian: apt install supercollider-dev). They are under the GNU GPL, 2 or later, and so
is what is compiled with them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "common"))
from building import core, library, system  # noqa: E402

ROOT = HERE.parent.parent
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


def why_not(target: str = "") -> str:
    """Why `build` cannot build here, in one sentence; nothing if it can. The headers are the same for all targets."""
    if system(target) == "windows":
        return NO_WINDOWS
    return "" if headers() else MISSING


def build(out: Path | None = None, target: str = "", sanitize: str = "", cxx: str = "") -> list[Path]:
    """Compile the units into `out`. → the file made. SystemExit says in one sentence what is missing.

    target: one of zig's, such as x86_64-linux-gnu.2.17; this machine's if not said.
    """
    if reason := why_not(target):
        raise SystemExit(reason)
    place = Path(out or OUT) / ("Melisma.scx" if system(target) == "macos" else "Melisma.so")
    include = [flag for part in PARTS for flag in ("-isystem", str(headers() / part))]
    return [library(HERE, place, [*include, "-Wno-cast-function-type"], target, sanitize, cxx)]


if __name__ == "__main__":
    core().host_command(__doc__, build)
