"""How long `melisma transfer` of two seconds of sound takes, and what of it: one JSON line, in milliseconds.

    python bench/start.py [MODEL] [--times 10]

wall and cpu (user + system) are of the command itself, as a shell starts it: the least of so many runs. The parts are of another
process that does the same: python (until the first line is run), imports (of the command line and of what a transfer needs),
model (read, checked, packed by the core), work (the sound read, encoded, decoded and written). Python's compiled files are there:
an installed package has them. On a machine with other work cpu tells more than wall.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

PARTS = """
import sys, time
at = [time.monotonic()]
from melisma.cli.app import application
import typer.main
application("transfer")
from melisma import model as models
from melisma.sound import audio, formats
from melisma.system import atomic
at.append(time.monotonic())
model = models.load(sys.argv[1])
model._engine
at.append(time.monotonic())
model.transfer(audio.read(sys.argv[2])).save(sys.argv[3])
at.append(time.monotonic())
print(*at)
"""


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, float, str]:
    """→ wall and processor time in ms, and what it printed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    said = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1e3 * wall, 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="strings")
    parser.add_argument("--times", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sound, made = str(Path(folder) / "two.wav"), str(Path(folder) / "made.wav")
        soundfile.write(sound, 0.3 * np.sin(2 * np.pi * 220 / 44100 * np.arange(88200)), 44100)
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled")}
        command = [sys.executable, "-m", "melisma", "transfer", sound, made, "--model", options.model]
        timed(command, environment)  # compiles
        runs = [timed(command, environment) for _ in range(options.times)]
        parts = []
        for _ in range(options.times):
            begun = time.monotonic()
            said = timed([sys.executable, "-c", PARTS, options.model, sound, made], environment)[2]
            parts.append(1e3 * np.diff([begun, *map(float, said.split())]))
    names = ("python", "imports", "model", "work")
    shares = {name: round(float(value), 1) for name, value in zip(names, np.min(parts, axis=0))}
    wall, cpu = (round(min(run[k] for run in runs), 1) for k in (0, 1))
    print(json.dumps({"bench": "start", "wall_ms": wall, "cpu_ms": cpu, "parts_ms": shares, "times": options.times}))


if __name__ == "__main__":
    main()
