"""The command `melisma`. Each command is one function; what it prints is for people, errors are one sentence.

A command checks what it can before it begins to work: names, formats, folders to write in. Then it reads, computes, writes.
"""

from __future__ import annotations

import re
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from . import cli_live
from .errors import MelismaError, MelismaWarning, extra
from .terminal import bar, busy, err, out, printable, say, warn

if TYPE_CHECKING:
    from .latent import LatentPath
    from .model import Model
    from .modelfile import ModelFile

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,  # help is plain text: brackets in it are brackets
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ModelOption = Annotated[str, typer.Option("--model", "-m", metavar="M", help="A model's name, or a .melisma file.")]
PathModelOption = Annotated[
    str | None, typer.Option("--model", "-m", metavar="M", help="A model's name or file; else the one that encoded the path.")
]
SoundIn = Annotated[Path, typer.Argument(metavar="IN", help="A sound file: WAV, FLAC, OGG, MP3, AIFF, …")]
SoundOut = Annotated[Path, typer.Argument(metavar="OUT", help="The sound file to write; its suffix says the format.")]
PathIn = Annotated[Path, typer.Argument(metavar="PATH.npz", help="A latent path.")]
ModelIn = Annotated[str, typer.Argument(metavar="MODEL", help="A model's name, or a .melisma file.")]


def _version(wanted: bool) -> None:
    if wanted:
        from . import __version__

        say(f"melisma {__version__}")
        raise typer.Exit()


@app.callback()
def _melisma(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")] = False,
) -> None:
    """Melisma learns the timbre of a folder of sounds and lets a musician play it.

    Sounds come in any format, rate and length, mono or stereo; what comes out has the same rate and length.
    """


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where to put it.")] = Path("out/demo"),
    model: ModelOption = "strings",
) -> None:
    """A page to hear what a model does, with pictures."""
    from .demo import make

    make(folder, model)


# --- models -------------------------------------------------------------------------------------------------------------


@app.command()
def models() -> None:
    """The models that can be used by name."""
    from . import modelfile, pretrained

    table, damaged = Table(box=None, pad_edge=False), []
    for column in ("name", "trained on", "licence", "latents", "latency", "ViSQOL copy", "chain"):
        table.add_column(column, overflow="fold")
    for name, file in pretrained.names().items():
        try:
            table.add_row(printable(name), *_summary(modelfile.load(file)))
        except MelismaError as error:
            damaged.append(str(error))
    if table.row_count:
        out.print(table)
    elif not damaged:
        say("There are no models yet: `melisma train FOLDER --name NAME` makes one.")
    for sentence in damaged:
        warn("damaged", sentence, "red")


def _summary(file: ModelFile) -> list[str]:
    """A model's row in the list, after its name."""
    minutes, licence = file.training.get("minutes_of_sound"), file.training.get("licence")
    latency = 1000 * file.latency / file.config.analysis.sample_rate
    figures = [_number(file.figure("rows", row, "visqol"), "{:.2f}") for row in ("copy synthesis", "chain")]
    latents = str(len(file.latents["percentiles"]))
    return [_number(minutes, "{:.0f} min"), printable(str(licence or "–")), latents, f"{latency:.1f} ms", *figures]


@app.command()
def info(
    model: ModelIn,
    verify: Annotated[bool, typer.Option("--verify", help="Prove by the file's golden pair that it sounds right.")] = False,
) -> None:
    """What a model is, what it learned from, and how good it is."""
    from . import modelfile, pretrained

    place = pretrained.locate(model)
    file = modelfile.load(place)
    config, analysis = file.config, file.config.analysis
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right")
    table.add_column(overflow="fold")
    parameters = sum(tensor.size for tensor in file.tensors.values()) / 1e6
    rows = {
        "name": file.name,
        "file": f"{place}, {place.stat().st_size / 1e6:.1f} MB, SHA-256 {file.digest[:12]}…",
        "model": f"{parameters:.2f} million parameters, vocoder {config.vocoder.kind}",
        "frames": f"{analysis.frame} samples every {analysis.hop}, at {analysis.sample_rate} Hz",
        "latency": f"{file.latency} samples = {1000 * file.latency / analysis.sample_rate:.1f} ms",
    }
    for key, value in (rows | file.training).items():
        if value not in (None, ""):
            table.add_row(printable(key.replace("_", " ")), printable(str(value)))
    out.print(table)
    out.print(_latents(file))
    if file.evaluation:
        _evaluation(file)
    if verify:
        from .model import Model

        result = Model(file).verify()
        say(f"golden pair reproduced: largest error {result['error']:.1e}, spectral distance {result['distance']:.1e}")


def _latents(file: ModelFile) -> Table:
    """The range of each latent on the training set, and how much it matters."""
    table = Table(box=None, pad_edge=False)
    for column in ("latent", "mel dB a unit", "1 %", "median", "99 %"):
        table.add_column(column, justify="right")
    effects = file.latents.get("effect")
    effects = effects if isinstance(effects, list) else []
    for k, percentiles in enumerate(file.latents["percentiles"]):
        effect = effects[k] if k < len(effects) else None
        table.add_row(str(k), *(_number(v, "{:.2f}") for v in (effect, percentiles[0], percentiles[2], percentiles[4])))
    return table


def _evaluation(file: ModelFile) -> None:
    from .evaluate import table

    try:
        table(file.evaluation, out)
    except (KeyError, TypeError, ValueError, AttributeError):  # the header may hold anything
        say("Its evaluation is not one that this version of Melisma can show.")


def _number(value: Any, form: str) -> str:
    return form.format(value) if type(value) in (int, float) else "–"


# --- sounds and paths ---------------------------------------------------------------------------------------------------


@app.command()
def encode(
    source: SoundIn,
    path: Annotated[Path, typer.Argument(metavar="PATH.npz", help="The latent path to write.")],
    model: ModelOption = "strings",
) -> None:
    """A sound's latent path, to a file."""
    from . import pathfile
    from .audio import check_target, read
    from .model import load

    check_target(path, [".npz"])
    loaded, sound = load(model), read(source)
    with busy(f"encoding {source}"):
        encoded = loaded.encode(sound)
    pathfile.save(encoded, path)
    say(f"{path}: {encoded.dimensions} latents, {encoded.frames} frames, {encoded.duration:.2f} s, by {encoded.model}")


@app.command()
def decode(path: PathIn, target: SoundOut, model: PathModelOption = None) -> None:
    """A latent path's sound."""
    from . import pathfile
    from .audio import FORMATS, check_target

    check_target(target, FORMATS)
    _render(pathfile.load(path), target, model)


@app.command()
def edit(
    path: PathIn,
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The latent path (.npz) or sound file to write.")],
    op: Annotated[
        list[str] | None, typer.Option("--op", metavar="NAME:PARAMETER=VALUE:…", help="An operator; may be given again.")
    ] = None,
    model: PathModelOption = None,
) -> None:
    """Apply operators to a latent path, in the order given.

    `melisma operators` lists them. For example:

    \b
    melisma edit cat.npz out.wav --op scale:by=1.5:dims=0,2 --op reverse
    melisma edit cat.npz out.npz --op interpolate:other=dog.npz:curve=0.5
    """
    from . import operators, pathfile
    from .audio import FORMATS, check_target

    check_target(target, [".npz", *FORMATS])
    if not op:
        raise MelismaError("nothing to do: give an operator, such as --op scale:by=1.5 (`melisma operators` lists them)")
    for text in op:
        operators.parse(text)
    edited = pathfile.load(path)
    for text in op:
        edited = operators.apply(edited, text, pathfile.load)
    if target.suffix.lower() == ".npz":
        pathfile.save(edited, target)
        say(f"{target}: {edited.dimensions} latents, {edited.frames} frames, {edited.duration:.2f} s")
    else:
        _render(edited, target, model)


@app.command("operators")
def list_operators() -> None:
    """The operators of `melisma edit`, their parameters and ranges."""
    from .operators import OPERATORS, Parameter

    def row(parameter: Parameter, *more: str) -> tuple[str, ...]:
        return f"  {parameter.name}", parameter.unit, ", ".join(part for part in (parameter.summary, *more) if part)

    table = Table.grid(padding=(0, 2))
    shared: dict[str, Parameter] = {}
    for operator in OPERATORS.values():
        table.add_row(Text(operator.name, "bold"), "", Text(operator.summary, "bold"))
        for p in operator.parameters:
            bounds = f"{p.minimum:.10g} to {p.maximum:.10g}" if p.minimum is not None and p.maximum is not None else ""
            default = {True: "yes", False: "no"}[p.default] if p.kind == "switch" else p.default
            table.add_row(*row(p, bounds, "" if default is None else f"{default} if not said"))
        shared |= {p.name: p for p in operator.selection}
        if missing := [name for name in shared if name not in {p.name for p in operator.selection}]:
            table.add_row("", "", f"takes no {' or '.join(missing)}")
    table.add_row(Text("all", "bold"), "", Text("take these too, unless it says otherwise", "bold"))
    for p in shared.values():
        table.add_row(*row(p))
    out.print(table)
    say("Written as NAME:PARAMETER=VALUE:…, such as scale:by=1.5:dims=0,2-4, reverse:start=1:end=2, loudness:to=0/-60,2.5/-10")


@app.command()
def transfer(
    source: SoundIn,
    target: SoundOut,
    model: ModelOption = "strings",
    loudness: Annotated[
        str, typer.Option(metavar="L", help="What to follow: input, a level such as -20dB, or another sound file or path.")
    ] = "input",
) -> None:
    """A sound in a model's timbre."""
    from .audio import FORMATS, check_target, read, write
    from .model import load

    check_target(target, FORMATS)
    _keep(source, target)
    level = None if loudness == "input" else _level(loudness)
    loaded, sound = load(model), read(source)
    with busy(f"playing {source} through {loaded.name}"):
        path = loaded.encode(sound)
        del sound  # an hour of it is not held beside what is made of it
        if loudness != "input":
            path = path.set_loudness(_curve(loudness, loaded, path) if level is None else level)
        samples = loaded.decode(path)
    write(target, samples, path.source_rate)
    say(f"{target}: {path.duration:.2f} s at {path.source_rate} Hz, through {loaded.name}")


def _level(text: str) -> float | None:
    """A level in dBFS, None for a file."""
    bare = text.lower().removesuffix("fs").removesuffix("db").strip()
    try:
        level = float(bare.replace("−", "-"))
    except ValueError:
        if Path(text).exists():
            return None
        raise MelismaError(f"--loudness {text} is neither input, a level such as -20dB, nor a file") from None
    if not -100 <= level <= 12:
        raise MelismaError(f"--loudness {text} is outside −100 to 12 dBFS")
    return level


def _curve(file: str, model: Model, path: LatentPath) -> Any:
    """The loudness of a sound or path, in dBFS, at the frames of a path; beyond its end its last value is held."""
    import numpy as np

    from . import pathfile
    from .audio import read

    given = pathfile.load(file) if file.lower().endswith(".npz") else model.encode(read(file))
    return np.interp(path.times, given.times, given.loudness)


@app.command()
def interpolate(
    first: Annotated[Path, typer.Argument(metavar="A", help="The sound it begins as.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The sound it becomes.")],
    target: SoundOut,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="P.png", help="Draw the three mel-spectrograms.")] = None,
    model: ModelOption = "strings",
) -> None:
    """From one sound to another while it plays.

    Between their latent paths: z[n] = z_a[n] · (1 − n/N) + z_b[n] · (n/N). The shorter sound is stretched to the longer.
    """
    from . import plot as pictures
    from .audio import FORMATS, check_target, read, write
    from .model import load

    check_target(target, FORMATS)
    _keep(first, target)
    _keep(second, target)
    if plot:
        check_target(plot, pictures.SUFFIXES)
    loaded, a, b = load(model), read(first), read(second)
    with busy(f"from {first} to {second}"):
        between = loaded.encode(a).interpolate(loaded.encode(b))
        sound = loaded.decode(between)
    write(target, sound, between.source_rate)
    if plot:
        mels = [loaded.mel(a), loaded.mel(sound, between.source_rate), loaded.mel(b)]
        titles = [first.name, f"{first.name} → {second.name}", second.name]
        pictures.interpolation_figure(mels, titles, plot, loaded.frame_rate, loaded.band_centres)
    say(f"{target}: {between.duration:.2f} s at {between.source_rate} Hz" + (f", drawn in {plot}" if plot else ""))


def _render(path: LatentPath, target: Path, model: str | None) -> None:
    """Decode a path with a model, or the one that encoded it, and write the sound."""
    from . import pretrained
    from .audio import write
    from .model import load

    if not model and path.model not in pretrained.names():
        by = f"the model {path.model!r}, which is not known here" if path.model else "a model that it does not name"
        raise MelismaError(f"the path was encoded by {by}: say with --model which one decodes it")
    loaded = load(model or path.model)
    with busy(f"playing through {loaded.name}"):
        samples = loaded.decode(path)
    write(target, samples, path.source_rate)
    say(f"{target}: {path.duration:.2f} s at {path.source_rate} Hz, through {loaded.name}")


def _keep(source: Path, target: Path) -> None:
    """Nobody's recording is written over."""
    if target.exists() and source.exists() and target.samefile(source):
        raise MelismaError(f"{target} is the sound that is read: write to another file")


# --- the studio ---------------------------------------------------------------------------------------------------------


@app.command()
def studio(
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="PORT", help="Where to listen; 0 for any free port.")] = 8337,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Whether to open the page in the browser.")] = True,
) -> None:
    """The studio: bend the path of a sound with the mouse."""
    from .studio.serve import serve

    serve(port, browser)


@app.command()
def render(
    file: Annotated[Path, typer.Argument(metavar="SESSION", help="A session that the studio saved.")],
    target: SoundOut,
    snapshot: Annotated[str | None, typer.Option(metavar="NAME", help="One of its snapshots, not what it shows.")] = None,
) -> None:
    """A studio session's sound, the same to the bit."""
    import tempfile

    from .audio import FORMATS, check_target, write
    from .model import load
    from .studio.library import Library
    from .studio.session import sound

    check_target(target, FORMATS)
    if not file.is_file():
        raise MelismaError(f"{file} is not a file; give a session that the studio saved")
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder))
        session = library.unpack(file, str(file))
        takes = {one.name: one.take for one in session.snapshots}
        if snapshot is not None and snapshot not in takes:
            raise MelismaError(f"{file} has no snapshot {snapshot!r}; it has {', '.join(takes) or 'none'}")
        take = session.take if snapshot is None else takes[snapshot]
        with busy(f"playing {file}"):
            samples = sound(take, library.open, load(take.model))
        rate = library.open(take.input).rate  # type: ignore[arg-type]
    write(target, samples, rate)
    say(f"{target}: {len(samples) / rate:.2f} s at {rate} Hz, through {take.model}")


# --- training -----------------------------------------------------------------------------------------------------------

FolderIn = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of sounds, searched at any depth.")]


@app.command()
def prepare(folder: FolderIn) -> None:
    """Report what a folder of sounds holds for training."""
    from .prepare import render

    _, report = _prepared(folder)
    render(report, out)


@app.command()
def train(
    folder: FolderIn,
    name: Annotated[str, typer.Option("--name", "-n", metavar="N", help="What the model is called.")],
    minutes: Annotated[float, typer.Option(metavar="M", min=0.05, max=1e6, help="How long to train.")] = 15.0,
    steps: Annotated[int | None, typer.Option(metavar="S", min=4, help="Train so many steps instead (repeatable).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run of that name.")] = False,
    begin: Annotated[str, typer.Option("--from", metavar="MODEL", help="A model to start from, or none.")] = "strings",
    latents: Annotated[int, typer.Option(metavar="Z", min=1, max=128, help="How many latents to learn.")] = 16,
    vocoder: Annotated[str, typer.Option(metavar="V", help="phase or melgan.")] = "phase",
    adversarial: Annotated[bool, typer.Option("--adversarial", help="End with MelGAN's discriminators (for long runs).")] = False,
    devices: Annotated[int, typer.Option(metavar="D", min=1, help="GPUs, or processes on the CPU.")] = 1,
    nodes: Annotated[int, typer.Option(metavar="N", min=1, help="Machines: start the same command on each.")] = 1,
    seed: Annotated[int, typer.Option(metavar="S", min=0, max=9999, help="Of everything that is drawn at random.")] = 0,
) -> None:
    """Learn the timbre of a folder of sounds: a model of your own.

    Ctrl-C stops it, and the same command with --resume goes on from there. The model can be used by its name.
    """
    from .config import VOCODERS, ModelConfig, VAEConfig
    from .prepare import render
    from .pretrained import own_models

    with extra("train"):
        import numba  # noqa: F401
        import tensorboard  # noqa: F401

        from .training import run
        from .training.fit import Plan, Stopped

    if vocoder not in VOCODERS:
        raise MelismaError(f"there is no vocoder {vocoder!r}: choose {' or '.join(sorted(VOCODERS))}")
    if not re.fullmatch(r"\w[\w-]{0,63}", name):
        raise MelismaError(f"{name!r} cannot be a model's name: use letters, digits, - and _")
    begun, recorded = (run.folder_of(name) / "state.pt").exists(), len(run.history(run.folder_of(name)))
    if begun and not resume:
        raise MelismaError(f"a run named {name} exists: add --resume to continue it, or choose another --name")
    config = ModelConfig(vae=VAEConfig(latents=latents), vocoder=VOCODERS[vocoder]())
    start, begun_from = _start(begin, config)
    prepared, report = _prepared(folder)
    if run.is_first_process():
        render(report, out)
        if resume and not begun:
            warn("note", f"there is no run named {name} to resume: it starts now", "yellow")
    stages = Plan().stages + ((("adversarial", 0.25),) if adversarial else ())
    # what has been learnt is moved on, not shaken
    rates = dict.fromkeys(("vocoder", "vae", "tune"), 3e-4) if start else {}
    plan = Plan(stages=stages, minutes=minutes, steps=steps, seed=seed, rates=rates)
    if run.is_first_process() and not begun:
        say(f"starting from the model {begun_from}" if begun_from else "starting from scratch")
    started = time.monotonic()
    try:
        file, told = run.train(
            prepared, name, config, plan, resume=resume, start=start, begun_from=begun_from, devices=devices, nodes=nodes
        )
    except Stopped as stop:
        warn("melisma", f"{stop}: the same command with --resume goes on from there", "yellow")
        raise typer.Exit(130) from None
    if not run.is_first_process():
        return
    if len(run.history(run.folder_of(name))) == recorded:
        say(f"The run {name} was finished already, and nothing is left of it to train: for more, start one with another --name.")
    saved = run.publish(file, own_models() / f"{name}.melisma")
    say(f"{saved}, made in {(time.monotonic() - started) / 60:.1f} minutes")
    for sentence in told:
        say(sentence)
    say(f"Try it: melisma transfer IN.wav OUT.wav --model {name}")


def _start(begin: str, config) -> tuple[dict | None, str]:
    """Weights to start a training from, and whose they are. A default that does not fit is left, a choice is not."""
    from . import modelfile, pretrained
    from .training import run

    if begin == "none":
        return None, ""
    file = modelfile.load(pretrained.locate(begin))
    if begin == "strings" and file.config != config:
        return None, ""
    return run.weights_of(file, config), file.name


@app.command()
def evaluate(
    model: ModelIn,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Held-out sounds; of folders train and held in it, held.")],
    json_file: Annotated[Path | None, typer.Option("--json", metavar="F", help="Write the figures there too.")] = None,
    seconds: Annotated[float | None, typer.Option(metavar="S", help="So much of each file at most.")] = None,
) -> None:
    """Figures: what a model makes of sounds it has not heard.

    The whole chain stands beside copy synthesis (true mels through the vocoder) and Griffin-Lim on the true mels.
    """
    import json

    from .audio import atomic, check_target
    from .model import load

    if json_file:
        check_target(json_file)
    with extra("evaluate"):
        from .evaluate import evaluate as measure
        from .evaluate import table

        with bar("evaluating") as progress:

            def told(done: float, total: int, name: str) -> None:
                progress(done / total, name)
                if not err.is_terminal and name and done == int(done):  # in a log, a line for each file
                    warn("evaluating", f"{name}, {int(done) + 1} of {total}", "dim")

            result = measure(load(model), folder, told, seconds)
    table(result, out)
    if json_file:
        with atomic(json_file) as temporary:
            temporary.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        say(f"{json_file} holds the same, file by file")


def _prepared(folder: Path) -> tuple[Path, Any]:
    """The prepared set of a folder, made if it is not there, and its report."""
    import hashlib
    import os

    from .home import home
    from .prepare import prepare as make

    key = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    into = home() / "prepared" / f"{folder.resolve().name[:40]}-{key}"
    with bar("reading") as progress:
        return into, make(folder, into, progress=progress)


# --- running a command line ---------------------------------------------------------------------------------------------


# --- live ---------------------------------------------------------------------------------------------------------------

app.command()(cli_live.feedback)
app.add_typer(cli_live.pd, name="pd")


def run(arguments: list[str] | None = None) -> int:
    """Run a command line → its exit status. A mistake is one sentence on stderr, never a traceback."""
    with warnings.catch_warnings():
        if not sys.warnoptions:  # others' warnings are for developers
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", MelismaWarning)
        warnings.showwarning = lambda message, *_, **__: warn("note", str(message), "yellow")
        try:
            app(arguments, prog_name="melisma")
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
        except MelismaError as error:
            warn("melisma", str(error), "red")
            return 1
        except OSError as error:
            warn("melisma", f"{error.filename or 'a file'}: {error.strerror or error}", "red")
            return 1
    return 0


def main() -> None:
    """The command. A polite kill (SIGTERM, a closed terminal) is Ctrl-C: nothing is left half-written, training can resume."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) == signal.SIG_DFL:  # nohup ignores it
            signal.signal(getattr(signal, name), signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # where a terminal has no Unicode
    sys.exit(run())


if __name__ == "__main__":
    main()
