"""Compile the Pure Data objects, the core within them, into src/melisma/_pd/: one command, half a minute.

python hosts/puredata/build.py            this machine's; Pd's header m_pd.h must be there (Debian: apt install puredata-dev)
python hosts/puredata/build.py --out DIR  elsewhere

One binary, melisma~, holds the core and all the classes. Pd looks for each class in a file of its own name: the others are
stubs of a few kilobytes that lead to it.
"""

from __future__ import annotations

import glob
import os
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "common"))
from building import COMMON, core, sources, system  # noqa: E402

ROOT = HERE.parent.parent
FOLDER = "_pd"  # in the package
OUT = ROOT / "src" / "melisma" / FOLDER
STUBS = {f"melisma.{name}~": f"melisma_{name}_setup" for name in ("encode", "decode", "loop")}
HEADERS = [
    "/usr/include", "/usr/include/pd", "/usr/local/include", "/usr/local/include/pd", "/opt/homebrew/include",
    "/opt/homebrew/include/pd", "/Applications/Pd*.app/Contents/Resources/src", "C:/Program Files/Pd/src",
]  # fmt: skip
MISSING = (
    "the Pure Data objects were not built: Pd's header m_pd.h was not found; on Debian `apt install puredata-dev`, "
    "elsewhere set PD_INCLUDE to the folder that has it (Pd's src)"
)
NO_WINDOWS = "the Pure Data objects are not built for Windows yet"


def header() -> Path | None:
    """Pd's m_pd.h, if it is on this machine; $PD_INCLUDE names its folder."""
    own = os.environ.get("PD_INCLUDE")
    for pattern in [own] if own else HEADERS:
        for folder in sorted(glob.glob(pattern)):
            if (Path(folder) / "m_pd.h").is_file():
                return Path(folder) / "m_pd.h"
    return None


def why_not(target: str = "") -> str:
    """Why `build` cannot build here, in one sentence; nothing if it can. m_pd.h is the same for all targets."""
    return NO_WINDOWS if system(target) == "windows" else "" if header() else MISSING


def build(out: Path | None = None, target: str = "", sanitize: str = "", cxx: str = "") -> list[Path]:
    """Compile the objects into `out`. → the files made. SystemExit says in one sentence what is missing.

    target: one of zig's, such as x86_64-linux-gnu.2.17; this machine's if not said.
    """
    if reason := why_not(target):
        raise SystemExit(reason)
    found = header()
    mac = system(target) == "macos"
    suffix = ".pd_darwin" if mac else ".pd_linux"
    out = Path(out or OUT)
    out.mkdir(parents=True, exist_ok=True)
    made = [out / f"melisma~{suffix}"]
    link = ["-undefined", "dynamic_lookup", "-install_name", "@rpath/" + made[0].name] if mac else ["-Wl,-soname," + made[0].name]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy2(found, folder)  # alone: its neighbours in /usr/include are another compiler's
        # the core's functions are the objects' own, and seen by nobody else in Pd
        core().build(
            target, made[0], sanitize, None, sources(HERE), ["MELISMA_API="], cxx=cxx,
            extra=["-I", folder, "-I", str(COMMON), "-Wno-cast-function-type"], link_extra=[*link, "-pthread"],
        )  # fmt: skip
        compiler = [*(cxx.split() or core().compiler(zig=bool(target))), *(["-target", target] if target else [])]
        library = shutil.copy2(made[0], Path(folder) / "main.so")  # zig links nothing of an unknown suffix
        for name, setup in STUBS.items():
            made.append(_stub(compiler, Path(folder), library, setup, out / f"{name}{suffix}", mac))
    return made


def _stub(compiler: list[str], folder: Path, library: Path, setup: str, place: Path, mac: bool) -> Path:
    """A file that Pd opens for a class: its setup function, by the name that Pd gives it, leads into the library beside it."""
    entry = "setup_" + place.stem.replace(".", "0x2e").replace("~", "_tilde")
    source, result = folder / "stub.c", folder / "stub.so"
    seen = '__attribute__((visibility("default")))'
    source.write_text(f"void {setup}(void);\n{seen} void {entry}(void) {{ {setup}(); }}\n")
    rpath = "@loader_path" if mac else "$ORIGIN"
    command = [*compiler, "-x", "c", str(source), "-x", "none", "-O1", "-shared", "-fPIC", "-nostdlib", str(library)]
    core()._run([*command, f"-Wl,-rpath,{rpath}", "-o", str(result), *([] if mac else ["-s"])])
    os.replace(shutil.copy2(result, place.with_name(place.name + ".new")), place)
    return place


if __name__ == "__main__":
    core().host_command(__doc__, build)
