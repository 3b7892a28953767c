"""What a run tells while it trains: a progress bar, TensorBoard, and a line a minute where there is no terminal."""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from .plan import Plan
from .reference import Reference

PICTURE_SECONDS = 4
SHOW_SECONDS = 45  # between two pictures and sounds in TensorBoard
# the figures of `stages`, said when they first come; docs/use/own-folder.md has the same
WORDS = {
    "distance": "how far spectra are off, 0 is not at all",
    "mel dB": "how far the levels in mel bands are off",
    "auditory dB": "how far those of the ear's own bands are off: what is heard, and what the verdict goes by",
    "structure": "how far their pattern over bands and time is off, 0 is not at all",
    "partials": "how far their partials stand at other places, 0 is not at all",
    "nats": "how much the latents say of a frame",
    "adversary": "how wrong a network is that guesses the loudness from the latents: the higher, the better it is hidden",
    "hinge": "how far critics take the model's sounds for recordings: the lower, the more they do",
    "features": "how far the critics' own pictures of both are apart",
    "critics": "how often the critics are wrong",
}


class Log:
    """A context; `enabled` on the first process alone."""

    def __init__(self, folder: Path, plan: Plan, enabled: bool = True, console: Console | None = None):
        self.folder, self.plan, self.enabled = folder, plan, enabled
        self.console = console or Console(stderr=True)
        self.recent: dict[str, list[torch.Tensor]] = defaultdict(list)
        self.history: list[dict[str, Any]] = []
        self.name, self.index, self.shown = "", 0, -math.inf
        self.explained: set[str] = set()

    def __enter__(self) -> Log:
        if self.enabled:
            from torch.utils.tensorboard import SummaryWriter

            self.writer = SummaryWriter(str(self.folder / "tensorboard"))
            self.progress = Progress(
                TextColumn("[bold]{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TextColumn("{task.fields[left]} left"),
                TimeElapsedColumn(),
                TextColumn("{task.fields[figures]}"),
                console=self.console,
                refresh_per_second=2,
                disable=not self.console.is_terminal,
            )
            self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.enabled:
            self.progress.stop()
            self.writer.close()

    def stage(self, name: str, index: int, seconds: float | None, steps: int | None) -> None:
        self.name, self.index = name, index
        self.seconds, self.steps = seconds, steps
        if self.enabled:
            self.task = self.progress.add_task(self.title, total=1.0, left="…", figures="")

    @property
    def title(self) -> str:
        """Of the present stage."""
        return f"{self.index + 1}/{len(self.plan.stages)} {self.name}"

    def step(self, step: int, progress: float, elapsed: float, figures: dict[str, torch.Tensor]) -> None:
        if not self.enabled:
            return
        for name, value in figures.items():
            self.recent[name].append(value.detach())
        if step % 10 == 0:
            left = self.seconds - elapsed if self.seconds else elapsed * (1 - progress) / max(progress, 1e-6)
            self.progress.update(self.task, completed=min(1.0, progress), left=f"{max(0, left) / 60:.1f} min")

    def held_out(
        self, step: int, figures: dict[str, float], model: Reference, clips: list[np.ndarray], kept: float | None = None
    ) -> None:
        """Held-out figures: on the bar, in TensorBoard beside the training's own, in history.jsonl.

        kept: they are those of an earlier state that the stage has gone back to, after this share of its steps.
        """
        if not self.enabled:
            return
        train = {name: float(torch.stack(values).mean()) for name, values in self.recent.items()}
        self.recent.clear()
        text = " · ".join(f"{name} {value:.3g}" for name, value in figures.items())
        self.progress.update(self.task, figures=text)
        if new := [name for name in figures if name in WORDS and name not in self.explained]:
            self.explained |= set(new)
            said = "\n".join(f"  {name}: {WORDS[name]}" for name in new)
            self.console.print(f"What is told of sounds kept from training:\n{said}", style="dim", highlight=False)
        if not self.console.is_terminal:
            at = f"step {step}" if kept is None else f"it ends with its state at {kept:.0%}, the best"  # steps never go back
            self.console.print(f"{self.title}, {at}: {text}", highlight=False, soft_wrap=True)
        for name, value in figures.items():
            self.writer.add_scalar(f"{self.name}/held {name}", value, step)
        for name, value in train.items():
            self.writer.add_scalar(f"{self.name}/train {name}", value, step)
        entry = {"stage": self.name, "step": step, "held": figures, "train": train} | ({} if kept is None else {"kept": kept})
        self.history.append(entry)
        with open(self.folder / "history.jsonl", "a") as file:
            file.write(json.dumps(entry) + "\n")
        if time.monotonic() - self.shown > SHOW_SECONDS:
            self.shown = time.monotonic()
            self._show(step, model, clips)

    @torch.no_grad()
    def _show(self, step: int, model: Reference, clips: list[np.ndarray]) -> None:
        """A held-out clip's sound and mel beside what the model makes of it."""
        rate = model.config.analysis.sample_rate
        clip = max(clips, key=len)[: PICTURE_SECONDS * rate].astype(np.float32) / 32768
        x = torch.from_numpy(clip)[None, None].to(next(model.parameters()).device)
        mel, _ = model.analyse(x)
        decoded = model.decode(*model.encode(x))
        sound = model.synthesize(mel if self.name == "vocoder" else decoded)
        picture = torch.cat([mel, decoded], 1)[0].clamp(0, 1).flip(0)
        self.writer.add_image(f"{self.name}/mel: decoded above, input below", picture[None].float().cpu(), step)
        self.writer.add_audio(f"{self.name}/output", sound[0].float().cpu().clamp(-1, 1), step, rate)
        if len(self.history) <= 1:
            self.writer.add_audio(f"{self.name}/input", x[0].cpu(), step, rate)
