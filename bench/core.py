"""The core's time per block on this machine: one JSON line.

    python bench/core.py models/NAME.melisma [--block 512] [--seconds 20] [--kernels avx2] [--rate 48000]

hot: block after block. paced: one call each block period, as a host does, other work having emptied the caches (a buffer
larger than them is read in between). Figures are shares of real time, in percent of one core: mean, p50, p99 and max.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from melisma import core


def shares(times: np.ndarray, period: float) -> dict[str, float]:
    p50, p99 = np.percentile(times, [50, 99])
    figures = {"mean": times.mean(), "p50": p50, "p99": p99, "max": times.max()}
    return {name: round(100 * float(value) / period, 3) for name, value in figures.items()}


def limits() -> dict[str, float]:
    """What numpy reaches here on one thread: arithmetic in float32 and reading memory."""
    a = np.random.default_rng(0).standard_normal((512, 512)).astype(np.float32)
    best = min(timed(lambda: a @ a) for _ in range(30))
    far = np.ones(1 << 26, np.float32)
    reading = min(timed(far.sum) for _ in range(5))
    return {
        "gflops": round(2 * 512**3 / best / 1e9, 1),
        "gigabytes_per_second": round(far.nbytes / reading / 1e9, 1),
    }


def timed(f) -> float:
    start = time.perf_counter()
    f()
    return time.perf_counter() - start


def run(model: core.CoreModel, rate: int, block: int, seconds: float, paced: bool) -> dict[str, float]:
    rate = rate or model.sample_rate
    stream, period = model.stream(rate), block / rate
    sound = (0.1 * np.random.default_rng(0).standard_normal(block * 64)).astype(np.float32).reshape(64, block)
    out = np.empty(block, np.float32)
    call, handle = core.library().melisma_process, stream._handle
    places = [row.ctypes.data for row in sound]
    cold = np.ones(16 << 20, np.uint8)
    count = max(20, int(seconds / period))
    times = np.empty(count)
    following = time.perf_counter()
    for i in range(count):
        if paced:
            cold.sum(dtype=np.int64)
            following = max(following + period, time.perf_counter())
            time.sleep(max(0, following - time.perf_counter()))
        start = time.perf_counter()
        call(handle, places[i % 64], out.ctypes.data, block)
        times[i] = time.perf_counter() - start
    return shares(times[count // 10 :], period)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--block", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--kernels")
    options = parser.parse_args()
    model = core.CoreModel(options.model, options.kernels)
    sound = np.zeros(int(options.seconds * model.sample_rate), np.float32)
    whole = timed(lambda: model.stream().process(sound))
    print(
        json.dumps({
            "model": model.name, "vocoder": model.vocoder, "kernels": model.kernels, "block": options.block,
            "rate": options.rate or model.sample_rate, "weight_bytes": model.weight_bytes,
            "whole_times_real_time": round(options.seconds / whole, 1),
            "hot_percent": run(model, options.rate, options.block, options.seconds, paced=False),
            "paced_percent": run(model, options.rate, options.block, options.seconds, paced=True),
            "limits": limits(),
        })
    )  # fmt: skip


if __name__ == "__main__":
    main()
