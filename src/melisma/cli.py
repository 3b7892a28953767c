"""The command `melisma`. Each command is one function; what it prints is for people, errors are one sentence."""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path
from typing import Annotated, Optional

import typer
from rich.console import Console
from rich.table import Table

from .errors import MelismaError

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, add_completion=True, context_settings={"help_option_names": ["-h", "--help"]},
    help="Melisma learns the timbre of a folder of sounds and lets a musician play it.",
)
out, err = Console(highlight=False), Console(stderr=True, highlight=False)

ModelOption = Annotated[str, typer.Option("--model", "-m", help="Name of a model (see `melisma models`) or a .melisma file.")]
SoundIn = Annotated[Path, typer.Argument(metavar="IN", help="A sound file: anything that libsndfile reads.")]


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--out", help="Where to put it.")] = Path("out/demo"),
    model: ModelOption = "strings",
) -> None:
    """Interpolations, style transfers, their pictures and a page that shows and plays them."""
    from .demo import make

    make(folder, model, out)


@app.command()
def models() -> None:
    """The models that can be used by name."""
    from . import modelfile, pretrained

    known = pretrained.names()
    if not known:
        err.print("There are no models yet: `melisma train FOLDER --name NAME` makes one.")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("name", "trained on", "licence", "latents", "latency", "ViSQOL copy / chain", "file"):
        table.add_column(column)
    for name, file in known.items():
        try:
            table.add_row(name, *_row(modelfile.load(file)), str(file))
        except MelismaError as error:
            table.add_row(name, f"[red]{error}[/red]")
    out.print(table)


def _row(file) -> tuple[str, ...]:
    rows = file.evaluation.get("rows", {})
    figures = " / ".join(_figure(rows.get(row, {}).get("visqol")) for row in ("copy synthesis", "chain"))
    minutes = file.training.get("minutes_of_sound")
    latency = f"{1000 * file.latency / file.config.analysis.sample_rate:.1f} ms"
    trained = f"{minutes:.0f} min" if minutes is not None else "?"
    return trained, file.training.get("licence") or "?", str(file.tensors["calibration.forth"].shape[0]), latency, figures


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


@app.command()
def info(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name or .melisma file.")],
    verify: Annotated[bool, typer.Option("--verify", help="Run the file's golden pair.")] = False,
) -> None:
    """What a model is, what it was trained on, how good it is, and the range of each latent."""
    from .evaluate import table as figures
    from .model import load

    loaded = load(model)
    file, analysis = loaded.file, loaded.config.analysis
    out.print(f"[bold]{loaded.name}[/bold]  {file.digest[:12]}")
    parameters = sum(tensor.size for tensor in file.tensors.values())
    out.print(f"{analysis.sample_rate} Hz, frames of {analysis.frame} every {analysis.hop} samples, {parameters / 1e6:.2f} M parameters, vocoder {loaded.config.vocoder.kind}")
    out.print(f"latency {file.latency} samples = {1000 * file.latency / analysis.sample_rate:.1f} ms")
    for key, value in file.training.items():
        out.print(f"{key.replace('_', ' ')}: {value}")
    latents = Table(box=None, pad_edge=False)
    for column in ("latent", "effect, dB a unit", "1 %", "median", "99 %"):
        latents.add_column(column, justify="right")
    for k, (effect, row) in enumerate(zip(file.latents.get("effect", []), file.latents["percentiles"])):
        latents.add_row(str(k), f"{effect:.2f}", f"{row[0]:.2f}", f"{row[2]:.2f}", f"{row[4]:.2f}")
    out.print(latents)
    if file.evaluation:
        figures(file.evaluation, out)
    if verify:
        result = loaded.verify()
        out.print(f"golden pair reproduced: largest error {result['error']:.2e}, spectral distance {result['distance']:.2e}")


@app.command()
def encode(
    source: SoundIn,
    path: Annotated[Path, typer.Argument(metavar="PATH.npz", help="The latent path to write.")],
    model: ModelOption = "strings",
) -> None:
    """A sound's latent path, to a file."""
    from . import latent
    from .audio import read
    from .model import load

    encoded = load(model).encode(read(source))
    latent.save(encoded, path)
    out.print(f"{path}: {encoded.dimensions} latents, {encoded.frames} frames, {encoded.duration:.2f} s, by {encoded.model}")


@app.command()
def decode(
    path: Annotated[Path, typer.Argument(metavar="PATH.npz", help="A latent path.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The sound file to write.")],
    model: Annotated[Optional[str], typer.Option("--model", "-m", help="By default the model that encoded the path.")] = None,
) -> None:
    """A latent path's sound."""
    from . import latent

    _render(latent.load(path), target, model)


@app.command()
def edit(
    path: Annotated[Path, typer.Argument(metavar="PATH.npz", help="A latent path.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="A path to write (.npz), or a sound file.")],
    op: Annotated[list[str], typer.Option("--op", help="An operator, e.g. scale:dims=0,2:by=1.5; may be repeated.")] = [],  # noqa: B006
    model: Annotated[Optional[str], typer.Option("--model", "-m", help="By default the model that encoded the path.")] = None,
    listing: Annotated[bool, typer.Option("--list", help="Describe the operators.")] = False,
) -> None:
    """Apply operators to a latent path, in the order given."""
    from . import latent

    edited = latent.load(path)
    for text in op:
        edited = latent.apply(edited, text)
    if target.suffix == ".npz":
        latent.save(edited, target)
        out.print(f"{target}: {edited.dimensions} latents, {edited.frames} frames")
    else:
        _render(edited, target, model)


@app.command()
def operators() -> None:
    """The operators of `melisma edit`, their parameters, units and ranges."""
    from .latent import OPERATORS

    for operator in OPERATORS.values():
        out.print(f"[bold]{operator.name}[/bold]  {operator.summary}")
        for parameter in (*operator.parameters, *operator.selection):
            out.print(f"    {parameter.name}  {parameter.summary}" + (f" ({parameter.unit})" if parameter.unit else ""))


@app.command()
def transfer(
    source: SoundIn,
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The sound file to write.")],
    model: ModelOption = "strings",
    loudness: Annotated[str, typer.Option(help="input, a level such as -20dB, or a sound file or path whose loudness is followed.")] = "input",
) -> None:
    """A sound in a model's timbre."""
    from .audio import read, write
    from .model import load

    loaded = load(model)
    sound = read(source)
    path = loaded.encode(sound)
    if loudness != "input":
        path = path.set_loudness(_loudness(loudness, loaded, path.frames))
    write(target, loaded.decode(path), sound.rate)
    out.print(f"{target}: {sound.duration:.2f} s at {sound.rate} Hz, through {loaded.name}")


def _loudness(text: str, model, frames: int):
    """A level in dBFS, or the loudness of a file as a curve of so many frames (the last value held)."""
    import numpy as np

    from . import latent
    from .audio import read

    bare = text.lower().removesuffix("fs").removesuffix("db").strip()
    try:
        return float(bare)
    except ValueError:
        pass
    if not Path(text).exists():
        raise MelismaError(f"--loudness {text!r} is neither 'input', a level such as -20dB, nor a file")
    curve = (latent.load(text) if text.endswith(".npz") else model.encode(read(text))).loudness
    return np.pad(curve[:frames], (0, max(0, frames - len(curve))), mode="edge")


@app.command()
def interpolate(
    first: Annotated[Path, typer.Argument(metavar="A", help="The sound it begins as.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The sound it becomes.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The sound file to write.")],
    plot: Annotated[Optional[Path], typer.Option("--plot", metavar="P.png", help="Draw the three mel-spectrograms.")] = None,
    model: ModelOption = "strings",
) -> None:
    """From one sound to another along the line between their latent paths: z[n] = z_a[n] · (1 − n/N) + z_b[n] · (n/N)."""
    from .audio import read, write
    from .model import load
    from .plot import interpolation_figure

    loaded = load(model)
    a, b = read(first), read(second)
    between = loaded.encode(a).interpolate(loaded.encode(b))
    sound = loaded.decode(between)
    write(target, sound, between.source_rate)
    if plot:
        mels = [loaded.mel(a), loaded.mel(sound, between.source_rate), loaded.mel(b)]
        titles = [first.name, f"{first.name} → {second.name}", second.name]
        interpolation_figure(mels, titles, plot, loaded.frame_rate, loaded.band_centres)
    out.print(f"{target}: {between.duration:.2f} s" + (f", drawn in {plot}" if plot else ""))


@app.command()
def prepare(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of sounds.")],
) -> None:
    """Read a folder of sounds for training and report what it holds; nothing is trained."""
    from .prepare import render

    _, report = _prepared(folder)
    render(report, out)


@app.command()
def train(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of sounds.")],
    name: Annotated[str, typer.Option("--name", help="What the model is called.")],
    minutes: Annotated[float, typer.Option("--minutes", min=0.05, help="How long to train.")] = 15.0,
    steps: Annotated[Optional[int], typer.Option("--steps", min=4, help="Train so many steps instead: exactly repeatable.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run of that name.")] = False,
    latents: Annotated[int, typer.Option(min=1, max=128, help="How many latents to learn.")] = 16,
    vocoder: Annotated[str, typer.Option(help="phase or melgan.")] = "phase",
    adversarial: Annotated[bool, typer.Option("--adversarial", help="End with MelGAN's discriminators (for long runs).")] = False,
    devices: Annotated[int, typer.Option(min=1, help="GPUs, or processes on the CPU.")] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Machines (start the same command on each).")] = 1,
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Learn the timbre of a folder of sounds: a model of your own. Ctrl-C stops it, --resume goes on."""
    _needs_training()
    from .config import VOCODERS, ModelConfig, VAEConfig
    from .prepare import render
    from .pretrained import own_models
    from .training import run
    from .training.fit import Plan, Stopped

    if vocoder not in VOCODERS:
        raise MelismaError(f"there is no vocoder {vocoder!r}: choose {' or '.join(sorted(VOCODERS))}")
    if not name or Path(name).name != name or name.startswith("."):
        raise MelismaError(f"{name!r} cannot be a model's name: use letters, digits, - and _")
    prepared, report = _prepared(folder)
    render(report, out)
    stages = Plan().stages + ((("adversarial", 0.25),) if adversarial else ())
    plan = Plan(stages=stages, minutes=minutes, steps=steps, seed=seed)
    config = ModelConfig(vae=VAEConfig(latents=latents), vocoder=VOCODERS[vocoder]())
    begun = time.monotonic()
    try:
        file, told = run.train(prepared, name, config, plan, resume=resume, devices=devices, nodes=nodes)
    except Stopped as stop:
        err.print(f"{stop}: the same command with --resume goes on from there.")
        raise typer.Exit(130) from None
    if not run.is_first_process():
        return
    saved = run.publish(file, own_models() / f"{name}.melisma")
    out.print(f"{saved}: trained for {(time.monotonic() - begun) / 60:.1f} minutes")
    for sentence in told:
        out.print(sentence)
    out.print(f"Try it: melisma transfer IN.wav OUT.wav --model {name}")


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name or .melisma file.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Held-out sounds; with subfolders train and held, held is used.")],
    json_file: Annotated[Optional[Path], typer.Option("--json", metavar="F", help="Write the figures there too.")] = None,
    seconds: Annotated[Optional[float], typer.Option(help="Of each file, at most.")] = None,
) -> None:
    """The figures: what the whole chain, the vocoder alone and Griffin-Lim make of held-out sounds."""
    import json

    from .audio import atomic
    from .evaluate import evaluate as measure
    from .evaluate import table
    from .model import load

    result = measure(load(model), folder, seconds_limit=seconds)
    table(result, out)
    if json_file:
        with atomic(json_file) as temporary:
            temporary.write_text(json.dumps(result, indent=1) + "\n")
        out.print(f"{json_file} holds the same, file by file")


def _render(path, target: Path, model: str | None) -> None:
    from .audio import write
    from .model import load

    if not (model or path.model):
        raise MelismaError("the path does not say which model encoded it: name one with --model")
    loaded = load(model or path.model)
    write(target, loaded.decode(path), path.source_rate)
    out.print(f"{target}: {path.duration:.2f} s at {path.source_rate} Hz, through {loaded.name}")


def _prepared(folder: Path):
    """The prepared set of a folder, made if it is not there, and its report."""
    import hashlib

    from .home import home
    from .prepare import prepare as make

    key = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
    into = home() / "prepared" / f"{folder.resolve().name or 'root'}-{key}"
    with err.status(f"reading {folder}"):
        return into, make(folder, into)


def _needs_training() -> None:
    try:
        import lightning_fabric  # noqa: F401
        import numba  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MelismaError(f"training needs {error.name}: pip install 'melisma[train]'") from None


def main() -> None:
    """Run the command; a mistake is one sentence on stderr and exit status 1, never a traceback."""
    warnings.showwarning = lambda message, *_, **__: err.print(f"[yellow]note:[/yellow] {message}")
    try:
        app()
    except MelismaError as error:
        err.print(f"[red]melisma:[/red] {error}", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("stopped")
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
