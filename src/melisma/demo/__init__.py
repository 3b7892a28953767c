"""`melisma demo`: a cat through all published models, a bent path, interpolations, a model that hears itself, on one page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from ..core.binding import CoreModel
from ..errors import DiskError, NotFound
from ..hosts import web
from ..model import Model, load
from ..store import DEFAULT, pretrained
from ..system.atomic import atomic
from ..system.terminal import say
from . import page
from .material import INPUTS, SOUNDS, Desk, Sound, bent, feedback_piece, interpolations, through_models, two_systems

LICENCES = web.LICENCES  # these must go along
PLAY = "play"  # the folder of the page that plays, within the demo's
CLASSIC = "classic-strings"  # the system of 2020 on the sounds of DEFAULT, to be heard beside it


def make(folder: Path, name: str | None = None) -> list[Path]:
    """Make the demo in a folder, of one published model a domain or of the one named; → the files. Says how far it is.

    The cat through the first model is written before anything else, and can be heard while the rest is made.
    """
    begun = time.monotonic()
    names = [name] if name else _ordered(list(pretrained.domains()))
    if not names:
        raise NotFound("there is no published model to show: say with --model which one is meant")
    beside = name is None and names[0] == DEFAULT and CLASSIC in pretrained.published()
    step = _Steps(len(INPUTS) * len(names) + 5 + beside)
    models = [load(names[0])]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(f"the folder {folder} cannot be made: {error.strerror}; choose another with --out") from error
    desk, (hero, *others) = Desk(folder, models[0]), INPUTS

    def as_loaded() -> Iterator[Model]:
        """The first model, which is there; then the others, read only now that its sound is written."""
        yield models[0]
        for other in names[1:]:
            models.append(load(other))
            yield models[-1]

    heard = []
    for sound, mel in through_models(hero, as_loaded(), desk, step):
        heard.append((sound, mel))
        if len(heard) == 2:
            say(f"To hear already: {folder / sound.file}")
    strips = {"hero": desk.strip(INPUTS[hero], heard, together=True)}
    step(f"its path through {models[0].name}, bent")
    strips["bent"] = bent(models[0], desk)
    step(f"from phrase to phrase through {models[0].name}")
    strips["phrases"] = interpolations(models[0], desk)
    step(f"{models[0].name} hears itself")
    strips["feedback"] = feedback_piece(models[0], CoreModel(pretrained.locate(names[0])), desk)
    more = [desk.strip(INPUTS[sound], through_models(sound, models, desk, step), together=True) for sound in others]
    if beside:
        step(f"{CLASSIC} beside {names[0]}")
        more.append(two_systems(load(CLASSIC), models[0], desk))
    step("the page that plays")
    played = [] if (why := web.missing()) else web.write(folder / PLAY, names, home=True)
    if why:
        say(f"Left out: {why}")
    step("the page")
    cards = page.cards(names, models, folder)
    for licence, copy in LICENCES.items():
        with atomic(folder / copy) as temporary:
            temporary.write_bytes((SOUNDS / licence).read_bytes())
    page.index(folder / "index.html", models, strips, more, cards, f"{PLAY}/index.html" if played else "", beside)
    sounds: list[Sound] = [sound for strip in (*strips.values(), *more) for sound in strip.sounds]
    made = [folder / file for sound in sounds for file in (sound.file, sound.picture)]
    files = [*played, *made, *cards.values(), *(folder / copy for copy in LICENCES.values()), folder / "index.html"]
    size = sum(file.stat().st_size for file in files) / 1e6
    say(f"{len(files)} files, {size:.1f} MB, in {time.monotonic() - begun:.1f} s: {len(sounds)} sounds and their pictures.")
    say(f"Open {files[-1]}")
    return files


class _Steps:
    """Says each step when it begins, and which of how many it is."""

    def __init__(self, total: int):
        self.total, self.begun = total, 0

    def __call__(self, text: str) -> None:
        self.begun += 1
        say(f"{self.begun:>3} of {self.total}  {text}")


def _ordered(names: list[str]) -> list[str]:
    """The strings first, which interpolate; then as they are called."""
    return sorted(names, key=lambda name: (name != DEFAULT, name))
