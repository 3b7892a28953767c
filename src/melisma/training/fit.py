"""The training loop: stages one after another on Lightning Fabric, checkpointed so that nothing is lost.

What a step sees follows from (seed, rank, step): excerpts and noise are drawn without hidden state, so a run that was
killed and resumed takes exactly the steps that an unbroken one takes.
"""

from __future__ import annotations

import ctypes
import math
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn

from ..config import ModelConfig
from ..errors import MelismaError
from . import checkpoints
from .data import Excerpts, Prepared
from .log import Log
from .reference import Reference
from .stages import STAGES, Stage, Weights

CHECKPOINT_SECONDS = 60.0
HELD_SHARE = 1 / 20  # of a stage between two looks at held-out sound
HELD_EXCERPTS = 16
SETTLED = 0.25  # of a stage, before which no state counts as its best: the KL and the adversary come up at its beginning
WARM_STEPS = 100


@dataclass(frozen=True)
class Plan:
    """What to run: stages with their shares of the budget, which is minutes or, for exact repetition, steps."""

    stages: tuple[tuple[str, float], ...] = (("vocoder", 0.25), ("vae", 0.4), ("tune", 0.35))
    minutes: float | None = 15.0
    steps: int | None = None
    batch: int | None = None
    frames: int | None = None
    seed: int = 0
    mixed: float = 0.15
    played: float = 0.5
    weights: Weights = field(default_factory=Weights)
    rates: dict[str, float] = field(default_factory=dict)

    def budget(self, index: int) -> tuple[float | None, int | None]:
        """Seconds and steps of a stage; one of them is None."""
        share = self.stages[index][1] / sum(share for _, share in self.stages)
        if self.steps is not None:
            return None, max(1, round(self.steps * share))
        return self.minutes * 60 * share, None


# for a run that starts from a model: its vocoder knows how to speak, but not yet of these sounds
STARTED: dict[str, Any] = {"stages": (("vocoder", 0.15), ("vae", 0.5), ("tune", 0.35)), "rates": {"vocoder": 5e-4}}


class Stopped(Exception):
    """Training was interrupted; the checkpoint is written."""


def precision(device: torch.device) -> str:
    """bf16 where the hardware multiplies it natively, else 32 bits."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return "bf16-mixed"
    if device.type == "cpu" and torch.cpu._is_avx512_bf16_supported():
        return "bf16-mixed"
    return "32-true"


def fit(
    prepared: Path,
    folder: Path,
    config: ModelConfig,
    plan: Plan,
    resume: bool = False,
    start: dict[str, torch.Tensor] | None = None,
    devices: int = 1,
    nodes: int = 1,
    accelerator: str = "auto",
    log: Callable[..., Log] = Log,
    clock: Callable[[], float] = time.monotonic,
) -> Reference:
    """Train on a prepared set; `folder` holds the checkpoint and TensorBoard's files. → the trained model, on the CPU.

    `start` are weights to begin from. With `resume` the run goes on from its checkpoint, under the plan given now if
    its stages and sounds are the same; a finished run whose budget has grown goes through its stages once more, each for
    what was added. A stage ends with the state that had its best held-out figure. `clock` tells the seconds that a budget
    in minutes counts. Raises Stopped on Ctrl-C, after the checkpoint is written; MelismaError for a checkpoint that does not
    fit.
    """
    _keep_memory()
    kind = torch.device("cuda" if accelerator in ("auto", "cuda", "gpu") and torch.cuda.is_available() else "cpu")
    fabric = Fabric(
        accelerator=kind.type,
        devices=devices,
        num_nodes=nodes,
        precision=precision(kind),
        strategy="ddp_find_unused_parameters_true" if devices * nodes > 1 else "auto",
    )
    fabric.launch()
    data = Prepared(prepared)
    if data.sample_rate != config.analysis.sample_rate:
        raise MelismaError(
            f"the prepared set is at {data.sample_rate} Hz, the model at {config.analysis.sample_rate} Hz: prepare it again"
        )
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "state.pt"
    lock = checkpoints.locked(folder) if fabric.is_global_zero else None
    try:
        saved = checkpoints.load(checkpoint) if resume else None
        at = checkpoints.check(saved, checkpoint, config, _names(plan), data.fingerprint) if saved is not None else 0
        with checkpoints.fitting(checkpoint):
            finished = dict(saved["finished"]) if saved is not None else {}
            if at == len(plan.stages) and any(_left(plan, index, finished.get(index)) for index in range(at)):
                at = 0
        torch.manual_seed(plan.seed)
        model = Reference(config)
        if start:
            model.load_state_dict(start, strict=False)
        if saved is not None:
            with checkpoints.fitting(checkpoint):
                model.load_state_dict(saved["model"])
        with log(folder, plan, enabled=fabric.is_global_zero) as logger:
            for index in range(at, len(plan.stages)):
                begun = saved if saved is not None and saved["stage"] == index else None
                _run_stage(fabric, model, data, plan, index, checkpoint, begun, finished, logger, clock)
    finally:
        if lock is not None:
            lock.close()
    return model.cpu().eval()


def _left(plan: Plan, index: int, finished: dict | None) -> bool:
    """Whether a stage has some of its budget left."""
    seconds, steps = plan.budget(index)
    return finished is None or (finished["step"] < steps if steps else finished["elapsed"] < seconds)


def _run_stage(
    fabric: Fabric,
    model: Reference,
    data: Prepared,
    plan: Plan,
    index: int,
    checkpoint: Path,
    saved: dict | None,
    finished: dict[int, dict],
    logger: Log,
    clock: Callable[[], float],
) -> None:
    """One stage, from `saved` if the checkpoint lies within it; `finished` has what every stage had when it ended, by index."""
    torch.manual_seed(plan.seed + index)  # what a stage adds begins the same whether or not the run was resumed
    stage = STAGES[plan.stages[index][0]](model, plan.weights)
    stage.rate = plan.rates.get(stage.name, stage.rate)
    stage.batch, stage.frames = plan.batch or stage.batch, plan.frames or stage.frames
    if saved is not None and saved["optimizers"] is None:
        saved = None  # the stage had not begun
    with checkpoints.fitting(checkpoint):
        if saved is not None:
            stage.load_state_dict(saved["stage_state"])
        elif index in finished:
            stage.load_state_dict(finished[index]["own"], strict=False)  # the optimizers' momentum is not kept so long
    optimizers = stage.optimizers()
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    moving = {id(p) for group in groups for p in group["params"]}
    for p in stage.parameters():
        p.requires_grad_(id(p) in moving)
    rates = [group["lr"] for group in groups]
    step, elapsed, looked, best = 0, 0.0, -1.0, None
    if saved is not None:
        with checkpoints.fitting(checkpoint):
            for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
                optimizer.load_state_dict(state)
            best = saved["best"]
        step, elapsed, looked = saved["step"], saved["elapsed"], saved["looked"]
    elif index in finished:
        step, elapsed = finished[index]["step"], finished[index]["elapsed"]
    runner, *optimizers = fabric.setup(stage, *optimizers)
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    ranks, rank = fabric.world_size, fabric.global_rank
    excerpts = Excerpts(data.clips("train"), stage.samples, plan.seed + 1000 * index, plan.mixed, plan.played)
    held = data.clips("held") or data.clips("train")
    # the figures on held-out sound are always of the same excerpts, as they were recorded
    held_batch = Excerpts(held, stage.samples, plan.seed, gain=(0, 0)).batch(0, HELD_EXCERPTS).to(fabric.device)
    seconds, steps = plan.budget(index)
    size = max(1, stage.batch // ranks)

    def save(next_stage: bool = False) -> None:
        if fabric.is_global_zero:
            state = {"version": 2, "config": model.config.to_dict(), "stages": _names(plan), "model": model.state_dict()}
            state |= {"sounds": data.fingerprint, "finished": finished}
            if next_stage:
                state |= {"stage": index + 1, "stage_state": None, "optimizers": None, "step": 0, "elapsed": 0.0}
                state |= {"looked": -1.0, "best": None}
            else:
                state |= {"stage": index, "stage_state": stage.state_dict(), "step": step, "elapsed": elapsed}
                state |= {"looked": looked, "best": best, "optimizers": [optimizer.state_dict() for optimizer in optimizers]}
            checkpoints.save(checkpoint, state)

    logger.stage(stage.name, index, seconds, steps)
    def look(progress: float) -> float:
        """Held-out figures, told and recorded; the state they are of is remembered if it is the best so far."""
        nonlocal best
        found = _figures(stage, held_batch, progress)
        logger.held(step, found, model, held)
        if progress >= SETTLED and (best is None or found[stage.judged] < best["figure"]):
            state = {name: value.detach().cpu().clone() for name, value in stage.state_dict().items()}
            best = {"figure": found[stage.judged], "step": step, "state": state}
        return found[stage.judged]

    begun = clock() - elapsed
    saved_at = time.monotonic()
    interrupts = _Interrupts()
    try:
        while True:
            interrupts.check()
            elapsed = clock() - begun
            progress = step / steps if steps else elapsed / seconds
            if ranks > 1:
                progress = fabric.broadcast(progress)
            if progress >= 1:
                break
            if step and progress >= looked + HELD_SHARE:
                looked = progress
                look(progress)
            for group, rate in zip(groups, rates):
                group["lr"] = rate * schedule(step, progress)
            generator = torch.Generator().manual_seed(noise_seed(plan.seed, index, rank, step))
            loss, figures = runner(excerpts.batch(step, size, rank).to(fabric.device), generator, progress)
            if not torch.isfinite(loss):
                raise MelismaError(f"the loss of stage {stage.name} became {loss.item()} at step {step}: lower its learning rate")
            for optimizer in optimizers:
                optimizer.zero_grad()
            fabric.backward(loss)
            for group in groups:
                nn.utils.clip_grad_norm_(group["params"], 5.0)
            for optimizer in optimizers:
                optimizer.step()
            step += 1
            logger.step(step, progress, elapsed, figures)
            if time.monotonic() - saved_at > CHECKPOINT_SECONDS:
                saved_at = time.monotonic()
                save()
        interrupts.check()
        last = look(1.0)
        if best is not None and best["figure"] < last:
            stage.load_state_dict(best["state"])
            logger.held(best["step"], _figures(stage, held_batch, 1.0), model, held, kept=best["step"] / step)
        own = {name: value for name, value in stage.state_dict().items() if not name.startswith("model.")}
        finished[index] = {"step": step, "elapsed": elapsed, "own": own}
        save(next_stage=True)
    except KeyboardInterrupt:
        save()
        raise Stopped(f"stopped in stage {stage.name} after {step} steps") from None
    finally:
        interrupts.close()
        stage.to("cpu")


class _Interrupts:
    """Ctrl-C waits for the end of a step: within one, weights have moved that the step's number does not tell of.

    Who presses it again leaves at once, with the last checkpoint.
    """

    def __init__(self):
        self.pressed = False
        self.before = None
        ours = threading.current_thread() is threading.main_thread()
        if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self.before = signal.signal(signal.SIGINT, self._press)

    def _press(self, *_) -> None:
        if self.pressed:
            raise SystemExit(130)
        self.pressed = True

    def check(self) -> None:
        if self.pressed:
            raise KeyboardInterrupt

    def close(self) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)


def noise_seed(*numbers: int) -> int:
    """One seed of 63 bits from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


def schedule(step: int, progress: float) -> float:
    """The learning rate's factor: a warm-up (WARM_STEPS or a twentieth of the stage, if that is shorter), then half a cosine."""
    warm = min(1.0, max((step + 1) / WARM_STEPS, progress / 0.05))
    return warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


@torch.no_grad()
def _figures(stage: Stage, batch: torch.Tensor, progress: float) -> dict[str, float]:
    generator = torch.Generator().manual_seed(0)
    return {name: float(value) for name, value in stage(batch, generator, progress)[1].items()}


def _names(plan: Plan) -> list[str]:
    return [name for name, _ in plan.stages]


def _keep_memory() -> None:
    """Ask glibc to keep freed blocks: PyTorch's activations otherwise go back to the system at every step."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(-3, 1 << 30), libc.mallopt(-1, (1 << 31) - 1)
    except (OSError, AttributeError):
        pass
