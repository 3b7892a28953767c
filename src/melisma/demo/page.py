"""The demo's page: index.html with its style and its player in it, and a page for each model's card.

It links to files beside it by name and to nothing else, so that the folder can be carried anywhere. Without JavaScript every
player is a link to its sound.
"""

from __future__ import annotations

import html
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from markdown_it import MarkdownIt

from ..errors import MelismaError
from ..model import Model
from ..store import pretrained
from ..store.summary import NONE, facts, figures
from ..system.atomic import atomic
from .material import Picture, Row, Section, Sound, plain

HERE = Path(__file__).parent
_NUMBERS = {2: "two", 3: "three", 4: "four"}


def index(
    file: Path, models: Sequence[Model], rows: Sequence[Row], sections: Sequence[Section], cards: Mapping[str, Path]
) -> None:
    """Write the page. cards: a model's name → the page of its card."""
    names = [model.name for model in models]
    worlds = f"{_NUMBERS.get(len(names), len(names))} worlds of sound" if len(names) > 1 else f"the world of {names[0]}"
    text = _template("page.html").substitute(
        style=_part("page.css"),
        script=_part("player.js"),
        title=_text(f"Melisma: {', '.join(names)}"),
        others=_text(str(_NUMBERS.get(len(rows) - 1, len(rows) - 1))),
        worlds=_text(worlds),
        known="Notes of this voice are in what the model singing was trained on." if "singing" in names else "",
        table=_table(names, rows),
        pictures="".join(_figure(row) for row in rows),
        sections="".join(_section(section, k) for k, section in enumerate(sections)),
        models=_models(models, cards),
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
        _write(file, _template("card.html").substitute(style=_part("page.css"), title=title, card=_rendered(text)))
        written[model.name] = file
    return written


def _rendered(card: str) -> str:
    """Markdown → HTML. What is HTML in it is shown as text, and links that could run something are none."""
    shown = MarkdownIt("commonmark", {"html": False}).enable("table").render(card)
    wide = '<div class="wide" role="group" aria-label="table" tabindex="0"><table>'  # scrolls by itself where it is too wide
    return shown.replace("<table>", wide).replace("</table>", "</table></div>").replace("<th></th>", "<td></td>")


def _table(names: Sequence[str], rows: Sequence[Row]) -> str:
    """Rows are inputs; columns are the input itself and what each model makes of it."""
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in ("as it was", *names))
    body = ""
    for row in rows:
        cells = "".join(f"<td>{_player(sound, sound.caption)}</td>" for sound in row.sounds)
        body += f'<tr><th scope="row">{_text(row.called)}<small>{row.sounds[0].seconds:.1f} s</small></th>{cells}</tr>'
    return f'<table class="sounds"><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>'


def _figure(row: Row) -> str:
    return f'<figure aria-label="{_text(row.called)}">{_picture(row.picture)}</figure>'


def _section(section: Section, number: int) -> str:
    players = "".join(f"<li>{_player(sound, sound.caption, True)}</li>" for sound in section.sounds)
    return (
        f'<section aria-labelledby="s{number}"{"" if len(section.sounds) > 1 else " class=beside"}><div>'
        f'<h2 id="s{number}">{_text(section.title)}</h2><p>{_text(section.text)}</p><ul class="players">{players}</ul></div>'
        f"<figure>{_picture(section.picture)}</figure></section>"
    )


def _player(sound: Sound, caption: str, shown: bool = False) -> str:
    """A link to a sound that the script makes a button; its caption is seen only where no table says it."""
    if shown:
        name, seen = f'title="{_text(sound.title)}"', f"<b>{_text(caption)}</b><small>{sound.seconds:.1f} s</small>"
    else:
        name, seen = f'aria-label="{_text(f"Play {sound.title}")}"', ""
    return f'<a class="play" {_link(sound)} {name}><i aria-hidden="true"></i>{seen}</a>'


def _link(sound: Sound) -> str:
    return f'href="{_text(sound.file)}" data-title="{_text(sound.title)}" data-seconds="{sound.seconds:.3f}"'


def _picture(picture: Picture) -> str:
    """A picture whose panels play their sounds when they are clicked: for the pointer alone, as the buttons do the same."""
    width, height = _size(picture)
    words, panels = _text(picture.words), ""
    for (left, top, wide, high), sound, seconds in picture.panels:
        place = f"left:{100 * left:.3f}%;top:{100 * top:.3f}%;width:{100 * wide:.3f}%;height:{100 * high:.3f}%"
        panels += (
            f'<a class="play panel" {_link(sound)} style="{place};--wide:{sound.seconds / seconds:.5f}" tabindex="-1" '
            'aria-hidden="true"><i></i></a>'
        )
    return (
        f'<div class="wide" role="group" tabindex="0" aria-label="picture"><div class="picture">'
        f'<img src="{_text(picture.file.name)}" width="{width}" height="{height}" alt="{words}">{panels}</div></div>'
    )


def _size(picture: Picture) -> tuple[int, int]:
    """Width and height of a PNG, so that nothing moves while it loads."""
    with picture.file.open("rb") as file:
        return struct.unpack(">II", file.read(24)[16:])


def _models(models: Sequence[Model], cards: Mapping[str, Path]) -> str:
    """What each model was trained on, its figures, and where its card is."""
    told = {model.name: facts(model.file) | figures(model.file) for model in models}
    labels = [label for label in next(iter(told.values())) if label != "domain"]
    labels = [label for label in labels if any(row[label] != NONE for row in told.values())]
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in told)
    body = "".join(
        f'<tr><th scope="row">{_text(label)}</th>{"".join(f"<td>{_text(row[label])}</td>" for row in told.values())}</tr>'
        for label in labels
    )
    if cards:
        links = (f'<a href="{_text(cards[name].name)}">card of {_text(name)}</a>' if name in cards else NONE for name in told)
        body += f'<tr><th scope="row">in full</th>{"".join(f"<td>{link}</td>" for link in links)}</tr>'
    return f'<table class="facts"><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>'


def _template(name: str) -> Template:
    return Template((HERE / name).read_text(encoding="utf-8"))


def _part(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8").strip()


def _write(file: Path, text: str) -> None:
    with atomic(file) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _text(text: str) -> str:
    return html.escape(text)
