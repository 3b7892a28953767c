"""The training loop: stages one after another on Lightning Fabric, checkpointed so that nothing is lost.

What a step sees follows from (seed, rank, step): excerpts and noise are drawn without hidden state, so a run that was
killed and resumed takes exactly the steps that an unbroken one takes.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric

from ..errors import BadValue
from ..files.config import ModelConfig
from ..system.interrupts import Deferred, status
from ..system.streams import for_children
from . import checkpoints
from .calibrate import check
from .data import Prepared
from .log import Log
from .plan import Plan
from .reference import Reference
from .stage_run import StageRun


class Stopped(Exception):
    """Training was interrupted; what is worth keeping is kept. status: what the command ends with."""

    def __init__(self, text: str, status: int = 130):
        super().__init__(text)
        self.status = status


def precision(device: torch.device) -> str:
    """bf16 where the hardware multiplies it natively, else 32 bits."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return "bf16-mixed"
    if device.type == "cpu" and torch.cpu._is_avx512_bf16_supported():
        return "bf16-mixed"
    return "32-true"


def device(accelerator: str = "auto") -> torch.device:
    """What it runs on: a GPU, if there is one and it is not refused."""
    return torch.device("cuda" if accelerator in ("auto", "cuda", "gpu") and torch.cuda.is_available() else "cpu")


def numbers() -> str:
    """In a sentence, which numbers `fit` computes in here."""
    here = device()
    what = "GPU" if here.type == "cuda" else "processor"
    if precision(here) == "bf16-mixed":
        return f"this {what} multiplies matrices in bf16, all else in 32 bits"
    return f"this {what} computes in 32 bits (it has no bf16)"


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
    in minutes counts. Raises Stopped on Ctrl-C, SIGTERM and SIGHUP, after a whole step and its checkpoint, in all processes;
    MelismaError for a checkpoint that does not fit.
    """
    keep_memory()
    kind = device(accelerator)
    try:
        # from first to last: what a signal raises while Python drops an object, in a callback of its own, nobody ever sees
        with Deferred() as requests:
            fabric = Fabric(
                accelerator=kind.type,
                devices=devices,
                num_nodes=nodes,
                precision=cast(Any, precision(kind)),
                strategy="ddp_find_unused_parameters_true" if devices * nodes > 1 else "auto",
            )
            try:
                with for_children():
                    fabric.launch()
                return _fitted(fabric, prepared, folder, config, plan, resume, start, log, clock, requests)
            except BaseException:
                for process in getattr(fabric.strategy.launcher, "procs", ()):  # they would wait for this one for half an hour
                    process.kill()
                raise
    except KeyboardInterrupt as asked:
        raise Stopped("stopped between two stages", status(asked)) from None


def _fitted(
    fabric: Fabric,
    prepared: Path,
    folder: Path,
    config: ModelConfig,
    plan: Plan,
    resume: bool,
    start: dict[str, torch.Tensor] | None,
    log: Callable[..., Log],
    clock: Callable[[], float],
    requests: Deferred,
) -> Reference:
    data = Prepared(prepared)
    if data.sample_rate != config.analysis.sample_rate:
        raise BadValue(
            f"the prepared set is at {data.sample_rate} Hz, the model at {config.analysis.sample_rate} Hz: prepare it again"
        )
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "state.pt"
    lock = checkpoints.locked(folder) if fabric.is_global_zero else None
    try:
        saved = checkpoints.load(checkpoint) if resume else None
        at = checkpoints.check(saved, checkpoint, config, plan.names, data.fingerprint) if saved is not None else 0
        with checkpoints.fitting(checkpoint):
            finished = dict(saved["finished"]) if saved is not None else {}
            if at == len(plan.stages) and any(_left(plan, index, finished.get(index)) for index in range(at)):
                at = 0
        torch.manual_seed(plan.seed)
        model = Reference(config)
        check(model, data)
        if start:
            model.load_state_dict(start, strict=False)
            model.vocoder.settle()
        if saved is not None:
            with checkpoints.fitting(checkpoint):
                model.load_state_dict(saved["model"])
        with log(folder, plan, enabled=fabric.is_global_zero) as logger:
            for index in range(at, len(plan.stages)):
                begun = saved if saved is not None and saved["stage"] == index else None
                stage = StageRun(fabric, model, data, plan, index, checkpoint, begun, finished, logger, clock, requests)
                try:
                    stage.run()
                except KeyboardInterrupt as asked:
                    raise Stopped(f"stopped in stage {stage.stage.name} after {stage.step} steps", status(asked)) from None
            if not fabric.is_global_zero:
                requests.number = None  # asked too late to stop all, it ends with them
    finally:
        if lock is not None:
            lock.close()
    return model.cpu().eval()


def _left(plan: Plan, index: int, finished: dict[str, Any] | None) -> bool:
    """Whether a stage has some of its budget left."""
    return finished is None or plan.progress(index, finished["step"], finished["elapsed"]) < 1


def keep_memory() -> None:
    """Ask glibc to keep freed blocks: PyTorch's activations otherwise go back to the system at every step."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(-3, 1 << 30), libc.mallopt(-1, (1 << 31) - 1)
    except (OSError, AttributeError):
        pass
