"""The weights of a model's runs: trained part by part, and begun from those of another run or published model."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from domain import Domain

from melisma.system.home import home
from melisma.training import plan as plans
from melisma.training.fit import fit


def train(domain: Domain, part: str, minutes: float, clock: Callable[[], float] = time.monotonic) -> None:
    """One part of the training, resumed if it was begun; its weights go to $MELISMA_HOME/runs/NAME-PART/weights.pt.

    `clock` tells the seconds that the minutes are counted in."""
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
    model = fit(domain.prepared, folder, domain.config, plan, resume=True, start=start, clock=clock)
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

    file = modelfile.load(pretrained.locate(domain.start))
    return domain.weights(file), {"model": file.name, "sha256": file.digest, "date": file.training["date"]}


def begun(folder: Path) -> dict[str, Any]:
    """What is known of a run that others start from: the steps it took, when it ended."""
    lines = (folder / "history.jsonl").read_text().splitlines() if (folder / "history.jsonl").exists() else []
    ended = datetime.date.fromtimestamp((folder / "weights.pt").stat().st_mtime).isoformat()
    return {"steps": json.loads(lines[-1])["step"] if lines else None, "date": ended}


def starts(domain: Domain) -> list[dict[str, Any]]:
    """What the vocoder and the VAE of this run started from; empty if from scratch."""
    files = [domain.folder(part) / "start.json" for part in ("vocoder", "vae")]
    return [json.loads(file.read_text()) for file in files if file.exists()]
