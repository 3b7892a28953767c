"""The A/B experiments behind docs/lab/choices.md: the same data and budget for each; one line of runs/choices.jsonl a run.

    python runs/choices.py NAME … [--minutes 2]     run experiments (see --list), on one core, one after another
    python runs/choices.py --table                  the recorded lines as Markdown tables, put into docs/lab/choices.md
    python runs/choices.py --plot docs/images/curves.png     fidelity against latents and nats, leak against fidelity

The budget is minutes of processor time, so that what else the machine does changes nothing. Needs the prepared strings set
(`runs/strings.py --part data`); an experiment starts from the run of strings or, where there is none, from the published model.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from melisma.files import modelfile
from melisma.files.config import AnalysisConfig, MelganConfig, ModelConfig, VAEConfig
from melisma.measure import metrics, probe
from melisma.model import Model
from melisma.sound.audio import read
from melisma.store import pretrained
from melisma.system.home import home

RECORD = Path(__file__).parent / "choices.jsonl"
DOCUMENT = Path(__file__).parents[1] / "docs" / "lab" / "choices.md"
BEGIN, END = "<!-- the tables: runs/choices.py --table -->", "<!-- end of the tables -->"
BASE = ModelConfig()
HELD_SECONDS = 4.0
COLUMNS = (
    "experiment", "min", "steps", "M parameters", "latency ms", "copy ViSQOL", "copy mel dB", "chain ViSQOL", "chain mel dB",
    "latents", "nats", "leak R²",
)  # fmt: skip


def frames(frame: int, hop: int) -> ModelConfig:
    return replace(BASE, analysis=AnalysisConfig(frame=frame, hop=hop))


def latents(count: int) -> ModelConfig:
    return replace(BASE, vae=VAEConfig(latents=count))


@dataclass(frozen=True)
class Experiment:
    """One training. weights: of the loss, where they differ. start: parts of the strings run, or the published "model".

    rate: frames for which each vector of latents stands still. excerpts: how many a step of the VAE's stage sees, and the frames
    of each; unless told those of the first experiments, so that tables stay comparable.
    """

    group: str
    config: ModelConfig = BASE
    stages: tuple[str, ...] = ("vae",)
    weights: dict[str, float] = field(default_factory=dict)
    start: tuple[str, ...] = ("vocoder",)
    rate: int = 1
    excerpts: tuple[int, int] = (12, 96)


def vocoder(group: str, config: ModelConfig = BASE) -> Experiment:
    return Experiment(group, config, ("vocoder",), start=())


def on(group: str, weights: dict[str, float]) -> Experiment:
    """The published model trained on: what a weight does shows only in a network that has learnt."""
    return Experiment(group, weights=weights, start=("model",), excerpts=(24, 48))


EXPERIMENTS = {
    "frame-1024-256": vocoder("frame"),
    "frame-768-192": vocoder("frame", frames(768, 192)),
    "frame-512-128": vocoder("frame", frames(512, 128)),
    "frame-2048-512": vocoder("frame", frames(2048, 512)),
    "vocoder-phase": vocoder("vocoder"),
    "vocoder-melgan": vocoder("vocoder", replace(BASE, vocoder=MelganConfig())),
    "size-192-256": Experiment("size"),
    "size-128-192": Experiment("size", replace(BASE, vae=VAEConfig(encoder_width=128, decoder_width=192))),
    "auditory-2": Experiment("loss"),
    "auditory-0": Experiment("loss", weights={"auditory": 0.0, "structure": 0.0}),
    **{f"latents-{n}": Experiment("latents", latents(n)) for n in (2, 4, 8, 16, 32)},
    **{f"excerpts-{n}x{m}": Experiment("excerpts", excerpts=(n, m)) for n, m in ((12, 96), (24, 48), (32, 36))},
    **{f"rate-{n}": Experiment("rate", rate=n) for n in (1, 2, 4, 8)},
    **{f"kl-{w}": on("nats", {"kl": w}) for w in (0.015, 0.1, 0.3, 1.0)},
    **{f"adversary-{w}": on("leak", {"adversary": w}) for w in (0.0, 0.15, 0.5, 1.5)},
    "tune-only": Experiment("adversarial", stages=("tune",), start=("vocoder", "vae")),
    "tune-adversarial": Experiment("adversarial", stages=("adversarial",), start=("vocoder", "vae")),
}


def same_as(name: str) -> list[str]:
    """The experiments that are this one under another name: they share its figures."""
    from melisma.training.stages import Weights

    def meant(name: str) -> tuple:
        e = EXPERIMENTS[name]
        return e.config, e.stages, Weights(**e.weights), e.start, e.rate, e.excerpts

    return [other for other in EXPERIMENTS if meant(other) == meant(name)]


def run(name: str, minutes: float) -> None:
    """Train and evaluate one experiment and record its figures."""
    import torch

    from melisma.training.data import Prepared
    from melisma.training.fit import fit
    from melisma.training.plan import Plan
    from melisma.training.run import pack, weights_of
    from melisma.training.stages import STAGES, Weights

    torch.set_num_threads(1)
    experiment = EXPERIMENTS[name]
    config, stages = experiment.config, experiment.stages
    start: dict[str, torch.Tensor] = {}
    for part in experiment.start:
        there = home() / "runs" / f"strings-{part}" / "weights.pt"
        published = modelfile.load(pretrained.locate("strings"))
        saved = torch.load(there, weights_only=True) if there.exists() else weights_of(published, published.config)
        start |= saved if part == "model" else {k: v for k, v in saved.items() if k.startswith("vocoder.") == (part == "vocoder")}
    prepared, folder = home() / "prepared" / "strings", home() / "runs" / f"choices-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    rates = {"vae": 6e-4} if "model" in experiment.start else {}  # what has been learnt is moved on, not shaken
    weights = Weights(**experiment.weights)
    plan = Plan(
        stages=tuple((stage, 1.0) for stage in stages),
        minutes=minutes,
        weights=weights,
        rates=rates,
        kinds=STAGES | {"vae": asked(experiment)},
    )
    model = fit(prepared, folder, config, plan, start=start, clock=time.process_time)
    steps = json.loads((folder / "history.jsonl").read_text().splitlines()[-1])["step"]
    file = pack(model, name, Prepared(prepared), {})
    whole = "vae" in (*stages, *experiment.start)
    copy, chain, leak = figures(Model(file), whole, experiment.rate)
    parts = {part: sum(p.numel() for p in getattr(model, part).parameters()) for part in ("encoder", "decoder", "vocoder")}
    entry = {
        "name": name, "group": experiment.group, "minutes": minutes, "steps": steps, "parameters": parts,
        "latency_ms": round(1000 * file.latency / config.analysis.sample_rate, 1),
        "copy": copy, "chain": chain, "leak_r2": leak,
        "nats": sum(file.latents["kl"]) / experiment.rate, "latents": len(file.latents["percentiles"]),
    }  # fmt: skip
    with open(RECORD, "a") as record:
        for other in same_as(name):
            record.write(json.dumps(entry | {"name": other, "group": EXPERIMENTS[other].group}) + "\n")
    print(name, json.dumps(entry), flush=True)


def asked(experiment: Experiment) -> type:
    """The VAE's stage, as an experiment asks for it."""
    from melisma.training.stages import VAEStage

    class Asked(VAEStage):
        batch, frames = experiment.excerpts

        def latents(self, *given):
            return held(super().latents(*given), experiment.rate)

    return Asked


def held(z, rate: int):
    """Latents (…, L) of which every `rate`-th stands until the next: arrays and tensors."""
    return z[..., np.arange(z.shape[-1]) // rate * rate]


def figures(model: Model, whole: bool, rate: int = 1) -> tuple[dict[str, float], dict[str, float] | None, float | None]:
    """Copy synthesis and, if asked, the chain on held-out phrases (means of ViSQOL and mel distance), and the leak."""
    data = home() / "data" / "strings"
    sounds = [
        read(file).mono().samples[0][: int(HELD_SECONDS * 44100)]
        for file in sorted((data / "held" / "phrases").glob("*.flac"))[::2]
    ]

    def measured(outputs: list[np.ndarray]) -> dict[str, float]:
        pairs = list(zip(sounds, outputs))
        return {
            "visqol": float(np.mean([metrics.visqol(x, y, 44100).mos for x, y in pairs])),
            "mel_distance_db": float(np.mean([metrics.mel_distance(x, y, 44100) for x, y in pairs])),
        }

    copy = measured([np.asarray(model.copy_synthesis(x, rate=44100)) for x in sounds])
    if not whole:
        return copy, None, None
    paths = {
        split: [model.encode(read(f)) for f in sorted((data / split).glob("*.flac"))[::step]]
        for split, step in (("train", 5), ("held", 1))
    }
    leak = probe.leak(
        *(curves for split in paths for curves in ([p.values for p in paths[split]], [p.loudness for p in paths[split]]))
    )
    own = [model.encode(x, rate=44100) for x in sounds]
    return copy, measured([np.asarray(model.decode(replace(path, values=held(path.values, rate)))) for path in own]), float(leak)


def table() -> str:
    """The recorded experiments as Markdown, a table a group; of a name that ran twice, the last."""
    entries = {e["name"]: e for e in map(json.loads, RECORD.read_text().splitlines())}
    lines = []
    for group in dict.fromkeys(e["group"] for e in entries.values()):
        lines += [
            f"\n### {group}\n",
            "| " + " | ".join(COLUMNS) + " |",
            "|---" * len(COLUMNS) + "|",
        ]
        for e in (e for e in entries.values() if e["group"] == group):
            chain = e["chain"] or {}
            size = sum(e["parameters"].values()) / 1e6
            cells = [
                e["name"], f"{e['minutes']:g}", str(e["steps"]), f"{size:.2f}", f"{e['latency_ms']}",
                *(_cell(row.get(key)) for row in (e["copy"], chain) for key in ("visqol", "mel_distance_db")),
                *((str(e["latents"]), f"{e['nats']:.0f}", f"{e['leak_r2']:.3f}") if chain else ("–",) * 3),
            ]  # fmt: skip
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def plot(into: Path) -> None:
    """The curves that the groups latents, nats and leak make, as one picture."""
    import matplotlib.pyplot as plt

    entries = list({e["name"]: e for e in map(json.loads, RECORD.read_text().splitlines())}.values())
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
    panels = (
        ("latents", "latents in use", lambda e: e["latents"]),
        ("nats", "nats a frame (KL weight by each point)", lambda e: e["nats"]),
        ("leak", "leak: R² of loudness from z (adversary's weight by each point)", lambda e: e["leak_r2"]),
    )
    for ax, (group, label, x) in zip(axes, panels):
        points = sorted((e for e in entries if e["group"] == group), key=x)
        if not points:
            continue
        ax.plot([x(e) for e in points], [e["chain"]["mel_distance_db"] for e in points], "o-", color="#b0413e")
        ax.set(xlabel=label, ylabel="mel distance of the chain, dB" if ax is axes[0] else "")
        for e in points:
            at = (x(e), e["chain"]["mel_distance_db"])
            ax.annotate(e["name"].split("-")[1], at, xytext=(5, 5), textcoords="offset points", fontsize=8)
        other = ax.twinx()
        other.plot([x(e) for e in points], [e["chain"]["visqol"] for e in points], "s--", color="#31688e")
        other.set_ylabel("ViSQOL of the chain" if ax is axes[-1] else "")
        # one scale for all, so that what is chance looks small
        ax.margins(x=0.15), ax.set(ylim=(5.5, 9.5)), other.set(ylim=(3.0, 4.0))
    axes[0].plot([], [], "s--", color="#31688e", label="ViSQOL (right scale)")
    axes[0].plot([], [], "o-", color="#b0413e", label="mel distance (left scale)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
    into.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(into, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--minutes", type=float, default=2.0, help="of processor time, for each")
    parser.add_argument("--plot", type=Path, metavar="PNG")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{name:20} {experiment.group}" for name, experiment in EXPERIMENTS.items()))
    if unknown := [name for name in options.names if name not in EXPERIMENTS]:
        sys.exit(f"there is no experiment {unknown[0]!r}; --list names them")
    for name in options.names:
        run(name, options.minutes)
    if options.table:
        before, rest = DOCUMENT.read_text().split(BEGIN)
        DOCUMENT.write_text(before + BEGIN + "\n" + table() + "\n\n" + END + rest.split(END)[1])
    if options.plot:
        plot(options.plot)


if __name__ == "__main__":
    main()
