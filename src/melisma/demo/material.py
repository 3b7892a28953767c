"""What the demo lets hear and see: sounds through models, from phrase to phrase, and a model that hears itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core import feedback
from ..core.binding import CoreModel
from ..measure import plot
from ..model import Model
from ..sound.audio import Audio, read, write

SOUNDS = Path(__file__).parents[1] / "sounds"
# what goes through every model: file → what it is called
INPUTS = {"gpl/cat": "a cat", "mit/voice": "a voice", "cc0/bell": "a bell", "cc0/drums": "drums", "gpl/horse": "a horse"}
# struck sounds stay where they are: moved into a domain of voices or bows, they have no harmonics under its envelope, and boom
MATCHED = ("gpl/cat", "mit/voice", "gpl/horse")
PHRASES = {"A": "a line of violins", "B": "basses tremolo, violins staccato, celli"}  # held out from the strings' training
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


@dataclass(frozen=True)
class Sound:
    """A sound file of the page. title: what it is; caption: in how few words its button may say it."""

    file: str
    title: str
    caption: str
    seconds: float


@dataclass(frozen=True)
class Picture:
    """A picture, said in words too, and where in it which sounds are: (place, sound, seconds that the place is wide)."""

    file: Path
    words: str
    panels: Sequence[tuple[plot.Box, Sound, float]]


@dataclass(frozen=True)
class Row:
    """One input through all models: the input's sound, then one for each."""

    called: str
    sounds: Sequence[Sound]
    picture: Picture


@dataclass(frozen=True)
class Section:
    """A picture and the sounds to it, on their own."""

    title: str
    text: str
    picture: Picture
    sounds: Sequence[Sound]


def through_models(sound: str, called: str, models: Sequence[Model], folder: Path) -> Row:
    """An input of SOUNDS through every model, in the domain's place if it is of MATCHED, and a picture of them all."""
    name, source = Path(sound).name, read(SOUNDS / f"{sound}.flac")
    heard = [_written(folder, f"{name}.wav", source, called, "input")]
    mels = [models[0].mel(source)]
    for model in models:
        result = model.transfer(source, match=float(sound in MATCHED))
        title = f"{called} through {model.name}"
        heard.append(_written(folder, f"{name}-through-{plain(model.name)}.wav", result, title, model.name))
        mels.append(models[0].mel(result))
    titles = [called, *(model.name for model in models)]
    file = folder / f"{name}.png"
    boxes = plot.mel_figure(mels, titles, file, *_scale(models[0]), panel=2.1 if len(mels) > 3 else 3.6)
    words = f"{len(mels)} mel-spectrograms side by side, over one scale of time: {', '.join(sound.title for sound in heard)}."
    return Row(called, heard, Picture(file, words, _panels(boxes, heard, mels, models[0])))


def interpolations(model: Model, folder: Path) -> Section:
    """From one phrase to another and back, with one picture of the way there."""
    sounds = {key: read(SOUNDS / "strings" / f"{key}.flac") for key in PHRASES}
    paths = {key: model.encode(sound) for key, sound in sounds.items()}
    for first, second in ("AB", "BA"):
        between = paths[first].interpolate(paths[second])
        sounds[f"{first}-to-{second}"] = model.decode(between)
    titles = {key: f"{key}: {called}" for key, called in PHRASES.items()} | {"A-to-B": "from A to B", "B-to-A": "from B to A"}
    captions = {"A": "A", "A-to-B": "A → B", "B-to-A": "B → A", "B": "B"}
    heard = {key: _written(folder, f"{key}.wav", sounds[key], titles[key], caption) for key, caption in captions.items()}
    shown = ["A", "A-to-B", "B"]
    mels = [model.mel(sounds[key]) for key in shown]
    boxes = plot.interpolation_figure(mels, [captions[key] for key in shown], folder / "A-to-B.png", *_scale(model))
    held = "Both phrases were held out from training. " if model.name == "strings" else ""
    return Section(
        "From one phrase to another",
        f"{titles['A']}. {titles['B']}. {held}While it plays, the latent path in {model.name} goes in a straight line from the "
        "one to the other: z[n] = z_A[n] · (1 − n/N) + z_B[n] · n/N.",
        Picture(
            folder / "A-to-B.png",
            "Three mel-spectrograms side by side: phrase A, the way from A to B, phrase B.",
            _panels(boxes, [heard[key] for key in shown], mels, model),
        ),
        list(heard.values()),
    )


def feedback_piece(model: Model, core: CoreModel, folder: Path) -> Section:
    """A model hears itself, shaped by CURVES."""
    freq, q, gain = (feedback.curve(text, name) for name, text in CURVES.items())
    samples = feedback.sing(core, PIECE, freq, q, gain)
    samples *= PIECE_PEAK / max(PIECE_PEAK, float(np.abs(samples).max()))
    sound = Audio(samples, core.sample_rate)
    heard = _written(folder, "feedback.wav", sound, f"{model.name} hears itself", "the piece")
    mel = model.mel(sound)
    box = plot.feedback_figure(mel, [freq, q, gain], folder / "feedback.png", *_scale(model))
    return Section(
        "Feedback shaping",
        f"No sound goes in: {model.name} hears itself through a delay line, a band and a gain, and sings out of a faint noise. "
        f"The three curves beneath the picture are all that shapes it. The command “melisma feedback” makes such pieces, and the "
        "Pure Data patch of that name plays them live.",
        Picture(
            folder / "feedback.png",
            f"The mel-spectrogram of {PIECE:g} seconds above three curves: the band's frequency, its quality, and the gain.",
            _panels([box], [heard], [mel], model),
        ),
        [heard],
    )


def _written(folder: Path, file: str, sound: Audio, title: str, caption: str) -> Sound:
    """Write a sound, softer as a whole if it would clip; what a model smears to before its beginning is cut without a step."""
    samples = sound.samples * min(1.0, LOUDEST / max(float(np.abs(sound.samples).max()), 1e-9))
    ramp = min(samples.shape[1], round(RAMP * sound.rate))
    samples[:, :ramp] *= np.linspace(0, 1, ramp, endpoint=False)
    write(folder / file, samples, sound.rate, subtype="PCM_16")
    return Sound(file, title, caption, sound.duration)


def _panels(
    boxes: Sequence[plot.Box], sounds: Sequence[Sound], mels: Sequence[np.ndarray], model: Model
) -> list[tuple[plot.Box, Sound, float]]:
    wide = (mel.shape[1] / model.frame_rate for mel in mels)
    return list(zip(boxes, sounds, wide, strict=True))


def _scale(model: Model) -> tuple[float, np.ndarray]:
    return model.frame_rate, model.band_centres


def plain(name: str) -> str:
    """A model's name as a part of a file's."""
    return re.sub(r"[^\w-]", "_", name)
