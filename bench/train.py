"""How quickly training goes on this machine: the steps of each stage of a model of one's own, one JSON line.

    python bench/train.py [--seconds 20] [--threads 1]

A stage is run as `melisma train` runs it, from scratch, on the sounds that come with Melisma; so many seconds of each, the first
steps not counted. Frames are those of the excerpts that are seen. The parts of a step: excerpts drawn (which `melisma train` does
in another thread meanwhile), passes forth and back, optimizers. Medians. Beside them the limit: multiplications and additions of
a step's matrices and convolutions (transforms and what goes number by number are not counted), as a share of what PyTorch's own
product of two large matrices reaches in this run: in bf16, where passes are multiplied so, and in 32 bits, as Muon's are.
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from melisma.files.config import ModelConfig
from melisma.sound.audio import read
from melisma.sound.folder import sounds_in
from melisma.sound.rates import resample
from melisma.training.data import Excerpts
from melisma.training.fit import device, keep_memory, numbers, precision
from melisma.training.plan import Plan
from melisma.training.reference import Reference

SOUNDS = Path(__file__).resolve().parent.parent / "src" / "melisma" / "sounds"
FIRST = 3  # steps that are not counted


def clips(rate: int) -> list[np.ndarray]:
    sounds = [read(file).mono() for file in sounds_in(SOUNDS)]
    return [(32767 * np.clip(resample(s.samples[0], s.rate, rate), -1, 1)).astype(np.int16) for s in sounds]


def peak(kind: torch.dtype) -> float:
    """Multiplications and additions a second of a product of two matrices of 1024 by 1024, the best of many."""
    a, b = torch.rand(2, 1024, 1024).to(kind)
    times = []
    for _ in range(30):
        start = time.perf_counter()
        torch.matmul(a, b)
        times.append(time.perf_counter() - start)
    return float(2 * 1024**3 / min(times))


def measured(
    name: str, plan: Plan, sounds: list[np.ndarray], seconds: float, half: bool, peaks: dict[str, float]
) -> dict[str, object]:
    torch.manual_seed(0)
    stage = plan.kinds[name](Reference(ModelConfig()), plan.weights)
    optimizers = stage.optimizers()
    drawn = Excerpts(sounds, stage.samples, 0, plan.mixed, plan.played, speeds=plan.speeds, shaped=plan.shaped)
    times: list[list[float]] = []
    passes, moves = FlopCounterMode(display=False), FlopCounterMode(display=False)
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(times) <= FIRST:
        at = [time.perf_counter()]
        batch = drawn.batch(len(times), stage.batch)
        at.append(time.perf_counter())
        with passes if not times else nullcontext():  # one step is counted
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss, _ = stage(batch, torch.Generator().manual_seed(len(times)), 0.5)
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
        at.append(time.perf_counter())
        with moves if not times else nullcontext():
            for optimizer in optimizers:
                optimizer.step()
        times.append([*np.diff([*at, time.perf_counter()])])
    parts = 1e3 * np.median(times[FIRST:], axis=0)
    milliseconds = {part: round(float(value), 1) for part, value in zip(("drawing", "passes", "optimizers"), parts)}
    rate = 1e3 / float(parts[1:].sum())  # excerpts are drawn meanwhile
    frames = round(rate * stage.batch * stage.frames)
    operations = {"passes": passes.get_total_flops(), "optimizers": moves.get_total_flops()}
    least = {part: 1e3 * operations[part] / peaks[part] for part in operations}  # milliseconds
    share = {part: round(least[part] / milliseconds[part], 3) for part in operations}
    share["step"] = round(sum(least.values()) / float(parts[1:].sum()), 3)
    return {
        "steps_per_second": round(rate, 2),
        "frames_per_second": frames,
        "milliseconds": milliseconds,
        "operations": operations,
        "share_of_peak": share,
        "steps": len(times),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20, help="of each stage")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_memory()
    plan, sounds = Plan(minutes=5), clips(ModelConfig().analysis.sample_rate)
    half = precision(device("cpu")) == "bf16-mixed"
    whole, short = peak(torch.float32), peak(torch.bfloat16)
    peaks = {"passes": short if half else whole, "optimizers": whole}
    stages = {name: measured(name, plan, sounds, options.seconds, half, peaks) for name in plan.names}
    found = {"bench": "train", "threads": options.threads, "numbers": numbers(), "stages": stages}
    print(json.dumps(found | {"peak_gflops": {"f32": round(whole / 1e9, 1), "bf16": round(short / 1e9, 1)}}))


if __name__ == "__main__":
    main()
