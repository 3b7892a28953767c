"""`melisma demo`: interpolations and style transfers of the sounds that come with the package, and a page to hear them."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from . import plot
from .audio import Audio, atomic, read, write
from .errors import MelismaError
from .model import Model, load
from .terminal import busy, say

HERE = Path(__file__).parent
SOUNDS = HERE / "sounds"
PHRASES = {"A": "A: a line of violins", "B": "B: basses tremolo, violins staccato, celli"}  # held out from training
OUTSIDE = {  # sounds that no model of strings has heard: file → what it is called
    "gpl/cat": "a cat",
    "mit/voice": "a voice",
    "cc0/bell": "a bell",
    "cc0/drums": "drums",
    "gpl/horse": "a horse",
}
LICENCES = {"gpl/COPYING": "licence-of-cat-and-horse.txt", "mit/LICENSE": "licence-of-voice.txt"}  # these must go along


@dataclass(frozen=True)
class Entry:
    """A section of the page: a picture, said in words too, and the sounds to it, each (caption, file name)."""

    title: str
    text: str
    picture: str
    words: str
    sounds: Sequence[tuple[str, str]]
    wide: bool = False


def make(folder: Path, name: str) -> list[Path]:
    """Make the demo in a folder; → the files. Says what it makes and how long it took."""
    begun = time.monotonic()
    model = load(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MelismaError(f"the folder {folder} cannot be made: {error.strerror}; choose another with --out") from error
    with busy("from phrase to phrase") as now:
        entries = [_interpolations(model, folder)]
        for sound, called in OUTSIDE.items():
            now(f"{called} through {model.name}")
            entries.append(_transfer(model, sound, called, folder))
    _page(folder / "index.html", model, entries)
    for licence, copy in LICENCES.items():
        with atomic(folder / copy) as temporary:
            temporary.write_bytes((SOUNDS / licence).read_bytes())
    shown = [file for entry in entries for file in (entry.picture, *(file for _, file in entry.sounds))]
    files = [folder / file for file in (*shown, *LICENCES.values(), "index.html")]
    for file in files:
        say(f"  {file}  {file.stat().st_size / 1000:.0f} kB")
    say(f"{len(files)} files in {time.monotonic() - begun:.1f} s, with the model {model.name}:")
    for label, value in figures(model):
        say(f"  {label}: {value}")
    say(f"Open {folder / 'index.html'}")
    return files


def figures(model: Model) -> list[tuple[str, str]]:
    """The model's own figures, as far as its file has them: labels and values."""
    wanted = {
        "ViSQOL of copy synthesis": (("rows", "copy synthesis", "visqol"), "{:.2f} of 5"),
        "ViSQOL of the whole chain": (("rows", "chain", "visqol"), "{:.2f} of 5"),
        "loudness left in the latents": (("leak_r2",), "R² {:.3f}"),
        "loudness by hand is followed": (("follow_slope",), "slope {:.2f}"),
    }
    found = {label: (model.file.figure(*keys), form) for label, (keys, form) in wanted.items()}
    told = [(label, form.format(value)) for label, (value, form) in found.items() if value is not None]
    return [*told, ("latents", str(model.latents)), ("latency", f"{1000 * model.latency / model.sample_rate:.1f} ms")]


def _interpolations(model: Model, folder: Path) -> Entry:
    sounds = {key: read(SOUNDS / "strings" / f"{key}.flac") for key in PHRASES}
    paths = {key: model.encode(sound) for key, sound in sounds.items()}
    for first, second in ("AB", "BA"):
        between = paths[first].interpolate(paths[second])
        sounds[f"{first}-to-{second}"] = Audio(model.decode(between), between.source_rate)
    for key, sound in sounds.items():
        write(folder / f"{key}.wav", sound.samples, sound.rate, "PCM_16")
    mels = [model.mel(sounds[key]) for key in ("A", "A-to-B", "B")]
    plot.interpolation_figure(mels, ["A", "A → B", "B"], folder / "A-to-B.png", model.frame_rate, model.band_centres)
    return Entry(
        "From one phrase to another",
        "Both phrases were held out from training. While it plays, the latent path goes from the one to the other in a "
        "straight line: z[n] = z_A[n] · (1 − n/N) + z_B[n] · n/N.",
        "A-to-B.png",
        "Three mel-spectrograms side by side: phrase A, the way from A to B, phrase B.",
        [(PHRASES["A"], "A.wav"), (PHRASES["B"], "B.wav"), ("From A to B", "A-to-B.wav"), ("From B to A", "B-to-A.wav")],
        wide=True,
    )


def _transfer(model: Model, sound: str, called: str, folder: Path) -> Entry:
    name = Path(sound).name
    source = read(SOUNDS / f"{sound}.flac")
    result = Audio(model.transfer(source), source.rate)
    through = f"{name}-through-" + re.sub(r"[^\w-]", "_", model.name)
    before, after, picture = f"{name}.wav", f"{through}.wav", f"{through}.png"
    for file, audio in ((before, source), (after, result)):
        write(folder / file, audio.samples, audio.rate, "PCM_16")
    titles = (called, f"{called} through {model.name}")
    plot.before_after_figure(
        model.mel(source), model.mel(result), folder / picture, model.frame_rate, model.band_centres, titles
    )
    return Entry(
        f"{called[0].upper()}{called[1:]} through {model.name}",
        f"The loudness and the gestures of {called}, in a timbre that {model.name} knows.",
        picture,
        f"Two mel-spectrograms, one above the other: {called}, and {called} through {model.name}.",
        [(f"{called[0].upper()}{called[1:]}", before), (f"Through {model.name}", after)],
    )


def _page(file: Path, model: Model, entries: Sequence[Entry]) -> None:
    """The page: demo.html with the entries in it. It links to files beside it by name, and to nothing else."""
    minutes, licence = (model.file.training.get(key) for key in ("minutes_of_sound", "licence"))
    about = f"{minutes:.0f} minutes of sound" if isinstance(minutes, float) else "sound"
    page = Template((HERE / "demo.html").read_text(encoding="utf-8")).substitute(
        model=_text(model.name),
        about=_text(about + (f": {licence}" if licence else "")),
        figures="".join(f"<div><dt>{_text(label)}</dt><dd>{_text(value)}</dd></div>" for label, value in figures(model)),
        entries="".join(_section(k, entry) for k, entry in enumerate(entries)),
    )
    with atomic(file) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _section(number: int, entry: Entry) -> str:
    players = "".join(
        f'<li><span id="s{number}-{k}">{_text(caption)}</span>'
        f'<audio controls preload="metadata" src="{_text(source)}" aria-labelledby="s{number}-{k}"></audio></li>'
        for k, (caption, source) in enumerate(entry.sounds)
    )
    return (
        f'<section aria-labelledby="s{number}"{" class=wide" if entry.wide else ""}>'
        f'<div><h2 id="s{number}">{_text(entry.title)}</h2><p>{_text(entry.text)}</p></div>'
        f'<a href="{_text(entry.picture)}"><img src="{_text(entry.picture)}" alt="{_text(entry.words)}"></a>'
        f"<ul>{players}</ul></section>\n"
    )


def _text(text: str) -> str:
    return html.escape(text)
