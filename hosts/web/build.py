"""Builds the page that plays, the core in WebAssembly within it: `python hosts/web/build.py`, some seconds.

One file, page.html: style, code and core are in it, so that it works from a folder (file://), where a browser lets a page fetch
nothing. `melisma web` writes it beside the models and sounds that it plays.
"""

from __future__ import annotations

import argparse
import base64
import importlib.util
import re
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "common"))
from building import core  # noqa: E402

ROOT = HERE.parent.parent
FOLDER = "_web"  # in the package
OUT = ROOT / "src" / "melisma" / FOLDER
TARGET = "wasm32-wasi"
MISSING = "the page that plays was not built: zig compiles the core for it: pip install ziglang"
# an import or an export of the modules that are put into one script
IMPORT = re.compile(r'^import [^;]*? from "(?P<file>[^"]+)";\n', re.M)
EXPORT = re.compile(r"^export (?=(async )?(function|class|const|let)\b)", re.M)


def why_not(target: str = "") -> str:
    """Why `build` cannot build here, in one sentence; nothing if it can. The page is the same for all targets."""
    return "" if importlib.util.find_spec("ziglang") else MISSING


def build(out: Path | None = None, target: str = "") -> list[Path]:
    """Write page.html into `out`. → the files made."""
    if reason := why_not(target):
        raise SystemExit(reason)
    place = Path(out or OUT) / "page.html"
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        wasm = core().build(TARGET, Path(folder) / "melisma.wasm").read_bytes()
    fresh = place.with_name(place.name + ".new")
    fresh.write_text(page(wasm), encoding="utf-8")
    fresh.replace(place)
    return [place]


def page(wasm: bytes) -> str:
    """page.html with what it names in double braces put in."""

    def part(found: re.Match[str]) -> str:
        name = found[1]
        if name == "wasm":
            return base64.b64encode(wasm).decode()
        file = HERE / "src" / name
        text = script(file) if file.suffix == ".js" else file.read_text(encoding="utf-8")
        if "</script" in text:
            raise SystemExit(f"{file} has an end of a script in it")
        return text.strip()

    return re.sub(r"\{\{([\w.]+)\}\}", part, (HERE / "src" / "page.html").read_text(encoding="utf-8"))


def script(file: Path, known: set[Path] | None = None) -> str:
    """A module and what it imports as one script: what is imported stands first, once, and all names are of one scope."""
    known = set() if known is None else known
    known.add(file.resolve())
    text, before = file.read_text(encoding="utf-8"), ""
    for found in IMPORT.finditer(text):
        other = (file.parent / found["file"]).resolve()
        if other not in known:
            before += script(other, known)
    return before + EXPORT.sub("", IMPORT.sub("", text))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="the folder to put it in")
    for path in build(**vars(parser.parse_args())):
        print(path, f"{path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
