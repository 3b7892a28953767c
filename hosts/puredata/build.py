"""Compile the Pure Data objects, the core within them, into src/melisma/_pd/: one command, half a minute.

python hosts/puredata/build.py            this machine's; Pd's header m_pd.h must be there (Debian: apt install puredata-dev)
python hosts/puredata/build.py --out DIR  elsewhere

One binary, melisma~, holds the core and all the classes. Pd looks for each class in a file of its own name: the others are
stubs of a few kilobytes that lead to it.
"""

from __future__ import annotations

import argparse
import glob
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUT = ROOT / "src" / "melisma" / "_pd"
STUBS = {"melisma.encode~": "melisma_encode_setup", "melisma.decode~": "melisma_decode_setup", "melisma.loop~": "melisma_loop_setup"}
HEADERS = [
    "/usr/include", "/usr/include/pd", "/usr/local/include", "/usr/local/include/pd", "/opt/homebrew/include",
    "/opt/homebrew/include/pd", "/Applications/Pd*.app/Contents/Resources/src", "C:/Program Files/Pd/src",
]  # fmt: skip
MISSING = (
    "the Pure Data objects were not built: Pd's header m_pd.h was not found; on Debian `apt install puredata-dev`, "
    "elsewhere set PD_INCLUDE to the folder that has it (Pd's src)"
)


def header() -> Path | None:
    """Pd's m_pd.h, if it is on this machine; $PD_INCLUDE names its folder."""
    own = os.environ.get("PD_INCLUDE")
    for pattern in [own] if own else HEADERS:
        for folder in sorted(glob.glob(pattern)):
            if (Path(folder) / "m_pd.h").is_file():
                return Path(folder) / "m_pd.h"
    return None


def _core():
    spec = importlib.util.spec_from_file_location("melisma_core_build", ROOT / "core" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build(out: Path | None = None, target: str = "", sanitize: str = "", cxx: str = "") -> list[Path]:
    """Compile the objects into `out`. → the files made. SystemExit says in one sentence what is missing.

    target: one of zig's, such as x86_64-linux-gnu.2.17; this machine's if not said.
    """
    found = header()
    if not found:
        raise SystemExit(MISSING)
    system = "macos" if "macos" in target or (not target and platform.system() == "Darwin") else "linux"
    if "windows" in target or (not target and platform.system() == "Windows"):
        raise SystemExit("the Pure Data objects are not built for Windows yet")
    suffix, rpath = (".pd_darwin", "@loader_path") if system == "macos" else (".pd_linux", "$ORIGIN")
    out = Path(out or OUT)
    out.mkdir(parents=True, exist_ok=True)
    core = _core()
    undefined = ["-undefined", "dynamic_lookup"] if system == "macos" else []
    made = [out / f"melisma~{suffix}"]
    own = ["-Wl,-soname," + made[0].name] if system == "linux" else ["-install_name", "@rpath/" + made[0].name]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy2(found, folder)  # alone: its neighbours in /usr/include are another compiler's
        # the core's functions are the objects' own, and seen by nobody else in Pd
        core.build(
            target, made[0], sanitize, None, sorted((HERE / "src").glob("*.cpp")), ["MELISMA_API="], cxx=cxx,
            extra=["-I", folder, "-Wno-cast-function-type"], link_extra=[*own, *undefined, "-pthread"],
        )  # fmt: skip
        library = shutil.copy2(made[0], Path(folder) / "main.so")  # zig links nothing of an unknown suffix
        for name, setup in STUBS.items():
            place = out / f"{name}{suffix}"
            entry = "setup_" + name.replace(".", "0x2e").replace("~", "_tilde")
            source = Path(folder) / "stub.c"
            source.write_text(f'void {setup}(void);\n__attribute__((visibility("default"))) void {entry}(void) {{ {setup}(); }}\n')
            command = [*(cxx.split() or core.compiler(zig=bool(target))), *(["-target", target] if target else []), "-x", "c", str(source), "-x", "none"]
            command += ["-O1", "-shared", "-fPIC", "-nostdlib", str(library), f"-Wl,-rpath,{rpath}", "-o", str(Path(folder) / "stub.so")]
            core._run(command if system == "macos" else [*command, "-s"])
            os.replace(shutil.copy2(Path(folder) / "stub.so", place.with_name(place.name + ".new")), place)
            made.append(place)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="the folder to put them in")
    parser.add_argument("--target", default="", help="a zig target, such as aarch64-linux-gnu")
    parser.add_argument("--sanitize", default="", help="such as thread")
    parser.add_argument("--cxx", default="", help="the compiler's command; else zig, then $CXX, then the system's")
    for path in build(**vars(parser.parse_args())):
        print(path, f"{path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
