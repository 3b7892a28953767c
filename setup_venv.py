"""What `make setup` runs: an environment with Melisma in it, and a line for each step of it.

python setup_venv.py .venv
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent
STEPS = 4
MARK = "[melisma] "  # before what hatch_build.py says


def main(place: Path) -> int:
    begun, python = time.monotonic(), place / "bin" / "python"
    print(f"Setting up {place}, once: one to three minutes on an ordinary laptop with an ordinary line")
    told(1, f"an environment of its own, in {place}")
    if not python.exists() and (status := subprocess.call([sys.executable, "-m", "venv", place])):
        return status
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["plots"]]  # the README draws
    told(2, "packages from PyPI:", end="")
    if status := pip(
        python, needed, "Collecting ", lambda rest: print(f" {re.split('[^A-Za-z0-9._-]', rest)[0]}", end="", flush=True)
    ):
        return status
    print()
    told(3, "a compiler from PyPI, and the package")
    if status := pip(python, ["--no-deps", "-e", str(ROOT)], MARK, lambda rest: print(f"        {rest}", flush=True)):
        return status
    told(4, f"ready, after {time.monotonic() - begun:.0f} s")
    return 0


def told(number: int, text: str, end: str = "\n") -> None:
    print(f"{number} of {STEPS}  {text}", end=end, flush=True)


def pip(python: Path, what: list[str], mark: str, say) -> int:
    """pip install, what it marks said as it comes; all that it said where it fails. → its status."""
    command = [python, "-m", "pip", "install", "-v", "--disable-pip-version-check", "--progress-bar", "off", *what]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    lines, seen = [], set()
    for line in running.stdout:
        lines.append(line)
        rest = line.strip().removeprefix(mark)
        if rest != line.strip() and rest not in seen:
            seen.add(rest)
            say(rest)
    if status := running.wait():
        print("\n", "".join(lines[-60:]), sep="", file=sys.stderr)
        return status
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
