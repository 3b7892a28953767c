"""What the scripts of the published models share: a domain of sound, from packages to models/NAME.melisma and its card.

    python runs/NAME.py [--minutes 105]      everything; interrupted, the same command goes on where it stopped
    python runs/NAME.py --part P             data, vocoder, vae, tune, adversarial, publish or card alone; calibrate gives the
                                             published model new axes, after a change of training/calibrate.py; settle writes
                                             it as one that is trained today would be: in 8 bits, its vocoder's lows left alone

1. data: `runs/sources.py` makes $MELISMA_HOME/data/NAME from packages, which is prepared for training;
2. vocoder and VAE do not depend on one another: they are trained beside each other, each on one core. They start from those
   of another run or published model (`--from`), which the file records; a part that a domain leaves out is that one's own;
3. decoder and vocoder are tuned together on the VAE's own mels, the encoder frozen; then the same with discriminators;
4. the tuned models are calibrated and evaluated on the held-out files; the better one is published if its chain beats
   that of the file that is there (--force publishes anyway), with its card. Every candidate's figures go to runs/results.md.

Checkpoints and logs (TensorBoard) are in $MELISMA_HOME/runs/NAME-PART.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from melisma.files.config import ModelConfig
from melisma.system.home import home
from melisma.training import plan as plans
from melisma.training.fit import fit
from melisma.training.stages import Weights

TOP = Path(__file__).resolve().parents[1]
FIGURES = TOP / "runs" / "figures.json"  # of runs/figures.py
HELD_SECONDS = 6.0  # of each held-out file that is evaluated
HELD_FILES = 48  # at most, spread over all
# of the minutes, unless a domain says otherwise; vocoder and vae run beside each other
SHARES = {"vocoder": 0.25, "vae": 0.5, "tune": 0.3, "adversarial": 0.2}
# for a domain that starts from the shared run, as `melisma train` does. The KL's weight is higher than from scratch: a latent
# that tells less of a sound that the domain does not know lets more of the domain be heard, and is smoother to edit
STARTED: dict[str, Any] = {
    "start": "shared",
    "origin": "shared",
    "minutes": 44,
    "parts": dict(plans.STARTED["stages"]),
    "plan": {"rates": plans.STARTED["rates"], "weights": Weights(kl=0.1)},
}
# what a part of the training begins from
EARLIER = {"vocoder": (), "vae": (), "tune": ("vocoder", "vae"), "adversarial": ("tune",)}


@dataclass(frozen=True)
class Domain:
    """One model: what it learns, on what terms, and where it departs from the recipe.

    about and cannot: paragraphs of the card, written by hand. plan: entries of `training.plan.Plan` that are not the defaults.
    start: the run or published model whose vocoder and VAE it begins from, "" for none; origin: that of the first such run, for
    the card, as later ones may start from what is published. parts: what is trained, in this order,
    and its share of the minutes; earlier: whose weights each begins from; judged: of how many held-out files at most the
    figures are. place: the folder of the published file.
    """

    name: str
    licence: str
    about: str
    cannot: str
    data: str = ""
    place: str = "models"
    minutes: float = 105
    cores: int = 2
    judged: int = HELD_FILES
    start: str = ""
    origin: str = ""
    parts: dict[str, float] = field(default_factory=lambda: dict(SHARES))
    earlier: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(EARLIER))
    config: ModelConfig = field(default_factory=ModelConfig)
    plan: dict[str, Any] = field(default_factory=dict)

    @property
    def sounds(self) -> Path:
        return home() / "data" / (self.data or self.name)

    @property
    def prepared(self) -> Path:
        return home() / "prepared" / (self.data or self.name)

    @property
    def published(self) -> Path:
        return TOP / self.place / f"{self.name}.melisma"

    @property
    def script(self) -> str:
        return f"runs/{self.name}.py"

    def folder(self, part: str) -> Path:
        return home() / "runs" / f"{self.name}-{part}"


def main(domain: Domain) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=domain.minutes)
    parser.add_argument("--force", action="store_true", help="publish whatever the figures")
    parser.add_argument("--note", default="", help="recorded in the published file, when a run departed from this script")
    parser.add_argument("--part", choices=[*SHARES, "data", "publish", "card", "calibrate", "settle"], help="only this part")
    parser.add_argument(
        "--from", dest="start", default=domain.start, metavar="RUN", help="whose vocoder and VAE to start from, or none"
    )
    options = parser.parse_args()
    domain = replace(domain, start="" if options.start == "none" else options.start)
    if options.part == "data":
        data(domain)
    elif options.part == "publish":
        publish(domain, options.minutes, options.force, options.note)
    elif options.part == "calibrate":
        calibrate(domain)
    elif options.part == "settle":
        settle(domain)
    elif options.part == "card":
        print(write_card(domain))
    elif options.part:
        train(domain, options.part, options.minutes)
    else:
        everything(domain, options.minutes, options.force, options.note)


def everything(domain: Domain, minutes: float, force: bool, note: str) -> None:
    """All parts, each a process of its own, so that two can run beside each other."""
    own = [sys.executable, str(TOP / domain.script), "--minutes", str(minutes), "--from", domain.start or "none", "--part"]
    subprocess.run([*own, "data"], check=True)
    one_core = os.environ | {"OMP_NUM_THREADS": "1"}
    beside = [subprocess.Popen([*own, part], env=one_core) for part in ("vocoder", "vae") if part in domain.parts]
    if any([process.wait() for process in beside]):
        raise SystemExit("a part of the training failed: see above; the same command goes on where it stopped")
    for part in domain.parts:
        if domain.earlier[part]:
            subprocess.run([*own, part], check=True)
    publish(domain, minutes, force, note)


def data(domain: Domain) -> None:
    """The sounds from their packages, and the prepared set."""
    from melisma.training.folder_report import print_report
    from melisma.training.prepare import prepare

    if not domain.sounds.exists():
        subprocess.run([sys.executable, str(TOP / "runs" / "sources.py"), domain.sounds.name], check=True)
    print_report(prepare(domain.sounds, domain.prepared, domain.config.analysis.sample_rate), Console())


def train(domain: Domain, part: str, minutes: float) -> None:
    """One part of the training, resumed if it was begun; its weights go to $MELISMA_HOME/runs/NAME-PART/weights.pt."""
    import torch

    folder = domain.folder(part)
    weights = folder / "weights.pt"
    if weights.exists():
        return
    start: dict[str, torch.Tensor] = {}
    for earlier in domain.earlier[part]:
        start |= trained(domain, earlier)
    if not domain.earlier[part]:
        start = foreign(domain, part)
    plan = plans.Plan(stages=((part, 1.0),), minutes=minutes * domain.parts[part], **domain.plan)
    model = fit(domain.prepared, folder, domain.config, plan, resume=True, start=start)
    torch.save(model.state_dict(), weights.with_suffix(".tmp"))
    weights.with_suffix(".tmp").rename(weights)


def trained(domain: Domain, part: str) -> dict[str, Any]:
    """The weights that a part's run moved; of a part that was not trained, those of the start."""
    import torch

    weights = domain.folder(part) / "weights.pt"
    if weights.exists() or not domain.start:
        return moved(torch.load(weights, weights_only=True), part)
    return foreign(domain, part)


def moved(saved: dict[str, Any], part: str) -> dict[str, Any]:
    """The weights that a part's run moved: the vocoder's, the VAE's (all else), or both."""
    if part not in ("vocoder", "vae"):
        return saved
    return {name: value for name, value in saved.items() if name.startswith("vocoder.") == (part == "vocoder")}


def foreign(domain: Domain, part: str) -> dict[str, Any]:
    """Weights of the run or model that this one starts from, {} without one; whose they are is kept beside the checkpoint.

    A run that was begun without them goes on without them.
    """
    import torch

    folder, there = domain.folder(part), home() / "runs" / f"{domain.start}-{part}" / "weights.pt"
    if not domain.start or (folder / "state.pt").exists():
        return {}
    if there.exists():
        weights, begun_from = torch.load(there, weights_only=True), {"run": domain.start, "part": part, **begun(there.parent)}
    else:
        weights, begun_from = of_model(domain)
        begun_from |= {"part": part}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "start.json").write_text(json.dumps(begun_from))
    return moved(weights, part)


def of_model(domain: Domain) -> tuple[dict[str, Any], dict[str, Any]]:
    """Weights of the published model that a domain starts from, and what it is."""
    from melisma.files import modelfile
    from melisma.store import pretrained
    from melisma.training.run import weights_of

    file = modelfile.load(pretrained.locate(domain.start))
    return weights_of(file, domain.config), {"model": file.name, "sha256": file.digest, "date": file.training["date"]}


def begun(folder: Path) -> dict[str, Any]:
    """What is known of a run that others start from: the steps it took, when it ended."""
    lines = (folder / "history.jsonl").read_text().splitlines() if (folder / "history.jsonl").exists() else []
    ended = datetime.date.fromtimestamp((folder / "weights.pt").stat().st_mtime).isoformat()
    return {"steps": json.loads(lines[-1])["step"] if lines else None, "date": ended}


def starts(domain: Domain) -> list[dict[str, Any]]:
    """What the vocoder and the VAE of this run started from; empty if from scratch."""
    files = [domain.folder(part) / "start.json" for part in ("vocoder", "vae")]
    return [json.loads(file.read_text()) for file in files if file.exists()]


def publish(domain: Domain, minutes: float, force: bool, note: str) -> None:
    """Evaluate the tuned models on the held-out files; publish the best if it beats what is published."""
    import torch

    from melisma.files import modelfile
    from melisma.measure.evaluate import evaluate
    from melisma.measure.report import table
    from melisma.model import Model
    from melisma.training.data import Prepared
    from melisma.training.reference import Reference
    from melisma.training.run import pack
    from melisma.training.run import publish as write

    console, best = Console(), None
    for part in [part for part in domain.parts if domain.earlier[part]] or ["vae"]:
        if not (domain.folder(part) / "weights.pt").exists():
            continue
        reference = Reference(domain.config)
        reference.load_state_dict(torch.load(domain.folder(part) / "weights.pt", weights_only=True))
        if part == "vae":  # a run that is but a start for others: its parts put together
            reference.load_state_dict(trained(domain, "vocoder"), strict=False)
        stages = [[p, share] for p, share in domain.parts.items() if p != "adversarial" or part == p]
        how = {"stages": stages, "minutes": minutes, "cores": domain.cores, "seed": 0, "script": domain.script}
        how |= {"note": note} if note else {}
        how |= {"start": begun_from} if (begun_from := starts(domain)) else {}
        file = pack(reference, domain.name, Prepared(domain.prepared), how, domain.licence)
        result = evaluate(Model(file), domain.sounds, seconds_limit=HELD_SECONDS, files_limit=domain.judged)
        console.print(f"[bold]{part}[/bold]")
        table(result, console)
        record(f"{domain.name}, to {part}", minutes, result)
        summary = {key: value for key, value in result.items() if key not in ("files", "skipped")}
        if best is None or chain(summary) > chain(best.evaluation):
            best = replace(file, evaluation=summary)
    if best is None:
        raise SystemExit(f"nothing to publish: train first (python {domain.script})")
    before = chain(modelfile.load(domain.published).evaluation) if domain.published.exists() else 0.0
    if force or chain(best.evaluation) > before:
        published = write(best, domain.published)
        print(f"published {published}: ViSQOL of the chain {chain(best.evaluation):.2f}, before {before:.2f}", write_card(domain))
    else:
        print(f"not published: ViSQOL of the chain {chain(best.evaluation):.2f}, and {before:.2f} is there")


def calibrate(domain: Domain) -> None:
    """The published model's latents anew: the same sound, other axes."""
    from melisma.files import modelfile
    from melisma.training.calibrate import calibrate as axes_of
    from melisma.training.data import Prepared
    from melisma.training.export import from_file, to_file
    from melisma.training.run import publish as write

    file = modelfile.load(domain.published)
    model = from_file(file)
    latents = axes_of(model, Prepared(domain.prepared))
    write(to_file(model, file.name, latents, file.training, file.evaluation, file.weight_bits), domain.published)


def settle(domain: Domain) -> None:
    """The published model in 8 bits, its vocoder settled, and its figures as it is then."""
    from melisma.files import modelfile
    from melisma.measure.evaluate import evaluate
    from melisma.model import Model
    from melisma.training.export import from_file, to_file
    from melisma.training.run import publish as write

    file = modelfile.load(domain.published)
    own = replace(file.config, vae=replace(file.config.vae, sink=domain.config.vae.sink))
    model = from_file(replace(file, config=own))
    model.vocoder.settle()
    file = to_file(model, file.name, file.latents, file.training, bits=8)
    result = evaluate(Model(file), domain.sounds, seconds_limit=HELD_SECONDS, files_limit=domain.judged)
    record(f"{domain.name}, lows as drafted", 0, result)
    summary = {key: value for key, value in result.items() if key not in ("files", "skipped")}
    print(write(replace(file, evaluation=summary), domain.published), write_card(domain))


def write_card(domain: Domain) -> Path:
    """models/NAME.md of the published model."""
    from card import card

    from melisma.files import modelfile

    file = modelfile.load(domain.published)
    sources = json.loads((domain.sounds / "sources.json").read_text())
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    elsewhere = figures.get(domain.name, {}).get("elsewhere")
    path = domain.published.with_suffix(".md")
    path.write_text(card(file, domain.published.stat().st_size, sources, domain.about, domain.cannot, domain.origin, elsewhere))
    return path


def chain(evaluation: dict) -> float:
    return evaluation["rows"]["chain"]["visqol"]


def record(run: str, minutes: float, result: dict) -> None:
    """One line of runs/results.md."""
    from melisma.measure.report import cell

    file = TOP / "runs" / "results.md"
    copy, whole = result["rows"]["copy synthesis"], result["rows"]["chain"]
    figures = [copy["visqol"], *(whole[key] for key in ("visqol", "mel_distance_db", "level_rms_db", "pitch_cents"))]
    figures += [result["leak_r2"], result["follow_slope"]]
    cells = [datetime.date.today().isoformat(), run, f"{minutes:g}", *(cell(value, "{:.3f}") for value in figures)]
    with open(file, "a") as lines:
        lines.write("| " + " | ".join(cells) + " |\n")
