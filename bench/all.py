"""All that docs/lab/speed.md tells, one after the other, on this machine: one JSON line each, within ten minutes.

    python bench/all.py                       # on a quiet machine; writes docs/lab/speed.jsonl and the page's tables
    python bench/all.py --out FILE            # the lines elsewhere, and no tables

Each line says on which processor, how busy it was when the line was begun (the load of the last minute) and when. A line that
fails is named and left out, and so is its table; what was in the file of it stays. `python bench/parts.py --sounds held`, which
takes longer and needs the held-out sounds, is added with --ranks.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINES = ROOT / "docs" / "lab" / "speed.jsonl"
SHORT = ("--seconds", "5")
ALL = {
    "core": ("core.py", *SHORT),
    "core-avx2": ("core.py", *SHORT, "--kernels", "avx2", "--no-torch"),
    "core-16": ("core.py", *SHORT, "--bits", "16", "--no-torch"),
    "start": ("start.py",),
    "parts": ("parts.py",),
    "parts-avx2": ("parts.py", "--kernels", "avx2"),
    "train": ("train.py", "--seconds", "15"),
    "boards": ("boards.py",),
}
RANKS = {"ranks": ("parts.py", "--sounds", "held")}


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = dict([part.strip() for part in line.split(":", 1)] for line in lines if ":" in line)
    numbers = [found[key] for key in ("cpu family", "model") if key in found]
    return found.get("model name", platform.machine()) + (
        f" (family {numbers[0]}, model {numbers[1]})" if len(numbers) == 2 else ""
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=LINES)
    parser.add_argument("--only", nargs="+", choices=sorted(ALL | RANKS), help="these lines alone; the others stay as they were")
    parser.add_argument("--ranks", action="store_true", help="what lower ranks lose, too")
    options = parser.parse_args()
    wanted = options.only or [*ALL, *(RANKS if options.ranks else ())]
    kept = [json.loads(line) for line in options.out.read_text().splitlines()] if options.out.is_file() else []
    lines, failed = {line["line"]: line for line in kept}, []
    for name in wanted:
        script, *words = (ALL | RANKS)[name]
        about = {"line": name, "processor": processor(), "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 2)}
        done = subprocess.run([sys.executable, ROOT / "bench" / script, *words], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            print(f"{name}: bench/{script} failed with {done.returncode}", file=sys.stderr)
            failed.append(name)
            continue
        lines[name] = about | {"when": time.strftime("%Y-%m-%d %H:%M")} | json.loads(done.stdout)
        print(json.dumps(lines[name]), flush=True)
        ordered = [lines[key] for key in (*ALL, *RANKS) if key in lines]
        options.out.write_text("".join(json.dumps(line) + "\n" for line in ordered))
    if options.out == LINES:
        subprocess.run([sys.executable, ROOT / "bench" / "tables.py"], check=True)
    if failed:
        raise SystemExit(f"without {', '.join(failed)}")


if __name__ == "__main__":
    main()
