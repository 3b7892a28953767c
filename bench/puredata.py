"""The Pure Data objects on this machine, in the real Pd: one JSON line.

    python bench/puredata.py [MODEL ...] [--seconds 60] [--session 3600]

MODEL: names or files; the published ones if none is named. For each:
perform: what melisma~ takes within Pd's perform, in blocks of 64 samples at 44.1 kHz, each when its time has come, as ratios
to the block's period: p50, p99, p99.9 and the longest; the aim is a p99.9 under 0.333. p99.9_without_waiting leaves out what the
machine gave to others meanwhile; between_p50 is 1 where each block came in its time. Two objects of stopwatch.c measure it.
times_real_time: how many times faster than real time Pd runs a patch of one melisma~ when it need not wait.
--session: so many seconds of sound through the three objects under random messages (tests/hosts/pd.py), all the models in turn;
what went wrong, if anything.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

import numpy as np

from melisma.store import pretrained

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "hosts"))
from pd import OBJECTS, Patch, random_session  # noqa: E402

BLOCK, RATE = 64, 44100


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.parent.name + "_build", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def stopwatch(folder: Path) -> None:
    """Compile stopwatch~ into a folder."""
    header, core = module(ROOT / "hosts" / "puredata" / "build.py").header(), module(ROOT / "core" / "build.py")
    if not header:
        raise SystemExit("Pd's header m_pd.h was not found: apt install puredata-dev")
    (folder / "m_pd.h").write_bytes(header.read_bytes())
    source, made = ROOT / "bench" / "stopwatch.c", folder / "stopwatch~.so"
    core._run([*core.compiler(zig=False), "-x", "c", str(source), "-O2", "-shared", "-fPIC", "-I", str(folder), "-o", str(made)])
    made.rename(folder / next(OBJECTS.glob("melisma~.pd_*")).name.replace("melisma", "stopwatch"))


def perform(model: Path, seconds: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stopwatch(folder)
        patch, calls = Patch(folder), int(seconds * RATE / BLOCK)
        sound, before = patch.object("noise~"), patch.object("stopwatch~ it")
        softer, chain = patch.object("*~ 0.1"), patch.object(f"melisma~ {model}")
        after = patch.object(f"stopwatch~ it {calls}", "it")
        for source, target in ((sound, softer), (softer, before), (before, chain), (chain, after)):
            patch.cable(source, target)
        patch.at(1000 * seconds, "it write times")
        more = ["-path", name, "-sleepgrain", "0.2"]
        run = patch.run(int(seconds * RATE) + RATE // 2, timeout=2 * seconds + 60, more=more, paced=True)
        if run.code or run.errors:
            raise SystemExit("\n".join(run.lines))
        times = np.fromfile(folder / "times").reshape(-1, 3)
    between, within, worked = times[len(times) // 10 :].T * RATE / BLOCK  # the first tenth is warming up
    figures = dict(zip(("p50", "p99", "p99.9"), np.percentile(within, [50, 99, 99.9]))) | {"max": within.max()}
    figures |= {"p99.9_without_waiting": np.percentile(worked, 99.9), "between_p50": np.median(between)}
    return {name: round(float(value), 4) for name, value in figures.items()} | {"calls": len(within)}


def batch(model: Path, seconds: float) -> float:
    with tempfile.TemporaryDirectory() as folder:
        patch = Patch(Path(folder))
        chain = patch.object(f"melisma~ {model}")
        patch.cable(patch.object("noise~"), chain)
        start = time.perf_counter()
        patch.run(int(seconds * RATE))
        return round(seconds / (time.perf_counter() - start), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--session", type=int, default=0, help="seconds of sound under random messages; an hour is 3600")
    options = parser.parse_args()
    models = [pretrained.locate(name).resolve() for name in options.models or pretrained.published()]
    figures: dict[str, object] = {"period_us": round(1e6 * BLOCK / RATE)}
    for model in models:
        figures[model.stem] = {"perform": perform(model, options.seconds), "times_real_time": batch(model, options.seconds)}
    if options.session:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            wrong = random_session(Path(folder), options.session, models, seed=0).complaints()
            took = round(time.perf_counter() - start, 1)
            figures["session"] = {"seconds": options.session, "took": took, "clean": not wrong, "wrong": wrong[:9]}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
