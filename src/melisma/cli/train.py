"""The commands for a model of one's own: what a folder holds, training on it, figures."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import BadValue, extra
from ..system import interrupts
from ..system.caches import compiled
from ..system.terminal import bar, err, out, say, warn
from .files import Reads, Writes
from .options import ModelIn

if TYPE_CHECKING:
    from ..files.config import ModelConfig
    from ..files.modelfile import ModelFile


def _own_model(name: str) -> Path:
    from ..store.pretrained import own_models

    return own_models() / f"{name}.melisma"


FolderIn = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of sounds, searched at any depth.")]


def prepare(folder: FolderIn) -> None:
    """Report what a folder of sounds holds for training."""
    from ..training.folder_report import print_report

    with _stoppable("reading the sounds", "the same command begins again"):
        _, report = _prepared(folder)
    print_report(report, out())


def train(
    folder: FolderIn,
    name: Annotated[str, typer.Option("--name", "-n", metavar="N", help="What the model is called."), Writes(_own_model)],
    minutes: Annotated[float, typer.Option(metavar="M", min=0.05, max=1e6, help="How long to train.")] = 15.0,
    steps: Annotated[int | None, typer.Option(metavar="S", min=4, help="Train so many steps instead (repeatable).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run of that name.")] = False,
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="MODEL", help="A model to start from, or none; if not said, the shared one."),
        Reads(lambda name: [_own_model(name)]),
    ] = None,
    latents: Annotated[int, typer.Option(metavar="Z", min=1, max=128, help="How many latents to learn.")] = 16,
    vocoder: Annotated[str, typer.Option(metavar="V", help="phase or melgan.")] = "phase",
    adversarial: Annotated[bool, typer.Option("--adversarial", help="End with MelGAN's discriminators (for long runs).")] = False,
    devices: Annotated[int, typer.Option(metavar="D", min=1, help="GPUs, or processes on the CPU.")] = 1,
    nodes: Annotated[int, typer.Option(metavar="N", min=1, help="Machines: start the same command on each.")] = 1,
    seed: Annotated[int, typer.Option(metavar="S", min=0, max=9999, help="Of everything that is drawn at random.")] = 0,
) -> None:
    """A model of your own: learn the timbre of a folder.

    Ctrl-C stops it (SIGTERM and SIGHUP too), and the same command with --resume goes on from there.
    The model can be used by its name.
    """
    from ..files.config import VOCODERS, ModelConfig, VAEConfig
    from ..store.pretrained import PUBLISHED, namesake, own_models
    from ..training.folder_report import print_report

    own, theirs = own_models() / f"{name}.melisma", namesake(name)
    with interrupts.Deferred(), extra("train"):  # an import that is broken off may be taken for a package that is missing
        compiled()
        import numba  # noqa: F401
        import tensorboard  # noqa: F401

        from ..training import run
        from ..training.fit import Stopped, numbers
        from ..training.plan import STARTED, Plan

    if vocoder not in VOCODERS:
        raise BadValue(f"there is no vocoder {vocoder!r}: choose {' or '.join(sorted(VOCODERS))}")
    if not re.fullmatch(r"\w[\w-]{0,63}", name):
        raise BadValue(f"{name!r} cannot be a model's name: use letters, digits, - and _")
    begun, recorded = (run.folder_of(name) / "state.pt").exists(), len(run.history(run.folder_of(name)))
    if begun and not resume:
        raise BadValue(f"a run named {name} exists: add --resume to continue it, or choose another --name")
    if not begun and own.exists():
        raise BadValue(f"a model {own} exists that no run here made: choose another --name, or move it away")
    config = ModelConfig(vae=VAEConfig(latents=latents), vocoder=VOCODERS[vocoder]())
    start, begun_from = _start(begin, config)
    with _stoppable("reading the sounds", "the same command begins again"):
        prepared, report = _prepared(folder)
    if run.is_first_process():
        print_report(report, out())
        if resume and not begun:
            warn("note", f"there is no run named {name} to resume: it starts now", "yellow")
    plan = Plan(minutes=minutes, steps=steps, seed=seed, **(STARTED if start else {}))
    if adversarial:
        plan = replace(plan, stages=(*plan.stages, ("adversarial", 0.25)))
    if run.is_first_process() and theirs:
        text = f"a published model is called {name}, too: the name will mean yours, and {PUBLISHED}{name} the published one"
        warn("note", text, "yellow")
    if run.is_first_process() and not begun:
        say(f"starting from the model {begun_from}" if begun_from else "starting from scratch")
        say(numbers())
    started = time.monotonic()
    with _stoppable("making the model", "the same command with --resume goes on from there"):
        try:
            file, told = run.train(
                prepared, name, config, plan, resume=resume, start=start, begun_from=begun_from, devices=devices, nodes=nodes
            )
        except Stopped as stop:
            if run.is_first_process():
                warn("melisma", f"{stop}: the same command with --resume goes on from there", "yellow")
            # the launcher takes another status of a process that it started for a crash, and kills all others
            raise typer.Exit(stop.status if run.is_first_process() else 0) from None
        if not run.is_first_process():
            return
        if len(run.history(run.folder_of(name))) == recorded:
            finished = f"The run {name} was finished already, and nothing is left of it to train"
            say(f"{finished}: for more, start one with another --name.")
        saved = run.publish(file, own)
    say(f"{saved}, made in {(time.monotonic() - started) / 60:.1f} minutes")
    for sentence in told:
        say(sentence)
    say(f"Try it: melisma transfer IN.wav OUT.wav --model {name}")


@contextmanager
def _stoppable(what: str, then: str) -> Iterator[None]:
    """Where a command is stopped in this block, what it was at and what to do are said in one sentence."""
    try:
        yield
    except KeyboardInterrupt as asked:
        if all(int(os.environ.get(rank, 0)) == 0 for rank in ("LOCAL_RANK", "NODE_RANK")):
            warn("melisma", f"{interrupts.said(asked)} while {what}: {then}", "yellow")
        raise typer.Exit(interrupts.status(asked)) from None


def _start(begin: str | None, config: ModelConfig) -> tuple[dict[str, Any] | None, str]:
    """Weights to start a training from, and whose they are. Where none is chosen and the shared model does not fit, none."""
    from ..files import modelfile
    from ..store import pretrained
    from ..training import run

    if begin == "none":
        return None, ""
    file = modelfile.load(pretrained.locate(begin or pretrained.PUBLISHED + pretrained.START))
    if begin is None and file.config != config:
        return None, ""
    return run.weights_of(file, config), file.name


def evaluate(
    model: ModelIn,
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Held-out sounds; of folders train and held in it, held. Or --set.")
    ] = None,
    which: Annotated[
        str | None, typer.Option("--set", metavar="held|elsewhere", help="The set that the README's figures are of, instead.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="F.json", help="Write the figures there too."), Writes()
    ] = None,
    seconds: Annotated[float | None, typer.Option(metavar="S", min=0.01, max=86400, help="So much of each file at most.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="P.png", help="Draw the weakest file's mels."), Writes()] = None,
) -> None:
    """Figures: what a model makes of sounds it has not heard.

    The latents alone, then with fine structure and colour added, stand beside copy synthesis (true mels through the vocoder),
    Griffin-Lim on the true mels, and Opus at the same bit rate. Then the weak cases, worst first. For example:

    \b
    melisma evaluate mine my_held_out_sounds/
    melisma evaluate strings --set elsewhere      # as in the README; it says how the set is made
    """
    import json

    from ..measure import plot as pictures
    from ..model import load
    from ..system.atomic import atomic, check_target

    if (folder is None) == (which is None):
        raise BadValue("say what to evaluate on: either a FOLDER of held-out sounds, or --set held or elsewhere")
    if json_file:
        check_target(json_file, [".json"])
    if plot:
        pictures.check(plot)
    with extra("evaluate"):
        from ..measure import report
        from ..measure.evaluate import evaluate as measure

        with bar("evaluating") as progress:

            def told(done: float, total: int, name: str) -> None:
                progress(done / total, name)
                if not err().is_terminal and name and done == int(done):  # in a log, a line for each file
                    warn("evaluating", f"{name}, {int(done) + 1} of {total}", "dim")

            loaded = load(model)
            on, longest, probe = (folder, seconds, None) if folder else _set(loaded.file, which or "", seconds)
            result = measure(loaded, on, told, longest, probe_on=probe)
    try:
        if json_file:  # first: whoever reads the table may stop reading
            with atomic(json_file) as temporary:
                temporary.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        if plot:
            worst = report.picture(loaded, result, plot, longest)
    finally:  # what took so long is seen, also where the disk does not take it
        report.table(result, out())
    if json_file:
        say(f"{json_file} holds the same, file by file")
    if plot:
        say(f"{plot} shows what becomes of the weakest, {worst}")


def _set(file: ModelFile, which: str, seconds: float | None) -> tuple[list[Path], float, Path | None]:
    """A set's files, how much of each is heard, and the folder for the leak probe."""
    from ..measure import sets

    domain = sets.domain_of(file)
    return sets.sounds(domain, which), seconds or sets.SECONDS, sets.probed(domain)


def _prepared(folder: Path) -> tuple[Path, Any]:
    """The prepared set of a folder, made if it is not there, and its report."""
    import hashlib

    from ..system.home import home
    from ..training.prepare import prepare as make

    key = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    into = home() / "prepared" / f"{folder.resolve().name[:40]}-{key}"
    with bar("reading") as progress:
        return into, make(folder, into, progress=progress)
