"""How a trained model becomes models/NAME.melisma and its card, if its figures beat those of the one that is there."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path

import torch
from card import card
from domain import HELD_SECONDS, TOP, Domain
from parts import starts, trained
from rich.console import Console

from melisma.files import modelfile
from melisma.measure.evaluate import evaluate
from melisma.measure.report import cell, table
from melisma.model import Model
from melisma.training.calibrate import calibrate as axes_of
from melisma.training.data import Prepared
from melisma.training.export import from_file, to_file
from melisma.training.reference import Reference
from melisma.training.run import pack
from melisma.training.run import publish as write

FIGURES = TOP / "runs" / "figures.json"  # of runs/figures.py


def publish(domain: Domain, minutes: float, force: bool, note: str) -> None:
    """Evaluate the tuned models on the held-out files; publish the best if it beats what is published."""
    console, best = Console(), None
    for part in [part for part in domain.parts if domain.earlier[part]] or ["vae"]:
        if not (domain.folder(part) / "weights.pt").exists():
            continue
        reference = Reference(domain.config)
        reference.load_state_dict(torch.load(domain.folder(part) / "weights.pt", weights_only=True))
        for other in domain.beside(part):
            reference.load_state_dict(trained(domain, other), strict=False)
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
    file = modelfile.load(domain.published)
    model = from_file(file)
    latents = axes_of(model, Prepared(domain.prepared))
    write(to_file(model, file.name, latents, file.training, file.evaluation, file.weight_bits), domain.published)


def settle(domain: Domain) -> None:
    """The published model in 8 bits, its vocoder settled, and its figures as it is then."""
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
    file = TOP / "runs" / "results.md"
    copy, whole = result["rows"]["copy synthesis"], result["rows"]["chain"]
    figures = [copy["visqol"], *(whole[key] for key in ("visqol", "mel_distance_db", "level_rms_db", "pitch_cents"))]
    figures += [result["leak_r2"], result["follow_slope"]]
    cells = [datetime.date.today().isoformat(), run, f"{minutes:g}", *(cell(value, "{:.3f}") for value in figures)]
    with open(file, "a") as lines:
        lines.write("| " + " | ".join(cells) + " |\n")
