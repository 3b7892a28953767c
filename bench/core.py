"""The core's time per block on this machine, beside the machine's limits and TorchScript: one JSON line.

    python bench/core.py [models/NAME.melisma] [--blocks 64 512] [--seconds 20] [--kernels avx2] [--bits 16] [--no-torch]

hot: call after call. paced: one call each block period, as a host makes them. cold: paced, with the caches emptied in between.
Times are microseconds a call; percent_of_core is the mean in percent of the block's period. Beside them stand what the same call
would take if nothing but its multiplications (at the peak of the CPU's fused multiply-adds or, where weights have 8 bits, of its
products of pairs of whole numbers, both measured by chains of them in registers) or nothing but one reading of its weights (from
memory, measured on 256 MB) took time; what a stream takes of which eight play, of one model and of eight; and what the same
networks take in TorchScript, whose graph leaves the drafts of the magnitudes and the integration of the phases out (they are no
tensor operations), so that its true ratio is larger than the one told. Quiet machine, or the figures are worth nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from melisma.files import modelfile
from melisma.files.config import MelganConfig
from melisma.files.weights import in_bytes

ROOT = Path(__file__).resolve().parent.parent


def operations(file: modelfile.ModelFile) -> int:
    """Multiplications and additions of the networks' matrices for one frame."""
    total = 0
    for name, value in file.tensors.items():
        part, *rest = name.split(".")
        if value.ndim < 2 or part == "calibration" or "depth" in rest:
            continue
        times = 1
        if part == "vocoder" and isinstance(file.config.vocoder, MelganConfig) and rest[0] != "0":
            ratios, layers = file.config.vocoder.ratios, len(file.config.vocoder.dilations)
            stage = (int(rest[0]) - 2) // (2 + layers)  # an activation, the upsampling, its residuals
            times = math.prod(ratios[: stage + (rest[1] != "conv" or stage == len(ratios))])
        total += 2 * value.size * times
    return total


def built(folder: str) -> Path:
    spec = importlib.util.spec_from_file_location("build", ROOT / "core" / "build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["build"] = module
    spec.loader.exec_module(module)
    return module.build(driver=ROOT / "bench" / "core.cpp", out=Path(folder) / "core")


def torchscript(file: modelfile.ModelFile, block: int, seconds: float) -> dict[str, float]:
    """Mean percent of a core for the networks, the transforms and the overlap in TorchScript, hot and paced."""
    import torch
    from torch import Tensor, nn

    from melisma.training.export import from_file
    from melisma.training.mel import absolute, levelled, relative
    from melisma.training.vae import split

    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # blocks have one size here
    model = from_file(file).eval()
    phase = not isinstance(file.config.vocoder, MelganConfig)

    def flat(state: object) -> list[Tensor]:
        if isinstance(state, Tensor):
            return [state]
        return [t for part in state for t in flat(part)] if isinstance(state, (list, tuple)) else []

    def shaped(like: object, tensors: list[Tensor]) -> object:
        if isinstance(like, Tensor):
            return tensors.pop(0)
        return [shaped(part, tensors) for part in like] if isinstance(like, (list, tuple)) else like

    voice = model.vocoder.body if phase else model.vocoder
    first = [part.initial(1) for part in (model.analysis, model.encoder, model.decoder, voice)]
    tail = torch.zeros(1, model.config.analysis.frame - model.config.analysis.hop)

    class Graph(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: Tensor, tail: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
            m, (analysis, encoder, decoder, vocoder) = self.model, shaped(first, list(states))
            frames, analysis = m.analysis.step(x, analysis)
            mel, loudness = frames[:, :-1], frames[:, -1:]
            encoded, encoder = m.encoder.step(relative(mel, loudness), encoder)
            z = m.calibration.inverse(m.calibration(split(encoded)[0]))
            decoded, decoder = m.decoder.step(torch.cat([z, loudness], 1), decoder)
            mel = absolute(levelled(decoded, m.analysis.log_band_weights), loudness)
            if phase:
                features, vocoder = m.vocoder.body.step(2 * mel - 1, vocoder)
                features = m.vocoder.norm(features.transpose(1, 2))
                log = 3 * torch.tanh(m.vocoder.magnitude(features) / 3)
                magnitude = torch.matmul(m.vocoder.spread, 10 ** (5 * (mel - 1))).transpose(1, 2) * torch.exp(log)
                y, tail = m.vocoder.overlap_add(torch.complex(magnitude, torch.zeros_like(magnitude)), tail)
            else:
                y, vocoder = m.vocoder.step(mel, vocoder)
            return y, tail, *flat([analysis, encoder, decoder, vocoder])

    x = 0.1 * torch.randn(1, 1, block)
    period, percent = block / model.config.analysis.sample_rate, {}
    with torch.no_grad():
        graph = torch.jit.trace(Graph(), (x, tail, *flat(first)), check_trace=False)
        for how in ("hot", "paced"):
            states, times = (tail, *flat(first)), []
            following = time.perf_counter()
            for _ in range(max(60, int(seconds / period))):
                if how == "paced":
                    following = max(following + period, time.perf_counter())
                    time.sleep(max(0.0, following - time.perf_counter()))
                start = time.perf_counter()
                _, *states = graph(x, *states)
                times.append(time.perf_counter() - start)
            percent[how] = round(100 * float(np.mean(times[len(times) // 4 :])) / period, 3)
    return percent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=ROOT / "models" / "strings.melisma")
    parser.add_argument("--blocks", type=int, nargs="+", default=[64, 512])
    parser.add_argument("--seconds", type=float, default=10, help="of each reading")
    parser.add_argument("--rate", type=int, default=0, help="the host's, in Hz; else the model's own")
    parser.add_argument("--kernels", default="best", help="avx512vnni, avx512, avx2, neon or plain")
    parser.add_argument("--bits", type=int, choices=(8, 16), help="of the weights; else as the file has them")
    parser.add_argument("--no-torch", action="store_true")
    options = parser.parse_args()
    file = modelfile.load(options.model)
    if options.bits:
        file = in_bytes(file) if options.bits == 8 else replace(file, scales={})
    hop, work = file.config.analysis.hop, operations(file)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / options.model.name
        modelfile.save(file, model)
        words = [model, options.seconds, options.kernels, options.rate, *options.blocks]
        command = [str(built(folder)), *map(str, words)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(done.returncode)
    found = {
        "bench": "core",
        "model": file.name,
        "bits": file.weight_bits,
        "seconds": options.seconds,
        **json.loads(done.stdout),
        "operations_per_frame": work,
    }
    # weights in 8 bits are multiplied with 16 as whole numbers
    peak = found["peak_gigapairs" if file.weight_bits == 8 else "peak_gflops"]
    second = file.config.analysis.sample_rate / hop * work / peak / 1e9  # of its multiplications, for one of sound
    found["whole_files_share_of_peak"] = round(second * found["whole_files_times_real_time"], 3)
    for name, block in found["blocks"].items():
        period = int(name) / found["rate"]
        frames = period * file.config.analysis.sample_rate / hop
        block["limits_percent_of_core"] = {
            "arithmetic": round(100 * frames * work / peak / 1e9 / period, 3),
            # a call that completes several frames reads the weights once for them
            "memory": round(100 * min(frames, 1) * found["weight_bytes"] / found["memory_gb_per_s"] / 1e9 / period, 3),
        }
        if not options.no_torch and frames >= 1 and frames == int(frames):
            script = torchscript(file, int(name), min(options.seconds, 10))
            times = {f"times_{how}": round(v / block[how]["percent_of_core"], 1) for how, v in script.items()}
            block["torchscript"] = {f"{how}_percent_of_core": v for how, v in script.items()} | times
    print(json.dumps(found))


if __name__ == "__main__":
    main()
