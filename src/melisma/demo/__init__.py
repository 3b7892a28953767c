"""`melisma demo`: sounds through all published models, interpolations, a model that hears itself, and a page to hear them."""

from __future__ import annotations

import time
from pathlib import Path

from ..core.binding import CoreModel
from ..errors import DiskError, NotFound
from ..model import Model, load
from ..store import pretrained
from ..store.summary import NONE, facts, figures
from ..system.atomic import atomic
from ..system.terminal import busy, say
from . import page
from .material import INPUTS, SOUNDS, feedback_piece, interpolations, through_models

LICENCES = {"gpl/COPYING": "licence-of-cat-and-horse.txt", "mit/LICENSE": "licence-of-voice.txt"}  # these must go along
FIRST = "strings"  # the model that interpolates and hears itself, where it is among those that are shown


def make(folder: Path, name: str | None = None) -> list[Path]:
    """Make the demo in a folder, of all published models or of one; → the files. Says what it makes and how long it took."""
    begun = time.monotonic()
    names = [name] if name else _ordered(list(pretrained.published()))
    if not names:
        raise NotFound("there is no published model to show: say with --model which one is meant")
    models = [load(name) for name in names]
    first = CoreModel(pretrained.locate(names[0]))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(f"the folder {folder} cannot be made: {error.strerror}; choose another with --out") from error
    rows = []
    with busy("reading") as now:
        for sound, called in INPUTS.items():
            now(f"{called} through {', '.join(model.name for model in models)}")
            rows.append(through_models(sound, called, models, folder))
        now(f"from phrase to phrase through {models[0].name}")
        sections = [interpolations(models[0], folder)]
        now(f"{models[0].name} hears itself")
        sections.append(feedback_piece(models[0], first, folder))
    cards = page.cards(names, models, folder)
    for licence, copy in LICENCES.items():
        with atomic(folder / copy) as temporary:
            temporary.write_bytes((SOUNDS / licence).read_bytes())
    page.index(folder / "index.html", models, rows, sections, cards)
    shown = [(row.picture, row.sounds) for row in rows] + [(section.picture, section.sounds) for section in sections]
    made = [file for picture, sounds in shown for file in (picture.file, *(folder / sound.file for sound in sounds))]
    files = [*made, *cards.values(), *(folder / copy for copy in LICENCES.values()), folder / "index.html"]
    _tell(files, models, time.monotonic() - begun)
    return files


def _ordered(names: list[str]) -> list[str]:
    """The strings first, which interpolate; then as they are called."""
    return sorted(names, key=lambda name: (name != FIRST, name))


def _tell(files: list[Path], models: list[Model], seconds: float) -> None:
    for file in files:
        say(f"  {file}  {file.stat().st_size / 1000:.0f} kB")
    say(f"{len(files)} files in {seconds:.1f} s, with {len(models)} model{'s' if len(models) > 1 else ''}:")
    for model in models:
        told = {key: value for key, value in (facts(model.file) | figures(model.file)).items() if value != NONE}
        say(f"  {model.name}: {', '.join(f'{label} {value}' for label, value in told.items() if label != 'domain')}")
    say(f"Open {files[-1]}")
