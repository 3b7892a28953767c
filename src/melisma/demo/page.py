"""The demo's page: index.html with its style and its player in it, and a page for each model's card.

It links to files beside it by name and to nothing else, so that the folder can be carried anywhere. Without JavaScript every
player is a link to its sound.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

import numpy as np
from markdown_it import MarkdownIt

from ..errors import MelismaError
from ..model import Model
from ..store import pretrained
from ..store.summary import NONE, facts, figures
from ..system.atomic import atomic
from .material import Lane, Strip, plain

HERE = Path(__file__).parent
# said where the system of 2020 is heard
EARLIER = """ <em>2020</em> is the system that Melisma began as, trained on what the model strings learned from, on one core,
for no longer than it; the phrase comes back from sixteen numbers a frame and its loudness, by each of the two."""
# what a row of the figures says, for who has never seen it
WORDS = {
    "sound": "what it learned from",
    "latents": "how many numbers a path moves in",
    "latency": "how late it answers, played live",
    "ViSQOL of copy synthesis": "how near the last stage alone comes to the original, to a listening model: 1 is bad, 4.75 is it",
    "ViSQOL with fine and colour": "the same for all that a path holds: sound to path and back",
    "ViSQOL of the latents alone": "the same with nothing beside the latents and the loudness",
    "level error of the latents alone": "how far the loudness strays from the original’s",
    "loudness left in the latents": "what the path still tells of loudness, which has its own curve: 0 is nothing, 1 all",
    "loudness set by hand is followed": "1: as loud as it was drawn",
}


def index(
    file: Path,
    models: Sequence[Model],
    strips: Mapping[str, Strip],
    more: Sequence[Strip],
    cards: Mapping[str, Path],
    play: str = "",
    earlier: bool = False,
) -> None:
    """Write the page. strips: hero, bent, phrases and feedback; more: what is folded; cards: a model's name → its card's page;
    play: where the page that plays is, if there is one; earlier: whether the system of 2020 is among what is folded."""
    names = [model.name for model in models]
    folded = "".join(f"<h3>{_text(strip.called)}</h3>{_strip(strip)}" for strip in more)
    text = template("page.html").substitute(
        style=part("page.css"),
        script=part("player.js"),
        title=_text(f"Melisma: {', '.join(names)}"),
        headline=_text(f"A cat, played by {_listed(names)}."),
        hero=_strip(strips["hero"], keys=True),
        keys=" ".join(f"<kbd>{k + 1}</kbd>" for k in range(len(strips["hero"].sounds))),
        first=_text(names[0]),
        nav=f'<nav><a href="{_text(play)}">Play it yourself</a></nav>' if play else "",
        play=f'<p><a class="big" href="{_text(play)}">Play it yourself</a></p>' if play else "",
        heldout="Both were held out from training." if names[0] == "strings" else "",
        others=_text(_listed([strip.called for strip in more])),
        more=folded,
        earlier=EARLIER if earlier else "",
        latency=_text(max(facts(model.file)["latency"] for model in models)),
        known="Notes of this voice are in what the model singing was trained on." if "singing" in names else "",
        models=_models(models, cards),
        **{name: _strip(strips[name]) for name in ("bent", "phrases", "feedback")},
    )
    _write(file, text)


def cards(names: Sequence[str], models: Sequence[Model], folder: Path) -> dict[str, Path]:
    """Write a page for the card of each model that has one; → name of the model → file."""
    written = {}
    for name, model in zip(names, models, strict=True):
        try:
            text = pretrained.card(name)
        except MelismaError:  # a model of one's own has none
            continue
        file = folder / f"card-{plain(model.name)}.html"
        title = _text(f"{model.name}: model card")
        _write(file, template("card.html").substitute(style=part("page.css"), title=title, card=_rendered(text)))
        written[model.name] = file
    return written


def _rendered(card: str) -> str:
    """Markdown → HTML. What is HTML in it is shown as text, and links that could run something are none."""
    shown = MarkdownIt("commonmark", {"html": False}).enable("table").render(card)
    wide = '<div class="wide" role="group" aria-label="table" tabindex="0"><table>'  # scrolls by itself where it is too wide
    return shown.replace("<table>", wide).replace("</table>", "</table></div>").replace("<th></th>", "<td></td>")


def _strip(strip: Strip, keys: bool = False) -> str:
    """Sounds side by side: each a picture and its name, a link to the sound that the script makes a button."""
    longest = max(sound.seconds for sound in strip.sounds)
    players = ""
    for k, sound in enumerate(strip.sounds):
        key = f"<kbd>{k + 1}</kbd>" if keys else ""
        lanes = "".join(_lane(lane) for lane in sound.lanes)
        players += (
            f'<a class="play" href="{_text(sound.file)}" data-title="{_text(sound.title)}" data-seconds="{sound.seconds:.3f}" '
            f'aria-label="Play {_text(sound.title)}" style="--long:{sound.seconds:.3f};--share:{sound.seconds / longest:.4f}">'
            f'<span class="name">{key}{_text(sound.caption)}<i aria-hidden="true"></i></span>'
            f'<span class="view"><img src="{_text(sound.picture)}" alt="Mel-spectrogram of {_text(sound.title)}">'
            f"{lanes}</span></a>"
        )
    kinds = "strip" + " together" * strip.together + " wide-one" * (len(strip.sounds) == 1)
    return f'<div class="{kinds}" role="group" aria-label="{_text(strip.called)}">{players}</div>'


def _lane(lane: Lane) -> str:
    """A curve as a line in a box that is as wide as the picture above it."""
    lines = "" if lane.before is None else f'<polyline class="before" points="{_points(lane.before)}"/>'
    lines += f'<polyline points="{_points(lane.heights)}"/>'
    drawing = f'<svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">{lines}</svg>'
    return f'<span class="lane"><small>{_text(lane.label)}</small>{drawing}</span>'


def _points(heights: np.ndarray) -> str:
    places = np.linspace(0, 1, len(heights))
    return " ".join(f"{x:.4f},{1 - y:.3f}" for x, y in zip(places, heights, strict=True))


def _listed(names: Sequence[str]) -> str:
    """One, two and three."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _models(models: Sequence[Model], cards: Mapping[str, Path]) -> str:
    """What each model was trained on, its figures, and where its card is."""
    told = {model.name: facts(model.file) | figures(model.file) for model in models}
    labels = [label for label in next(iter(told.values())) if label != "domain"]
    labels = [label for label in labels if any(row[label] != NONE for row in told.values())]
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in told)
    body = "".join(
        f'<tr><th scope="row">{_text(label)}{_explained(label)}</th>'
        f"{''.join(f'<td>{_text(row[label])}</td>' for row in told.values())}</tr>"
        for label in labels
    )
    if cards:
        links = (f'<a href="{_text(cards[name].name)}">card of {_text(name)}</a>' if name in cards else NONE for name in told)
        body += f'<tr><th scope="row">in full</th>{"".join(f"<td>{link}</td>" for link in links)}</tr>'
    return f'<table class="facts"><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>'


def _explained(label: str) -> str:
    return f"<small>{_text(WORDS[label])}</small>" if label in WORDS else ""


def template(name: str) -> Template:
    return Template((HERE / name).read_text(encoding="utf-8"))


def part(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8").strip()


def _write(file: Path, text: str) -> None:
    with atomic(file) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _text(text: str) -> str:
    return html.escape(text)
