"""Damages files for the readers of Python for so many minutes, and says what came out that is neither a file read nor a sentence.

    nice python tests/fuzz_readers.py --minutes 10 [--model NAME.melisma] [--out findings/]

The readers run in a child process with 4 GiB of memory: one that dies, hangs for 30 s or raises anything but a MelismaError is a
finding, and the file that did it is kept. `core/tests/fuzz.cpp` does the same for the core.
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent))
import damage  # noqa: E402

HANG = 30.0  # seconds
WEIGHTS = {"sound": 12, "path": 3, "model": 3, "session": 3, "curve": 1, "index": 1}


def work(folder: Path, seed: int, model: str | None, said) -> None:
    """Reads damaged files until it is ended; `said` gets what happened to each."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(folder / "stderr", os.O_CREAT | os.O_WRONLY | os.O_APPEND), 2)
    whole, rng = damage.seeds(model), random.Random(seed)
    readers = [name for name in whole for _ in range(WEIGHTS[name])]
    number = 0
    while True:
        reader, number = rng.choice(readers), number + 1
        data = damage.damaged(rng.choice(whole[reader]), whole[reader], rng)
        file = (
            folder / f"{reader}{rng.choice(('.wav', '.mp3', '.ogg', '.flac', '.bin', '.m4a')) if reader == 'sound' else '.bin'}"
        )
        file.write_bytes(data)
        said.send((reader, str(file), None))
        try:
            result = "read" if damage.tried(reader, file) else "refused"
        except BaseException:
            result = traceback.format_exc()
        said.send((reader, str(file), result))
        file.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--model")
    parser.add_argument("--out", type=Path, default=Path("findings"))
    asked = parser.parse_args()
    began, counts, found, runs = time.monotonic(), Counter(), Counter(), 0
    with TemporaryDirectory() as name:
        while (left := asked.minutes * 60 - (time.monotonic() - began)) > 0:
            folder = Path(name) / str(runs)
            folder.mkdir()
            here, there = multiprocessing.Pipe(False)
            child = multiprocessing.get_context("spawn").Process(
                target=work, args=(folder, asked.seed + runs, asked.model, there)
            )
            child.start()
            there.close()
            runs += 1
            trouble = watch(here, child, left, counts)
            if trouble:
                reader, file, what = trouble
                last = [line for line in what.strip().splitlines() if line][-1][:200]
                found[f"{reader}: {last}"] += 1
                asked.out.mkdir(parents=True, exist_ok=True)
                if found[f"{reader}: {last}"] <= 3 and Path(file).exists():
                    kept = asked.out / f"{reader}-{asked.seed}-{runs}{Path(file).suffix}"
                    kept.write_bytes(Path(file).read_bytes())
                    kept.with_suffix(".txt").write_text(what)
            child.kill()
            child.join()
    print(json.dumps({"seed": asked.seed, "minutes": round((time.monotonic() - began) / 60, 1), "executions": sum(counts.values()),
                      "by reader": dict(counts), "findings": dict(found), "processes": runs}, indent=1))  # fmt: skip
    sys.exit(bool(found))


def watch(here, child, seconds: float, counts: Counter):
    """What the child does, until the time is over (None) or something is found: (reader, file, what)."""
    until, current = time.monotonic() + seconds, None
    while time.monotonic() < until:
        if not here.poll(HANG + 60 if current is None else HANG):
            return (*current, f"hangs for more than {HANG:g} s") if current else None
        try:
            reader, file, result = here.recv()
        except EOFError:
            child.join()
            return (
                (*current, f"the process ended with {child.exitcode}")
                if current
                else ("start", "", f"ended with {child.exitcode}")
            )
        if result is None:
            current = reader, file
            continue
        counts[f"{reader} {result}" if result in ("read", "refused") else f"{reader} found"] += 1
        if result not in ("read", "refused"):
            return reader, file, result
    return None


if __name__ == "__main__":
    main()
