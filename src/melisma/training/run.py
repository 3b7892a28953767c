"""From a folder of sounds to a model file: what `melisma train` and the scripts in runs/ are made of."""

from __future__ import annotations

import datetime
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ..errors import BadValue
from ..files import modelfile
from ..files.config import ModelConfig
from ..files.modelfile import ModelFile
from ..model import Model
from ..system.home import home
from . import checkpoints
from .calibrate import calibrate
from .data import Prepared
from .export import from_file, to_file
from .fit import fit
from .mapping import domain_map
from .plan import Plan
from .reference import Reference

GOOD, ROUGH = 4.5, 7.5  # dB that critical bands of held-out sounds may be off: see the figures in docs/lab/own-folders.md
OVERFITTED = 1.05  # times its best figure, at a stage's end


def folder_of(name: str) -> Path:
    """Where the run of that name keeps its checkpoint, logs and settings."""
    return home() / "runs" / name


def train(
    prepared: Path,
    name: str,
    config: ModelConfig,
    plan: Plan,
    resume: bool = False,
    start: dict[str, torch.Tensor] | None = None,
    licence: str = "",
    begun_from: str = "",
    **fabric: Any,
) -> tuple[ModelFile, list[str]]:
    """Fit, calibrate and pack. → the model file (not yet written) and the verdict in plain sentences.

    `start` are weights to begin from, `begun_from` says whose they are.
    A run of that name that exists is continued with `resume` and is an error without: nothing is overwritten unasked.
    """
    folder = folder_of(name)
    if (folder / "state.pt").exists() and not resume:
        raise BadValue(f"a run named {name} exists in {folder}: add --resume to continue it, or choose another --name")
    if is_first_process():
        checkpoints.sweep(folder.parent)
    model = fit(prepared, folder, config, plan, resume=resume, start=start, **fabric)
    usable, told = judged(folder, model)
    how = plan_summary(plan) | ({"start": begun_from} if begun_from else {})
    how |= {} if usable is None else {"usable": usable, "verdict": told[0]}  # so that every menu can say it
    return pack(model, name, Prepared(prepared), how, licence), told


def weights_of(file: ModelFile, config: ModelConfig) -> dict[str, torch.Tensor]:
    """A model file's weights to start another training from; MelismaError if its networks are of another shape."""
    if not file.config.fits(config):
        raise BadValue(f"{file.name} is configured otherwise than was asked for: start from another, or --from none")
    # the axes of its latents are its own: they are found anew at the end
    return {name: value for name, value in from_file(file).state_dict().items() if not name.startswith("calibration.")}


def pack(model: Reference, name: str, data: Prepared, how: dict[str, Any], licence: str = "") -> ModelFile:
    """Calibrate a trained model and make its file."""
    model = model.cpu().eval()
    latents = calibrate(model, data)
    minutes = {split: sum(len(c) for c in data.clips(split)) / data.sample_rate / 60 for split in ("train", "held")}
    training = how | {
        "minutes_of_sound": round(minutes["train"], 2),
        "minutes_held_out": round(minutes["held"], 2),
        "licence": licence,
        "date": datetime.date.today().isoformat(),
        "melisma": _version(),
    }
    file = to_file(model, name, latents, training, bits=8)
    found = domain_map(Model(file), data.clips("train"))
    return file if found is None else replace(file, latents=latents | {"map": found.entry()})


def plan_summary(plan: Plan) -> dict[str, Any]:
    """How a model was trained, for its file."""
    return {
        "stages": [[name, share] for name, share in plan.stages],
        **({"minutes": plan.minutes} if plan.steps is None else {"steps": plan.steps}),
        "seed": plan.seed,
    }


def history(folder: Path) -> list[dict[str, Any]]:
    """The held-out figures that a run has recorded, oldest first."""
    file = folder / "history.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def last_round(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the last time that the run went through its stages: it does so again when its budget has grown."""
    stages = [entry["stage"] for entry in entries]
    begun = [i for i, stage in enumerate(stages) if stage == stages[0] and (i == 0 or stages[i - 1] != stage)]
    return entries[begun[-1] :] if begun else []


def verdict(folder: Path, model: Reference) -> list[str]:
    """Whether the model is usable, has collapsed dimensions, or should train on: plain sentences, the first the sum."""
    return judged(folder, model)[1]


def judged(folder: Path, model: Reference) -> tuple[bool | None, list[str]]:
    """Whether the model can be used, if only roughly (None: nothing is known), and `verdict`."""
    kept, latents = len(model.calibration.forth), model.config.vae.latents
    entries = last_round(history(folder))
    vae = [e for e in entries if e["stage"] == "vae"]
    last = [e["held"]["distance"] for e in entries if e["stage"] in ("tune", "adversarial")]
    told: list[str] = []
    usable = None
    if vae:
        off = vae[-1]["held"]["auditory dB"]
        found = f"critical bands of held-out sounds are {off:.1f} dB off after the VAE"
        usable = off < ROUGH
        if off < GOOD:
            told.append(f"Usable: {found}.")
        elif off < ROUGH:
            told.append(f"Usable, roughly: {found}; below {GOOD:g} is good. It gains from more minutes, or more sound.")
        else:
            told.append(f"Not usable yet: {found}; below {GOOD:g} is good. Train longer or give more sound.")
    if kept == 1 < latents:
        usable = False
        collapsed = f"all but one of {latents} latents collapsed, so no timbre is followed"
        told.insert(0, f"Not usable yet: {collapsed}. Train longer or give more sound.")
    elif kept < latents:
        told.append(f"{latents - kept} of {latents} latents collapsed and were left out; the sound needs no more than {kept}.")
    if len(vae) > 1 and "kept" in vae[-1] and vae[-2]["held"]["auditory dB"] > OVERFITTED * vae[-1]["held"]["auditory dB"]:
        told.append(
            f"Held-out sounds fared worse after {vae[-1]['kept']:.0%} of stage vae, so the state of then was kept: "
            "it gains more from more sound than from more minutes."
        )
    elif len(last) >= 4 and last[-1] < 0.97 * last[len(last) // 2]:
        told.append("The held-out distance was still falling at the end: train on with more --minutes and --resume.")
    return usable, told or ["Nothing was recorded of this run: its figures are unknown; see `melisma evaluate`."]


def publish(file: ModelFile, path: Path) -> Path:
    """Write a model file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    modelfile.save(file, path)
    return path


def _version() -> str:
    from .. import __version__

    return __version__


def is_first_process() -> bool:
    """Whether this is the process that prints and writes, of those that train together."""
    return all(int(os.environ.get(rank, 0)) == 0 for rank in ("LOCAL_RANK", "NODE_RANK"))
