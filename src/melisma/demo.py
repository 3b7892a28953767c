"""`melisma demo`: interpolations and style transfers of the sounds that come with the package, and a page to hear them."""

from __future__ import annotations

import html
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from rich.console import Console

from . import plot
from .audio import Audio, atomic, read, write
from .model import Model, load

HERE = Path(__file__).parent
SOUNDS = HERE / "sounds"
OUTSIDE = ("gpl/cat", "mit/voice", "cc0/bell", "cc0/drums", "gpl/horse")  # not of the domain; a folder a licence


@dataclass(frozen=True)
class Entry:
    """One row of the page: a picture and the sounds to it, each (caption, file name)."""

    title: str
    text: str
    picture: str
    sounds: Sequence[tuple[str, str]]


def make(folder: Path, name: str, console: Console) -> list[Path]:
    """Make the demo in a folder; → the files. Says what it makes and how long it took."""
    begun = time.monotonic()
    model = load(name)
    folder.mkdir(parents=True, exist_ok=True)
    with console.status(f"through {model.name}"):
        entries = [_interpolations(model, folder), *(_transfer(model, sound, folder) for sound in OUTSIDE)]
        _page(folder / "index.html", model, entries)
    shutil.copyfile(SOUNDS / "gpl" / "COPYING", folder / "COPYING.cat-and-horse")
    files = sorted(f for f in folder.iterdir() if f.is_file())
    for file in files:
        console.print(f"  {file}  {file.stat().st_size / 1000:.0f} kB")
    console.print(f"made {len(files)} files in {time.monotonic() - begun:.1f} s with {model.name}: {figures(model)}")
    console.print(f"open {folder / 'index.html'}")
    return files


def figures(model: Model) -> str:
    """The model's own figures in a line."""
    rows = model.file.evaluation.get("rows", {})
    told = []
    for row in ("copy synthesis", "chain"):
        if (value := rows.get(row, {}).get("visqol")) is not None:
            told.append(f"ViSQOL {row} {value:.2f}")
    for key, words in (("leak_r2", "loudness left in z, R² {:.3f}"), ("follow_slope", "loudness followed, slope {:.2f}")):
        if (value := model.file.evaluation.get(key)) is not None:
            told.append(words.format(value))
    told.append(f"latency {1000 * model.latency / model.sample_rate:.1f} ms")
    return " · ".join(told)


def _interpolations(model: Model, folder: Path) -> Entry:
    sounds = {"A": read(SOUNDS / "strings" / "A.flac"), "B": read(SOUNDS / "strings" / "B.flac")}
    paths = {key: model.encode(sound) for key, sound in sounds.items()}
    for first, second in ("AB", "BA"):
        between = paths[first].interpolate(paths[second])
        sounds[f"{first}-to-{second}"] = Audio(model.decode(between), between.source_rate)
    for key, sound in sounds.items():
        write(folder / f"{key}.wav", sound.samples, sound.rate)
    mels = [model.mel(sounds[key]) for key in ("A", "A-to-B", "B")]
    plot.interpolation_figure(mels, ["A", "A → B", "B"], folder / "interpolation.png", model.frame_rate, model.band_centres)
    captions = {"A": "A, a held-out line of violins", "B": "B, held-out tremolo and staccato", "A-to-B": "A → B", "B-to-A": "B → A"}
    text = "z[n] = z_a[n] · (1 − n/N) + z_b[n] · (n/N): the latent path moves from one recording to the other while it plays."
    return Entry("Between two phrases", text, "interpolation.png", [(captions[key], f"{key}.wav") for key in captions])


def _transfer(model: Model, sound: str, folder: Path) -> Entry:
    name = Path(sound).name
    source = read(SOUNDS / f"{sound}.flac")
    result = Audio(model.transfer(source), source.rate)
    files = [f"{name}.wav", f"{name}-{model.name}.wav"]
    for file, audio in zip(files, (source, result)):
        write(folder / file, audio.samples, audio.rate)
    picture = f"{name}-{model.name}.png"
    titles = (name, f"{name} through {model.name}")
    plot.before_after_figure(model.mel(source), model.mel(result), folder / picture, model.frame_rate, model.band_centres, titles)
    text = f"The loudness and the gestures of the {name}; the timbre that {model.name} knows."
    return Entry(f"{name.capitalize()} → {model.name}", text, picture, [(name, files[0]), (f"through {model.name}", files[1])])


def _page(file: Path, model: Model, entries: Sequence[Entry]) -> None:
    parts = []
    for entry in entries:
        players = "".join(
            f'<figure><figcaption>{html.escape(caption)}</figcaption><audio controls preload="none" src="{html.escape(source)}"></audio></figure>'
            for caption, source in entry.sounds
        )
        parts.append(
            f"<section><h2>{html.escape(entry.title)}</h2><p>{html.escape(entry.text)}</p>"
            f'<img src="{html.escape(entry.picture)}" alt="Mel-spectrograms: {html.escape(entry.title)}"><div class="sounds">{players}</div></section>'
        )
    training = model.file.training
    about = f"{training.get('minutes_of_sound', '?')} minutes of sound ({training.get('licence') or 'licence not recorded'})"
    page = Template((HERE / "demo.html").read_text()).substitute(
        model=html.escape(model.name), figures=html.escape(figures(model)), about=html.escape(about), entries="\n".join(parts)
    )
    with atomic(file) as temporary:
        temporary.write_text(page)
