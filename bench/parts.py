"""What the parts of a model cost at other widths, numbers of blocks and ranks: one JSON line.

    python bench/parts.py [--kernels avx2] [--calls 300]
    python bench/parts.py --sounds held --files 4        # and what lower ranks lose, in ViSQOL: some minutes

A part's time is that of a stream with it and hardly anything else, less that of one with hardly anything: microseconds of a call
of one frame, the median. hot: call after call. cold: 48 MB of something else are read before each. Models are random, in 8 bits:
what they play takes no other time. Ranks are of the two matrices of each block, each as the product of two: no file has such
yet, so that the bytes are counted and the times are estimated from the time a byte takes in the same part.

ViSQOL is of the published model `strings` whose blocks are cut to a rank by singular values, *without any training after it*:
a lower bound of what a model of that rank, trained as one, would reach. Encoder and decoder are heard through the latents alone,
the refiner by copy synthesis.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from melisma.core.engine import Engine
from melisma.files import modelfile
from melisma.files.config import ModelConfig, PhaseConfig, VAEConfig
from melisma.files.shapes import expected
from melisma.files.weights import in_bytes

ROOT = Path(__file__).resolve().parent.parent
PARTS = {"encoder": ("encoder.", 192), "decoder": ("decoder.", 256), "refiner": ("vocoder.", 192)}
LEAST = ModelConfig(
    vae=VAEConfig(encoder_width=1, encoder_blocks=0, decoder_width=1, decoder_blocks=0), vocoder=PhaseConfig(width=1, blocks=0)
)
SIZES = ((96, 4), (128, 4), (192, 2), (192, 4), (192, 6), (256, 4), (320, 4))
RANKS = (96, 64, 32)
BLOCK_ENDS = ("up.weight", "down.weight")


def random(config: ModelConfig) -> modelfile.ModelFile:
    rng = np.random.default_rng(0)
    kept = config.vae.latents
    tensors = {n: (0.05 * rng.standard_normal(s)).astype(np.float32) for n, s in expected(config, kept).items()}
    latents = {"percentiles": [[-2.0, -1.5, 0.0, 1.5, 2.0]] * kept}
    return in_bytes(modelfile.ModelFile("random", config, tensors, latents, latency=config.analysis.frame))


def of(part: str, width: int, blocks: int) -> ModelConfig:
    if part == "refiner":
        return replace(LEAST, vocoder=replace(LEAST.vocoder, width=width, blocks=blocks))
    return replace(LEAST, vae=replace(LEAST.vae, **{f"{part}_width": width, f"{part}_blocks": blocks}))


def size(file: modelfile.ModelFile, part: str) -> int:
    return sum(v.size for n, v in file.tensors.items() if n.startswith(PARTS[part][0]) and n in file.scales)


def timed(configs: dict[Any, ModelConfig], kernels: str | None, calls: int) -> dict[Any, dict[str, float]]:
    """Medians in µs of a call of one frame, the models in turn: what else the machine does meets all alike."""
    streams = {key: Engine(random(config), kernels).stream() for key, config in configs.items()}
    block = (0.2 * np.sin(0.05 * np.arange(LEAST.analysis.hop))).astype(np.float32)
    other, found = np.ones(6 << 20, np.int64), {}
    for how in ("hot", "cold"):
        times: dict[Any, list[float]] = {key: [] for key in streams}
        for _ in range(max(10, calls // 20)):
            for key, stream in streams.items():
                for i in range(20 if how == "hot" else 2):
                    if how == "cold":
                        other.sum()
                    start = time.perf_counter()
                    stream.process(block)
                    if i or how == "cold":
                        times[key].append(time.perf_counter() - start)
        for key, taken in times.items():
            found.setdefault(key, {})[how] = 1e6 * float(np.median(taken))
    return found


def costs(kernels: str | None, calls: int) -> list[dict[str, Any]]:
    configs = {(part, *one): of(part, *one) for part in PARTS for one in SIZES}
    found = timed({None: LEAST} | configs, kernels, calls)
    rows = []
    for (part, width, blocks), config in configs.items():
        took = {how: round(found[part, width, blocks][how] - found[None][how], 1) for how in ("hot", "cold")}
        rows.append({"part": part, "width": width, "blocks": blocks, "bytes": size(random(config), part), "microseconds": took})
    for part, (_, width) in PARTS.items():
        full = next(row for row in rows if (row["part"], row["width"], row["blocks"]) == (part, width, 4))
        for rank in RANKS:
            fewer = full["bytes"] - 4 * 2 * (3 * width * width - rank * 4 * width)
            took = {how: round(value * fewer / full["bytes"], 1) for how, value in full["microseconds"].items()}
            rows.append(
                {"part": part, "width": width, "blocks": 4, "rank": rank, "bytes": fewer, "microseconds": took, "estimated": True}
            )
    return rows


def cut(file: modelfile.ModelFile, part: str, rank: int) -> modelfile.ModelFile:
    """The file whose part has blocks of that rank: the nearest such matrices (Eckart and Young, 1936)."""
    tensors = dict(file.tensors)
    for name, value in tensors.items():
        if name.startswith(PARTS[part][0]) and name.endswith(BLOCK_ENDS):
            u, s, v = np.linalg.svd(value, full_matrices=False)
            tensors[name] = ((u[:, :rank] * s[:rank]) @ v[:rank]).astype(np.float32)
    return replace(file, tensors=tensors, scales={}, golden=None, digest="")


def fidelity(which: str, files: int, seconds: float) -> list[dict[str, Any]]:
    from melisma.measure import metrics, sets
    from melisma.measure.excerpts import excerpt
    from melisma.model import Model

    published = modelfile.load(ROOT / "models" / "strings.melisma")
    rate, all_of = published.config.analysis.sample_rate, sets.sounds("strings", which)
    picked = [all_of[int(i)] for i in np.linspace(0, len(all_of) - 1, min(files, len(all_of)))]
    sounds = [excerpt(file, rate, seconds) for file in picked]

    def score(file: modelfile.ModelFile, play: Callable[[Model, np.ndarray], Any]) -> float:
        model = Model(file)
        made = [metrics.visqol(sound, play(model, sound).samples[0], rate).mos for sound in sounds]
        return round(float(np.mean(made)), 3)

    plays = {"latents": lambda m, x: m.decode(m.encode(x), fine=0, colour=0), "copy synthesis": lambda m, x: m.copy_synthesis(x)}
    rows = []
    for part in PARTS:
        way = "copy synthesis" if part == "refiner" else "latents"
        for rank in (None, *RANKS):
            visqol = score(published if rank is None else cut(published, part, rank), plays[way])
            rows.append({"part": part, "rank": rank, "heard": way, "visqol": visqol})
    return [{"set": which, "files": [str(file.name) for file in picked], "seconds": seconds, "rows": rows}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernels", help="avx512vnni, avx512, avx2, neon or plain; else the best")
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--sounds", choices=("held", "elsewhere"), help="score lower ranks on this set")
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    if options.sounds:
        (told,) = fidelity(options.sounds, options.files, options.seconds)
        print(json.dumps({"bench": "ranks", "model": "strings"} | told))
    else:
        rows = costs(options.kernels, options.calls)
        print(json.dumps({"bench": "parts", "kernels": options.kernels or "best", "rows": rows}))


if __name__ == "__main__":
    main()
