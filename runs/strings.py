"""The strings model, from packages to models/strings.melisma.

    python runs/strings.py [--minutes 105]      everything; interrupted, the same command goes on where it stopped

1. data: `runs/sources.py strings` makes $MELISMA_HOME/data/strings, which is prepared for training;
2. vocoder and VAE do not depend on one another: they are trained beside each other, each on one core;
3. decoder and vocoder are tuned together on the VAE's own mels, the encoder frozen; then the same with discriminators;
4. the tuned models are calibrated and evaluated on the held-out files; the better one is published if its chain beats
   that of the file that is there (--force publishes anyway). Every candidate's figures go to runs/results.md.

Checkpoints and logs (TensorBoard) are in $MELISMA_HOME/runs/strings-*.
"""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console

TOP = Path(__file__).resolve().parents[1]
NAME = "strings"
HELD_SECONDS = 6.0  # of each held-out file that is evaluated
# of the minutes; vocoder and vae run beside each other
SHARES = {"vocoder": 0.25, "vae": 0.5, "tune": 0.3, "adversarial": 0.2}
EARLIER = {"vocoder": (), "vae": (), "tune": ("vocoder", "vae"), "adversarial": ("tune",)}
LICENCE = "CC0 (VSCO 2 CE), CC-BY 3.0 (tonejs-instruments), MIT (FluidR3)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=105)
    parser.add_argument("--force", action="store_true", help="publish whatever the figures")
    parser.add_argument("--note", default="", help="recorded in the published file, when a run departed from this script")
    parser.add_argument("--part", choices=[*SHARES, "data", "publish"], help="only this part")
    options = parser.parse_args()
    if options.part == "data":
        data()
    elif options.part == "publish":
        publish(options.minutes, options.force, options.note)
    elif options.part:
        train(options.part, options.minutes)
    else:
        everything(options.minutes, options.force, options.note)


def everything(minutes: float, force: bool, note: str) -> None:
    """All parts, each a process of its own, so that two can run beside each other."""
    own = [sys.executable, __file__, "--minutes", str(minutes), "--part"]
    subprocess.run([*own, "data"], check=True)
    one_core = os.environ | {"OMP_NUM_THREADS": "1"}
    beside = [subprocess.Popen([*own, part], env=one_core) for part in ("vocoder", "vae")]
    if any([process.wait() for process in beside]):
        raise SystemExit("a part of the training failed: see above; the same command goes on where it stopped")
    for part in ("tune", "adversarial"):
        subprocess.run([*own, part], check=True)
    publish(minutes, force, note)


def data() -> None:
    """The sounds from their packages, and the prepared set."""
    from melisma.home import home
    from melisma.prepare import prepare, render

    sounds = home() / "data" / NAME
    if not sounds.exists():
        subprocess.run([sys.executable, str(TOP / "runs" / "sources.py"), NAME], check=True)
    render(prepare(sounds, home() / "prepared" / NAME), Console())


def folder(part: str) -> Path:
    from melisma.home import home

    return home() / "runs" / f"{NAME}-{part}"


def train(part: str, minutes: float) -> None:
    """One part of the training, resumed if it was begun; its weights go to $MELISMA_HOME/runs/strings-PART/weights.pt."""
    import torch

    from melisma.config import ModelConfig
    from melisma.home import home
    from melisma.training.fit import Plan, fit

    weights = folder(part) / "weights.pt"
    if weights.exists():
        return
    start: dict[str, torch.Tensor] = {}
    for earlier in EARLIER[part]:
        saved = torch.load(folder(earlier) / "weights.pt", weights_only=True)
        # the vocoder's run moved only the vocoder, the VAE's all else
        start |= (
            saved
            if part == "adversarial"
            else {k: v for k, v in saved.items() if k.startswith("vocoder.") == (earlier == "vocoder")}
        )
    plan = Plan(stages=((part, 1.0),), minutes=minutes * SHARES[part])
    model = fit(home() / "prepared" / NAME, folder(part), ModelConfig(), plan, resume=True, start=start)
    torch.save(model.state_dict(), weights.with_suffix(".tmp"))
    weights.with_suffix(".tmp").rename(weights)


def publish(minutes: float, force: bool, note: str) -> None:
    """Evaluate the tuned models on the held-out files; publish the best if it beats what is published."""
    import torch

    from melisma import modelfile
    from melisma.config import ModelConfig
    from melisma.evaluate import evaluate, table
    from melisma.home import home
    from melisma.model import Model
    from melisma.training.data import Prepared
    from melisma.training.reference import Reference
    from melisma.training.run import pack
    from melisma.training.run import publish as write

    console, best = Console(), None
    for part in ("tune", "adversarial"):
        if not (folder(part) / "weights.pt").exists():
            continue
        reference = Reference(ModelConfig())
        reference.load_state_dict(torch.load(folder(part) / "weights.pt", weights_only=True))
        stages = [[p, SHARES[p]] for p in SHARES if p != "adversarial" or part == p]
        how = {"stages": stages, "minutes": minutes, "cores": 2, "seed": 0, "script": "runs/strings.py"}
        how |= {"note": note} if note else {}
        file = pack(reference, NAME, Prepared(home() / "prepared" / NAME), how, LICENCE)
        result = evaluate(Model(file), home() / "data" / NAME, seconds_limit=HELD_SECONDS)
        console.print(f"[bold]{part}[/bold]")
        table(result, console)
        record(f"{NAME}, to {part}", minutes, result)
        summary = {key: value for key, value in result.items() if key not in ("files", "skipped")}
        if best is None or chain(summary) > chain(best.evaluation):
            best = replace(file, evaluation=summary)
    published = TOP / "models" / f"{NAME}.melisma"
    before = chain(modelfile.load(published).evaluation) if published.exists() else 0.0
    if force or chain(best.evaluation) > before:
        print(f"published {write(best, published)}: ViSQOL of the chain {chain(best.evaluation):.2f}, before {before:.2f}")
    else:
        print(f"not published: ViSQOL of the chain {chain(best.evaluation):.2f}, and {before:.2f} is there")


def chain(evaluation: dict) -> float:
    return evaluation["rows"]["chain"]["visqol"]


def record(run: str, minutes: float, result: dict) -> None:
    """One line of runs/results.md."""
    file = TOP / "runs" / "results.md"
    copy, whole = result["rows"]["copy synthesis"], result["rows"]["chain"]
    figures = [copy["visqol"], *(whole[key] for key in ("visqol", "mel_distance_db", "level_rms_db", "pitch_cents"))]
    figures += [result["leak_r2"], result["follow_slope"]]
    cells = [datetime.date.today().isoformat(), run, f"{minutes:g}", *(f"{value:.3f}" for value in figures)]
    with open(file, "a") as lines:
        lines.write("| " + " | ".join(cells) + " |\n")


if __name__ == "__main__":
    main()
