"""The Pure Data objects on this machine, from outside: one JSON line.

    python bench/puredata.py [MODEL] [--seconds 20] [--session 3600]

paced: the share of a block's period that melisma~ takes of one core for blocks of 64 samples at 44.1 kHz, one call a period as
Pd makes it, in percent: p50, p99, p99.9, max, timed around the core's slot, which is all that `perform` does. pd: how many times
real time the real Pd runs a patch of one melisma~, in batch. session: so many seconds of sound through the three objects under
random messages (tests/pd.py) in the real Pd.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from melisma import core

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from pd import Patch, random_session  # noqa: E402

BLOCK, RATE = 64, 44100


def paced(model: core.CoreModel, seconds: float) -> dict[str, float]:
    slot = core.CoreSlot(RATE)
    slot.put(model.stream(RATE))
    sound = (0.1 * np.random.default_rng(0).standard_normal((64, BLOCK))).astype(np.float32)
    out, call = np.empty(BLOCK, np.float32), core.library().melisma_slot_process
    places, period = [row.ctypes.data for row in sound], BLOCK / RATE
    times = np.empty(max(2000, int(seconds / period)))
    following = time.perf_counter()
    for i in range(len(times)):
        following = max(following + period, time.perf_counter())
        time.sleep(max(0, following - time.perf_counter()))
        start = time.perf_counter()
        call(slot._handle, places[i % 64], out.ctypes.data, BLOCK)
        times[i] = time.perf_counter() - start
    shares = 100 * times[len(times) // 10 :] / period
    figures = dict(zip(("p50", "p99", "p99.9"), np.percentile(shares, [50, 99, 99.9]))) | {"max": shares.max()}
    return {name: round(float(value), 2) for name, value in figures.items()}


def batch(model: Path, seconds: float) -> float:
    with tempfile.TemporaryDirectory() as folder:
        patch = Patch(Path(folder))
        chain = patch.object(f"melisma~ {model}")
        patch.cable(patch.object("noise~"), chain)
        patch.records(chain, 64)
        start = time.perf_counter()
        patch.run(int(seconds * RATE))
        return seconds / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=ROOT / "models" / "strings.melisma")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--session", type=float, default=0, help="seconds of sound under random messages; an hour is 3600")
    options = parser.parse_args()
    model = core.CoreModel(options.model)
    figures = {
        "model": model.name,
        "paced_percent": paced(model, options.seconds),
        "pd_times_real_time": round(batch(options.model.resolve(), max(60, options.seconds)), 1),
    }
    if options.session:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            run, sane = random_session(Path(folder), options.session, [options.model.resolve()], seed=0)
            figures["session"] = {
                "seconds": options.session,
                "took": round(time.perf_counter() - start, 1),
                "clean": run.code == 0 and not run.errors and sane,
            }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
