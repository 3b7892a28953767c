"""What the demo lets hear and see: sounds through models, a bent path, from phrase to phrase, and a model that hears itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..core import feedback
from ..core.binding import CoreModel
from ..measure import plot, png
from ..model import Model
from ..sound.audio import Audio, read, write

SOUNDS = Path(__file__).parents[1] / "sounds"
# what goes through every model: file → what it is called; the first is the page's hero
INPUTS = {"gpl/cat": "a cat", "gpl/horse": "a horse", "mit/voice": "a voice", "cc0/bell": "a bell", "cc0/drums": "drums"}
# these stay where they are: moved into a domain of voices or bows, they have little under its envelope, and boom
STRUCK = ("cc0/bell", "cc0/drums")
PHRASES = {"A": "a line of violins", "B": "basses tremolo, violins staccato, celli"}  # held out from the strings' training
# how the cat's path is bent: so many σ at most, and so many turns
BEND, TURNS = 2.0, 2.5
# the piece that a model sings to itself: seconds, and its curves as `melisma feedback` takes them
PIECE = 16.0
CURVES = {
    "freq": "0:147,2:147,3:220,6:440,9:1200,13:147,16:73",
    "q": "0:0.7,6:0.7,9:6,13:0.7",
    "gain": "0:0,0.7:3,6:6,9:4,13:8,15.5:0",
}
LOUDEST = 0.97  # of full scale; what is louder is made softer as a whole, and nothing is clipped
PIECE_PEAK = 0.5
RAMP = 0.003  # seconds in which every sound begins
DRAWN = 321  # points of a curve
Step = Callable[[str], None]  # says what is made next


@dataclass(frozen=True)
class Lane:
    """A curve beneath a picture, on the same seconds: heights from 0 to 1, and in grey what they were before."""

    label: str
    heights: np.ndarray
    before: np.ndarray | None = None


@dataclass(frozen=True)
class Sound:
    """A sound file and its picture. title: what it is; caption: in how few words its picture may say it."""

    file: str
    title: str
    caption: str
    seconds: float
    lanes: Sequence[Lane] = ()

    @property
    def picture(self) -> str:
        return f"{Path(self.file).stem}.png"


@dataclass(frozen=True)
class Strip:
    """Sounds side by side. together: they are one sound in several ways, so that a change from one to another keeps the place."""

    called: str
    sounds: Sequence[Sound]
    together: bool = False


class Desk:
    """Writes sounds and their pictures into the demo's folder. ear: the model whose mels the pictures show."""

    def __init__(self, folder: Path, ear: Model):
        self.folder, self.ear = folder, ear

    def sound(self, stem: str, sound: Audio, title: str, caption: str, lanes: Sequence[Lane] = ()) -> tuple[Sound, np.ndarray]:
        """Write a sound, softer as a whole if it would clip; what a model smears to before its beginning is cut without a step.

        → the sound, and the mel of it that a picture will show.
        """
        samples = sound.samples * min(1.0, LOUDEST / max(float(np.abs(sound.samples).max()), 1e-9))
        ramp = min(samples.shape[1], round(RAMP * sound.rate))
        samples[:, :ramp] *= np.linspace(0, 1, ramp, endpoint=False)
        write(self.folder / f"{stem}.wav", samples, sound.rate, subtype="PCM_16")
        frames = max(1, round(sound.duration * self.ear.frame_rate))
        return Sound(f"{stem}.wav", title, caption, sound.duration, lanes), self.ear.mel(sound)[:, :frames]

    def strip(self, called: str, heard: Iterable[tuple[Sound, np.ndarray]], together: bool = False) -> Strip:
        """Draw the pictures of sounds over one scale of level."""
        sounds, mels = zip(*heard, strict=True)
        limits = plot.shared_limits(mels)
        for sound, mel in zip(sounds, mels, strict=True):
            png.bare(mel, self.folder / sound.picture, limits)
        return Strip(called, sounds, together)


def through_models(sound: str, models: Iterable[Model], desk: Desk, step: Step) -> Iterator[tuple[Sound, np.ndarray]]:
    """An input of INPUTS as it is, then as every model plays it; each file is there as soon as it is made."""
    stem, source, called = Path(sound).name, read(SOUNDS / f"{sound}.flac"), INPUTS[sound]
    yield desk.sound(stem, source, called, "as it was")
    for model in models:
        step(f"{called} through {model.name}")
        title = f"{called} through {model.name}"
        yield desk.sound(
            f"{stem}-through-{plain(model.name)}", model.transfer(source, match=float(sound not in STRUCK)), title, model.name
        )


def bent(model: Model, desk: Desk) -> Strip:
    """The hero's path through a model, and the same with one latent of the timbre bent; the curve of it beneath each."""
    sound = next(iter(INPUTS))
    source = read(SOUNDS / f"{sound}.flac")
    path = model.transferred(model.encode(source))
    row = (path.timbre or (0,))[0]
    values = path.values.copy()
    values[row] += BEND * np.sin(2 * np.pi * TURNS * np.linspace(0, 1, path.frames))
    other, heard = replace(path, values=values), []
    span = float(max(np.abs(values[row]).max(), np.abs(path.values[row]).max(), 1e-9))
    before, after = (_drawn((line + span) / (2 * span)) for line in (path.values[row], values[row]))
    label = f"latent {row + 1}"
    for stem, one, title, caption, lane in (
        ("cat-path", path, f"{INPUTS[sound]} along its own path", "its own path", Lane(label, before)),
        ("cat-bent", other, f"{INPUTS[sound]} along a bent path", "the same path, bent", Lane(label, after, before)),
    ):
        heard.append(desk.sound(stem, model.decode(one, fine=1.0, colour=0.0, sound=source), title, caption, [lane]))
    return desk.strip("the same path, bent", heard, together=True)


def interpolations(model: Model, desk: Desk) -> Strip:
    """From one phrase to another and back."""
    sounds = {key: read(SOUNDS / "strings" / f"{key}.flac") for key in PHRASES}
    paths = {key: model.encode(sound) for key, sound in sounds.items()}
    for first, second in ("AB", "BA"):
        sounds[f"{first}-to-{second}"] = model.decode(paths[first].interpolate(paths[second]))
    titles = {key: f"{key}: {called}" for key, called in PHRASES.items()} | {"A-to-B": "from A to B", "B-to-A": "from B to A"}
    captions = {"A": "A", "A-to-B": "A → B", "B": "B", "B-to-A": "B → A"}
    heard = [desk.sound(key, sounds[key], titles[key], caption) for key, caption in captions.items()]
    return desk.strip("from one phrase to another", heard)


def two_systems(earlier: Model, model: Model, desk: Desk) -> Strip:
    """A phrase back from its latents and loudness alone, by the system of 2020 and by a model of today's, and the cat by both."""
    key, cat = next(iter(PHRASES)), next(iter(INPUTS))
    phrase, source = read(SOUNDS / "strings" / f"{key}.flac"), read(SOUNDS / f"{cat}.flac")
    heard = [desk.sound(f"{key}-as-it-was", phrase, PHRASES[key], "a phrase")]
    for one, called in ((earlier, "2020"), (model, "today")):
        back = one.decode(one.encode(phrase), fine=0.0, colour=0.0)
        heard.append(desk.sound(f"{key}-back-{called}", back, f"{PHRASES[key]}, back from its latents, {called}", called))
    for one, called in ((earlier, "2020"), (model, "today")):
        moved = one.transfer(source)
        heard.append(desk.sound(f"cat-{called}", moved, f"{INPUTS[cat]} through {one.name}", f"{INPUTS[cat]}, {called}"))
    return desk.strip("the system of 2020 beside it", heard)


def feedback_piece(model: Model, core: CoreModel, desk: Desk) -> Strip:
    """A model hears itself, shaped by CURVES."""
    frequency, quality, gain = curves = [feedback.curve(text, name) for name, text in CURVES.items()]
    samples = feedback.sing(core, PIECE, frequency, quality, gain)
    samples *= PIECE_PEAK / max(PIECE_PEAK, float(np.abs(samples).max()))
    times = np.linspace(0, PIECE, DRAWN)
    lanes = []
    for curve, label in zip(
        curves, ("the band, {:.0f}–{:.0f} Hz", "how narrow, Q {:g}–{:g}", "how much comes back, {:g}–{:g} ×"), strict=True
    ):
        values = curve(times)
        low, high = float(values.min()), float(values.max())
        heights = np.log(values) if label.startswith("the band") else values
        lanes.append(Lane(label.format(low, round(high, 1)), (heights - heights.min()) / max(float(np.ptp(heights)), 1e-9)))
    heard = desk.sound("feedback", Audio(samples, core.sample_rate), f"{model.name} hears itself", "sixteen seconds", lanes)
    return desk.strip("it hears itself", [heard])


def _drawn(heights: np.ndarray) -> np.ndarray:
    """A curve at DRAWN points at most."""
    return heights[np.linspace(0, len(heights) - 1, min(DRAWN, len(heights))).round().astype(int)]


def plain(name: str) -> str:
    """A model's name as a part of a file's."""
    return re.sub(r"[^\w-]", "_", name)
