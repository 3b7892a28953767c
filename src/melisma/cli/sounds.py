"""The commands that play sounds through models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import BadValue
from ..store import DEFAULT
from ..system.terminal import busy, say
from .files import Writes
from .options import ColourOption, FineOption, ModelOption, SoundIn, SoundOut

if TYPE_CHECKING:
    from ..latent import LatentPath
    from ..model import Model

MOST_MIXED = 4  # the corners of a square


def transfer(
    source: SoundIn,
    target: SoundOut,
    model: ModelOption = DEFAULT,
    loudness: Annotated[
        str, typer.Option(metavar="L", help="What to follow: input, a level such as -20dB, or another sound file or path.")
    ] = "input",
    match: Annotated[
        float,
        typer.Option(min=0, max=1, help="How much of the model's timbre the sound takes on: 0 little, 1 all. Its pitch stays."),
    ] = 1.0,
    fine: FineOption = 1.0,
    colour: ColourOption = 0.0,
    mono: Annotated[bool, typer.Option("--mono", help="Mix a stereo sound to one channel; else it stays stereo.")] = False,
) -> None:
    """A sound in a model's timbre.

    It takes on the model's timbre and keeps its pitch. `--match 0 --colour 1` gives the sound back nearly as it is.
    """
    from ..model import load
    from ..sound.audio import read
    from ..sound.formats import FORMATS
    from ..system.atomic import check_target

    check_target(target, FORMATS)
    level = None if loudness == "input" else _level(loudness)
    loaded, sound = load(model), read(source)
    with busy(f"playing {source} through {loaded.name}"):

        def edit(path: LatentPath) -> LatentPath:
            follow = loudness if loudness == "input" else _curve(loudness, loaded, path) if level is None else level
            return loaded.transferred(path, loudness=follow, match=match, fine=fine)

        played = loaded.through(sound, edit, fine=fine, colour=colour, mono=mono)
    played.save(target)
    stereo = ", stereo" if played.channels == 2 else ""
    say(f"{target}: {played.duration:.2f} s at {played.rate} Hz{stereo}, through {loaded.name}")


def play(
    notes: Annotated[Path, typer.Argument(metavar="NOTES", help="A MIDI file.")],
    target: SoundOut,
    model: ModelOption = DEFAULT,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Turn a parameter of the exciter or the stream; again for more."),
    ] = None,
) -> None:
    """A MIDI file played by a model.

    A narrow pulse of its notes goes through the model, matched, so that the model gives the timbre and the notes keep their
    pitch. --set shape=0 makes it a saw, shape=2 noise, shape=3 breath; --set width=0.5 a square; --set attack=0.2 begins softer.
    For example:

    \b
    melisma play notes.mid out.wav --model strings --set vibrato=20
    """
    from .. import play as playing
    from ..core.exciter import Exciter
    from ..model import load
    from ..sound.formats import FORMATS
    from ..system.atomic import check_target

    check_target(target, FORMATS)
    turned = dict(setting(text) for text in settings or [])
    own = {name: value for name, value in turned.items() if name in Exciter.names()}
    loaded = load(model)
    with busy(f"playing {notes} through {loaded.name}"):
        others = {name: value for name, value in turned.items() if name not in own}
        played = playing.play(notes, model=loaded, parameters=others, exciter=own)
    played.save(target)
    say(f"{target}: {played.duration:.2f} s at {played.rate} Hz, through {loaded.name}")


def setting(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if number != number:
        raise BadValue(f"--set {text} is not NAME=VALUE, such as attack=0.2")
    return name.strip(), number


def _level(text: str) -> float | None:
    """A level in dBFS, None for a file."""
    bare = text.lower().removesuffix("fs").removesuffix("db").strip()
    try:
        level = float(bare.replace("−", "-"))
    except ValueError:
        if Path(text).exists():
            return None
        raise BadValue(f"--loudness {text} is neither input, a level such as -20dB, nor a file") from None
    if not -100 <= level <= 12:
        raise BadValue(f"--loudness {text} is outside −100 to 12 dBFS")
    return level


def _curve(file: str, model: Model, path: LatentPath) -> Any:
    """The loudness of a sound or path, in dBFS, at the frames of a path; beyond its end its last value is held."""
    import numpy as np

    from ..files import pathfile
    from ..sound.audio import read

    given = pathfile.load(file) if file.lower().endswith(".npz") else model.encode(read(file))
    return np.interp(path.times, given.times, given.loudness)


def interpolate(
    first: Annotated[Path, typer.Argument(metavar="A", help="The sound it begins as.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The sound it becomes.")],
    target: SoundOut,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="P.png", help="Draw the three mel-spectrograms."), Writes()
    ] = None,
    model: ModelOption = DEFAULT,
    fine: FineOption = 1.0,
    colour: ColourOption = 1.0,
) -> None:
    """From one sound to another while it plays.

    Between their latent paths: z[n] = z_a[n] · (1 − n/N) + z_b[n] · (n/N). The shorter sound is stretched to the longer.
    """
    from ..measure import plot as pictures
    from ..model import load
    from ..sound.audio import read
    from ..sound.formats import FORMATS
    from ..system.atomic import check_target

    check_target(target, FORMATS)
    if plot:
        pictures.check(plot)
    loaded, a, b = load(model), read(first), read(second)
    with busy(f"from {first} to {second}"):
        between = loaded.encode(a).interpolate(loaded.encode(b))
        sound = loaded.decode(between, fine=fine, colour=colour)
    sound.save(target)
    if plot:
        mels = [loaded.mel(a), loaded.mel(sound), loaded.mel(b)]
        titles = [first.name, f"{first.name} → {second.name}", second.name]
        pictures.interpolation_figure(mels, titles, plot, loaded.frame_rate, loaded.band_centres)
    say(f"{target}: {between.duration:.2f} s at {between.source_rate} Hz" + (f", drawn in {plot}" if plot else ""))


def mix(
    sources: Annotated[
        list[Path], typer.Argument(metavar="IN…", help="Up to four sounds, as at the corners of the studio's square.")
    ],
    target: SoundOut,
    weights: Annotated[
        str | None, typer.Option(metavar="W,W,…", help="A share for each; only their proportions matter. Else equal shares.")
    ] = None,
    model: ModelOption = DEFAULT,
    fine: FineOption = 1.0,
    colour: ColourOption = 1.0,
) -> None:
    """A blend of up to four sounds.

    Their latent paths' weighted mean; the shorter sounds are stretched to the longest. For example:

    \b
    melisma mix cat.wav bell.wav voice.wav out.wav --weights 2,1,1
    """
    from ..model import load
    from ..simple import mix as blend
    from ..sound.audio import read
    from ..sound.formats import FORMATS
    from ..system.atomic import check_target

    check_target(target, FORMATS)
    if len(sources) > MOST_MIXED:
        raise BadValue(f"{len(sources)} sounds are more than can be mixed: give {MOST_MIXED} at most")
    shares = None if weights is None else _shares(weights, len(sources))
    loaded, sounds = load(model), [read(source) for source in sources]
    with busy(f"mixing {len(sounds)} sounds"):
        mixed = blend(sounds, weights=shares, model=loaded, fine=fine, colour=colour)
    mixed.save(target)
    say(f"{target}: {mixed.duration:.2f} s at {mixed.rate} Hz, {len(sounds)} sounds through {loaded.name}")


def _shares(text: str, count: int) -> list[float]:
    try:
        shares = [float(share) for share in text.split(",")]
    except ValueError:
        shares = []
    if not shares or not all(0 <= share < float("inf") for share in shares) or not sum(shares):
        raise BadValue(f"--weights {text} are not numbers from 0 on, such as 2,1,1, with one above 0")
    if len(shares) != count:
        raise BadValue(f"--weights {text} are {len(shares)} for {count} sounds: give one for each")
    return shares


def sample(
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The sound file or latent path (.npz) to write."), Writes()],
    model: ModelOption = DEFAULT,
    seconds: Annotated[float, typer.Option(metavar="S", min=0.01, max=3600, help="How long.")] = 10.0,
    seed: Annotated[int, typer.Option(metavar="N", min=0, max=2**32 - 1, help="Which path: the same draws the same.")] = 0,
    smoothness: Annotated[
        float, typer.Option(metavar="S", min=0, max=3600, help="Seconds from one drawn point of the path to the next.")
    ] = 0.5,
    temperature: Annotated[
        float, typer.Option(metavar="T", min=0, max=10, help="How far about; 1 is as far as the training set goes.")
    ] = 1.0,
    loudness: Annotated[
        str | None, typer.Option(metavar="L", help="A level such as -20dB, or a sound file or path to follow; else a steady one.")
    ] = None,
) -> None:
    """A sound that nothing went into: a path drawn at random."""
    from ..files import pathfile
    from ..model import load
    from ..sound.formats import FORMATS
    from ..system.atomic import check_target

    check_target(target, [".npz", *FORMATS])
    level = None if loudness is None else _level(loudness)
    loaded = load(model)
    path = loaded.sample(seconds, seed=seed, smoothness=smoothness, temperature=temperature, loudness=level)
    if loudness is not None and level is None:
        path = path.set_loudness(_curve(loudness, loaded, path))
    if target.suffix.lower() == ".npz":
        pathfile.save(path, target)
    else:
        with busy(f"playing through {loaded.name}"):
            sound = loaded.decode(path)
        sound.save(target)
    say(f"{target}: {path.duration:.2f} s at {path.source_rate} Hz, drawn from {loaded.name} with the seed {seed}")
