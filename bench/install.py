"""What installing costs: a fresh virtual environment, the checkout (or an older one) put into it, one line of JSON.

python bench/install.py                                            what playing needs
python bench/install.py --revision d1b75bb --extra train           what it needed when PyTorch did the playing
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMPORT = "import time; t = time.perf_counter(); import melisma; print(time.perf_counter() - t)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--revision", help="a commit to install instead of what lies here")
    parser.add_argument("--extra", default="", help="such as train")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = ROOT
        if options.revision:
            source = Path(folder) / "source"
            source.mkdir()
            archive = subprocess.run(["git", "-C", ROOT, "archive", options.revision], check=True, capture_output=True).stdout
            subprocess.run(["tar", "-x", "-C", source], input=archive, check=True)
        place = Path(folder) / "venv"
        venv.create(place, with_pip=True)
        python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        empty = size(place)
        # PyTorch by its number is the build for CPUs; a bare range may bring gigabytes for GPUs
        wanted = [f"{source}[{options.extra}]" if options.extra else str(source), *(["torch==2.13.0"] if options.extra else [])]
        begun = time.perf_counter()
        # as for a user: what is built is not taken from an earlier run, what is downloaded may be
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], check=True)
        seconds = time.perf_counter() - begun
        runs = [subprocess.run([python, "-c", IMPORT], check=True, capture_output=True, cwd=folder).stdout for _ in range(6)]
        told = {
            "installed": options.revision or "checkout", "extra": options.extra, "seconds": round(seconds, 1),
            "megabytes": round((size(place) - empty) / 1e6), "import_seconds": round(min(map(float, runs)), 3),
            "python": sys.version.split()[0],
        }  # fmt: skip
        print(json.dumps(told))


def size(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


if __name__ == "__main__":
    main()
