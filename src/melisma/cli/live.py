"""The commands for playing live: Pure Data, and feedback shaping, which its patch does, offline."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from ..store import DEFAULT
from ..system.terminal import bar, say
from .files import Writes

pd = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Melisma in Pure Data.")


@pd.command()
def install(
    folder: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="Where. If not said, in Pd's own folder for what you install."),
    ] = None,
) -> None:
    """Put the objects, their help, patches and models where Pd finds them.

    On Linux that is ~/.local/lib/pd/extra/melisma, on macOS ~/Library/Pd/melisma; --to names another folder.
    It says where before it writes. Your own files in that folder, and what you have changed there, stay.
    """
    from ..hosts import puredata

    place = puredata.target(folder)
    say(f"writing into {place}; --to FOLDER chooses another" if folder is None else f"writing into {place}")
    puredata.install(place)
    say(f"installed in {place}")
    if folder is None:
        say("Open its patches with `melisma pd open feedback`, or from Pd's help browser. In a patch of your own, an object")
        say("[declare -path melisma] makes Pd find melisma~, melisma.encode~, melisma.decode~ and melisma.loop~.")
    else:
        say(f"Pd finds it there when told so: pd -path {shlex.quote(str(place))}, or File, Preferences, Path in its menu.")


@pd.command()
def path() -> None:
    """The folder to give Pd with -path."""
    from ..hosts import puredata

    say(str(puredata.path()))


@pd.command("open")
def open_patch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="feedback, playing, transfer, crossfade, midi, or a help patch.")],
) -> None:
    """Open one of Melisma's patches in Pd."""
    from ..hosts import puredata

    raise typer.Exit(puredata.open_patch(name))


def feedback(
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The sound file to write."), Writes()],
    model: Annotated[str, typer.Option("--model", "-m", metavar="M", help="A model's name, or a .melisma file.")] = DEFAULT,
    freq: Annotated[str, typer.Option(metavar="CURVE", help="Centre of the band in Hz.")] = "440",
    q: Annotated[str, typer.Option("--q", metavar="CURVE", help="Its quality: centre over width, 0.1 to 100.")] = "3",
    gain: Annotated[str, typer.Option(metavar="CURVE", help="What comes back, × 0 to 16.")] = "2",
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="P.png", help="Draw the mel over the three curves."), Writes()
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.01, max=36000, help="How long.")] = 30.0,
    delay: Annotated[float, typer.Option(min=0, max=10000, help="The delay line, in milliseconds.")] = 50.0,
    breath: Annotated[float, typer.Option(min=-120, max=-20, help="The noise that the loop wakes from, in dBFS.")] = -60.0,
    loudness: Annotated[
        float | None, typer.Option(min=-100, max=12, help="The model's loudness by hand, in dBFS; else the loop's own.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=16777215, help="Which noise.")] = 0,
) -> None:
    """A model hears itself and sings: feedback shaping.

    It hears itself through a delay line, a band and a gain, and sings out of silence.

    A CURVE is a number, points in seconds:value, or a file of two numbers a line; feedback.pd writes one of all three.
    The same curves give the same sound there. For example:

    \b
    melisma feedback --freq 0:200,20:2000 --q 8 --gain 0:0,2:4,30:1 out.wav --plot out.png
    """
    from ..core import feedback as shaping
    from ..core.binding import CoreModel
    from ..measure import plot as pictures
    from ..sound.audio import write
    from ..sound.formats import FORMATS
    from ..store import pretrained
    from ..system.atomic import check_target

    check_target(target, FORMATS)
    if plot:
        pictures.check(plot)
    pitch, quality, back = (shaping.curve(text, name) for text, name in ((freq, "freq"), (q, "q"), (gain, "gain")))
    settings = {} if loudness is None else {"loudness.by_hand": 1.0, "loudness.level": loudness}
    loaded = CoreModel(pretrained.locate(model))
    with bar(f"{loaded.name} hears itself") as progress:
        sound = shaping.sing(loaded, seconds, pitch, quality, back, delay / 1000, breath, seed, settings, progress)
    write(target, sound, loaded.sample_rate)
    if plot:
        from ..model import load

        drawn = load(model)
        pictures.feedback_figure(drawn.mel(sound), [pitch, quality, back], plot, drawn.frame_rate, drawn.band_centres)
    say(f"{target}: {seconds:g} s at {loaded.sample_rate} Hz, through {loaded.name}" + (f", drawn in {plot}" if plot else ""))
