"""One stage of a training: its steps, the looks at held-out sound, its checkpoints, and the best state at its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn

from ..errors import BadValue
from ..system.interrupts import Deferred, Interrupted
from . import checkpoints
from .data import Excerpts, Prepared
from .log import Log
from .plan import Plan, schedule
from .reference import Reference
from .stages import Stage

CHECKPOINT_SECONDS = 60.0
HELD_SHARE = 1 / 20  # of a stage between two looks at held-out sound
SETTLED = 0.25  # of a stage, before which no state counts as its best: the KL and the adversary come up at its beginning
STEEPEST = 5.0  # norm of the gradient of a group of parameters


class StageRun:
    """Stage `index` of a plan, from its beginning, from `finished[index]` (its budget has grown) or from within (`saved`).

    finished: what every stage had when it ended, by index; this one's is entered at its end. `clock` tells the seconds that
    count. MelismaError for a checkpoint that does not fit.
    """

    def __init__(
        self,
        fabric: Fabric,
        model: Reference,
        data: Prepared,
        plan: Plan,
        index: int,
        checkpoint: Path,
        saved: dict[str, Any] | None,
        finished: dict[int, dict[str, Any]],
        log: Log,
        clock: Callable[[], float],
        requests: Deferred,
    ):
        torch.manual_seed(plan.seed + index)  # what a stage adds begins the same whether or not the run was resumed
        self.fabric, self.model, self.data, self.plan, self.index = fabric, model, data, plan, index
        self.checkpoint, self.finished, self.log, self.clock = checkpoint, finished, log, clock
        self.requests = requests
        self.stage: Stage = plan.kinds[plan.stages[index][0]](model, plan.weights)
        self.stage.rate = plan.rates.get(self.stage.name, self.stage.rate)
        self.stage.batch, self.stage.frames = plan.batch or self.stage.batch, plan.frames or self.stage.frames
        optimizers = self.stage.optimizers()
        moving = {id(p) for optimizer in optimizers for group in optimizer.param_groups for p in group["params"]}
        for p in self.stage.parameters():
            p.requires_grad_(id(p) in moving)
        self.rates = [group["lr"] for optimizer in optimizers for group in optimizer.param_groups]
        self.step, self.elapsed, self.looked = 0, 0.0, -1.0
        self.best: dict[str, Any] | None = None
        with checkpoints.fitting(checkpoint):
            self._restore(saved, optimizers)
        self.runner, *self.optimizers = fabric.setup(self.stage, *optimizers)
        self.groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        self._draw_from(data)

    def _restore(self, saved: dict[str, Any] | None, optimizers: list[torch.optim.Optimizer]) -> None:
        if saved is not None and saved["optimizers"] is not None:
            self.stage.load_state_dict(saved["stage_state"])
            for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
                optimizer.load_state_dict(state)
            self.step, self.elapsed, self.looked, self.best = (saved[key] for key in ("step", "elapsed", "looked", "best"))
        elif self.index in self.finished:  # the optimizers' momentum is not kept so long
            ended = self.finished[self.index]
            self.stage.load_state_dict(ended["own"], strict=False)
            self.step, self.elapsed = ended["step"], ended["elapsed"]

    def _draw_from(self, data: Prepared) -> None:
        plan, samples = self.plan, self.stage.samples
        self.excerpts = Excerpts(
            data.clips("train"),
            samples,
            plan.seed + 1000 * self.index,
            plan.mixed,
            plan.played,
            speeds=plan.speeds,
            shaped=plan.shaped,
        )
        self.held_out = data.clips("held") or data.clips("train")
        # the figures on held-out sound are always of the same excerpts, as they were recorded
        excerpts = Excerpts(self.held_out, samples, plan.seed, gain=(0, 0)).batch(0, self.stage.held)
        self.held_out_batch = excerpts.to(self.fabric.device)

    def run(self) -> None:
        """To the end of the stage's budget. Interrupted when asked to stop, once the step is taken and the checkpoint written."""
        seconds, steps = self.plan.budget(self.index)
        self.log.stage(self.stage.name, self.index, seconds, steps)
        begun, saved_at = self.clock() - self.elapsed, time.monotonic()
        self.drawing, self.coming = ThreadPoolExecutor(1, "excerpts"), cast("Future[torch.Tensor] | None", None)
        try:
            while True:
                self._stop_if_asked()
                self.elapsed = self.clock() - begun
                progress = self.plan.progress(self.index, self.step, self.elapsed)
                if self.fabric.world_size > 1:
                    progress = self.fabric.broadcast(progress)
                if progress >= 1:
                    break
                if self.step and progress >= self.looked + HELD_SHARE:
                    self.looked = progress
                    self._look(progress)
                self._learn(progress)
                if time.monotonic() - saved_at > CHECKPOINT_SECONDS:
                    saved_at = time.monotonic()
                    self._save()
            self._end()
        except KeyboardInterrupt:
            self._save()
            self.fabric.barrier()  # no process ends before the checkpoint is written
            raise
        finally:
            self.drawing.shutdown()
            self.stage.to("cpu")

    def _stop_if_asked(self) -> None:
        """Interrupted, in all processes after the same step, whichever of them was asked."""
        number = self.requests.number or 0
        if self.fabric.world_size > 1:
            asked = self.fabric.all_reduce(torch.tensor(float(number), device=self.fabric.device), reduce_op="max")
            number = int(cast(torch.Tensor, asked))
        if number:
            raise Interrupted(number)

    def _learn(self, progress: float) -> None:
        """One step, on every process its share of it."""
        rank = self.fabric.global_rank
        for group, rate in zip(self.groups, self.rates):
            group["lr"] = rate * schedule(self.step, progress)
        generator = torch.Generator().manual_seed(noise_seed(self.plan.seed, self.index, rank, self.step))
        size = max(1, self.stage.batch // self.fabric.world_size)
        batch = self._drawn(size, rank).to(self.fabric.device)
        loss, figures = self.runner(batch, generator, progress)
        if not torch.isfinite(loss):
            raise BadValue(
                f"the loss of stage {self.stage.name} became {loss.item()} at step {self.step}: lower its learning rate"
            )
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        self.fabric.backward(loss)
        for group in self.groups:
            nn.utils.clip_grad_norm_(group["params"], STEEPEST)
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        self.log.step(self.step, progress, self.elapsed, figures)

    def _drawn(self, size: int, rank: int) -> torch.Tensor:
        """This step's batch, which another thread drew during the last one; it begins with the next."""
        batch = self.coming.result() if self.coming is not None else self.excerpts.batch(self.step, size, rank)
        self.coming = self.drawing.submit(self.excerpts.batch, self.step + 1, size, rank)
        return batch

    def _look(self, progress: float) -> float:
        """Held-out figures, told and recorded; the state they are of is remembered if it is the best so far."""
        found = held_out_figures(self.stage, self.held_out_batch, progress)
        self.log.held_out(self.step, found, self.model, self.held_out)
        figure = self.stage.judged(found)
        if progress >= SETTLED and (self.best is None or figure < self.best["figure"]):
            state = {name: value.detach().cpu().clone() for name, value in self.stage.state_dict().items()}
            self.best = {"figure": figure, "step": self.step, "state": state}
        return figure

    def _end(self) -> None:
        """The best state, and a checkpoint that the next stage begins with."""
        last = self._look(1.0)
        if self.best is not None and self.best["figure"] < last:
            self.stage.load_state_dict(self.best["state"])
            found = held_out_figures(self.stage, self.held_out_batch, 1.0)
            self.log.held_out(self.best["step"], found, self.model, self.held_out, kept=self.best["step"] / self.step)
        own = {name: value for name, value in self.stage.state_dict().items() if not name.startswith("model.")}
        self.finished[self.index] = {"step": self.step, "elapsed": self.elapsed, "own": own}
        self._save(ended=True)

    def _save(self, ended: bool = False) -> None:
        if not self.fabric.is_global_zero:
            return
        if ended:
            at: dict[str, Any] = {"stage": self.index + 1, "stage_state": None, "optimizers": None, "step": 0, "elapsed": 0.0}
            at |= {"looked": -1.0, "best": None}
        else:
            at = {"stage": self.index, "stage_state": self.stage.state_dict(), "step": self.step, "elapsed": self.elapsed}
            at |= {"looked": self.looked, "best": self.best}
            at |= {"optimizers": [optimizer.state_dict() for optimizer in self.optimizers]}
        run = {"version": 2, "config": self.model.config.to_dict(), "stages": self.plan.names, "model": self.model.state_dict()}
        checkpoints.save(self.checkpoint, run | {"sounds": self.data.fingerprint, "finished": self.finished} | at)


def noise_seed(*numbers: int) -> int:
    """One seed of 63 bits from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


@torch.no_grad()
def held_out_figures(stage: Stage, batch: torch.Tensor, progress: float) -> dict[str, float]:
    generator = torch.Generator().manual_seed(0)
    return {name: float(value) for name, value in stage(batch, generator, progress)[1].items()}
