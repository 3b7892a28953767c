"""Compile the real-time core into src/melisma/_core/: one command, a few seconds.

python core/build.py                              this machine's library
python core/build.py --target aarch64-linux-gnu   another's, with zig; --out says where
python core/build.py --sanitize address,undefined --driver core/tests/driver.cpp --out build/driver
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "src"
OUT = HERE.parent / "src" / "melisma" / "_core"
FLAGS = """-std=c++17 -fno-exceptions -fno-rtti -fvisibility=hidden -ffunction-sections -fdata-sections
    -fno-math-errno -fno-trapping-math -ffp-contract=off -fno-threadsafe-statics -Wall -Wextra""".split()
# instruction sets beyond the target's own: these files ask the machine before they are used
AVX2 = ["-mavx2", "-mfma", "-mf16c"]
AVX512 = [*AVX2, "-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mprefer-vector-width=512"]

# a module without `main` that its host may call again and again, with 1 MiB of stack
WASM_LINK = ["-mexec-model=reactor", "-Wl,--strip-all", "-Wl,-z,stack-size=1048576"]


def exports() -> list[str]:
    """What a WASM module shows: the header's functions, and memory for what they are given."""
    names = re.findall(r"MELISMA_API[^;]*?\b(melisma_\w+)\(", (HERE / "include" / "melisma.h").read_text(encoding="utf-8"))
    return [f"-Wl,--export={name}" for name in (*names, "malloc", "free")]


def compiler(zig: bool) -> list[str]:
    """The command of a C++ compiler; SystemExit says in one sentence what to do when there is none."""
    if zig or not os.environ.get("CXX"):
        if importlib.util.find_spec("ziglang"):
            return [sys.executable, "-m", "ziglang", "c++"]
        if zig:
            raise SystemExit("building for another target needs zig: pip install ziglang")
    if os.environ.get("CXX"):
        return shlex.split(os.environ["CXX"])
    for name in ("c++", "g++", "clang++"):
        if shutil.which(name):
            return [name]
    raise SystemExit("building the core needs a C++ compiler: pip install ziglang, or install g++ or clang++")


def this_system() -> str:
    return {"Darwin": "macos", "Windows": "windows"}.get(platform.system(), "linux")


def library_name(target: str) -> str:
    if "windows" in target:
        return "melisma.dll"
    if "wasm" in target:
        return "melisma.wasm"
    return "libmelisma.dylib" if "macos" in target else "libmelisma.so"


def build(
    target: str = "",
    out: Path | None = None,
    sanitize: str = "",
    driver: Path | None = None,
    more: Sequence[Path] = (),
    define: Sequence[str] = (),
    optimise: str = "3",
    cxx: str = "",
    extra: Sequence[str] | Callable[[Path], Sequence[str]] = (),
    link_extra: Sequence[str] = (),
    library: bool = False,
) -> Path:
    """Compile the library, with more sources if there are any, or a program of `driver` and the core. → the file made.

    extra, link_extra: options for a host's own sources (or a function of one), for the linker. library: it needs the C++ library.
    """
    command = shlex.split(cxx) if cxx else compiler(zig=bool(target))
    zig = command[-2:-1] == ["ziglang"]
    system = this_system()
    machine = target.split("-")[0] if target else platform.machine().lower()
    flags = [*FLAGS, f"-O{optimise}", "-I", str(HERE / "include"), *[f"-D{name}" for name in define]]
    wasm = machine.startswith("wasm")
    if wasm:
        flags.append("-msimd128")
    elif "windows" not in (target or system):
        flags.append("-fPIC")
    if target:
        flags += ["-target", target]
    elif zig and machine in ("x86_64", "amd64"):
        flags += ["-mcpu=x86_64"]  # not this machine's: the library is for all
    if sanitize:
        flags += [f"-fsanitize={sanitize}", "-fno-omit-frame-pointer", "-g"]
    elif zig:
        flags += ["-fno-sanitize=undefined"]
    link = [*link_extra, *([] if driver else WASM_LINK + exports() if wasm else ["-shared"])]
    if driver or sanitize:
        link += ["-pthread"]
    if zig and not driver and not library:
        link += ["-nostdlib++"]  # nothing of the C++ library is used beyond its headers
    if not sanitize and not driver and "linux" in (target or system):
        link += ["-Wl,--gc-sections", "-s"]
    sources = sorted(SOURCES.rglob("*.cpp")) + ([driver] if driver else []) + list(more)

    with tempfile.TemporaryDirectory() as folder:

        def compiled(source: Path) -> str:
            # a host sees the header alone; the core is compiled alike for all, so that zig, which keeps what it made, has it
            theirs = extra(source) if callable(extra) else extra
            own = [*flags, *(["-I", str(SOURCES)] if source.resolve().is_relative_to(HERE) else theirs)]
            if machine in ("x86_64", "amd64") and source.parent.name == "kernels":
                own += {"avx2": AVX2, "avx512": AVX512, "avx512vnni": [*AVX512, "-mavx512vnni"]}.get(source.stem, [])
            place = os.path.join(folder, f"{sources.index(source)}-{source.stem}.o")
            _run([*command, *own, "-c", str(source), "-o", place])
            return place

        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            objects = list(pool.map(compiled, sources))
        place = Path(out) if out else OUT / library_name(target or system)
        place.parent.mkdir(parents=True, exist_ok=True)
        made = os.path.join(folder, place.name)
        _run([*command, *flags, *objects, *link, "-o", made])
        fresh = place.with_name(place.name + ".new")
        shutil.copy2(made, fresh)
        os.replace(fresh, place)  # a library in use is left whole
    return place


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.stderr.strip():
        print(done.stderr.strip(), file=sys.stderr)
    if done.returncode:
        raise SystemExit(f"this failed: {shlex.join(command)}")


def host_command(doc: str, build_host: Callable[..., list[Path]]) -> None:
    """What `python hosts/NAME/build.py` takes and prints."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="the folder to put it in")
    parser.add_argument("--target", default="", help="a zig target, such as aarch64-linux-gnu")
    parser.add_argument("--sanitize", default="", help="such as thread")
    parser.add_argument("--cxx", default="", help="the compiler's command; else zig, then $CXX, then the system's")
    for path in build_host(**vars(parser.parse_args())):
        print(path, f"{path.stat().st_size / 1000:.0f} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--target",
        default="",
        help="a zig target, such as aarch64-linux-gnu, aarch64-macos, x86_64-windows-gnu",
    )
    parser.add_argument("--out", type=Path, help="the file to make")
    parser.add_argument("--sanitize", default="", help="such as address,undefined or thread")
    parser.add_argument("--driver", type=Path, help="make a program of this source and the core")
    parser.add_argument("--with", type=Path, action="append", default=[], dest="more", help="compile this source, too")
    parser.add_argument("--define", action="append", default=[], help="a macro")
    parser.add_argument("--optimise", default="3", help="the compiler's level; 1 compiles quickest")
    parser.add_argument("--cxx", default="", help="the compiler's command; else zig, then $CXX, then the system's")
    options = parser.parse_args()
    print(build(**vars(options)))


if __name__ == "__main__":
    main()
