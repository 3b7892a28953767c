"""The commands about models: which there are, and what each is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.cells import cell_len, set_cell_size
from rich.table import Table

from ..errors import MelismaError
from ..system.terminal import bar, out, printable, say, warn
from .files import Writes
from .options import ModelIn

if TYPE_CHECKING:
    from ..files.modelfile import ModelFile

WIDTH = 120  # columns of a list that no terminal shows
# what a file says of its training: the key → what --more calls it, so that minutes of one kind are not taken for another's
LABELS = {
    "minutes": "minutes of training",
    "minutes_of_sound": "minutes of sound",
    "minutes_held_out": "minutes held out",
    "stages": "stages, their share",
    "start": "begun from",
    "melisma": "melisma",
}


def models() -> None:
    """The models that can be used by name, one a line."""
    from ..files import modelfile
    from ..store import pretrained
    from ..store.summary import NEARNESS, NONE, UNUSABLE, facts, nearness, remark

    rows, damaged = [], []
    for name, file in pretrained.names().items():
        try:
            opened = modelfile.load(file)
        except MelismaError as error:
            damaged.append(str(error))
        else:
            told = facts(opened)
            shown = {key: told[key] for key in ("domain", "sound", "licence", "latency")}
            rows.append({"name": name, **shown, "copies": nearness(opened), "": UNUSABLE if remark(opened) else ""})
    if rows:
        for line in _aligned([dict(zip(rows[0], rows[0])), *rows], min(WIDTH, out().width) if out().is_terminal else WIDTH):
            say(line)
        if any(row["copies"] != NONE for row in rows):
            say(f"copies: {NEARNESS}", "dim")
    elif not damaged:
        say("There are no models yet: `melisma train FOLDER --name NAME` makes one.")
    for sentence in damaged:
        warn("damaged", sentence, "red")


def _aligned(rows: list[dict[str, str]], width: int) -> list[str]:
    """A line for each row, its columns two spaces apart; licences are cut off where a line would grow wider."""
    rows = [{key: printable(value) for key, value in row.items()} for row in rows]
    wide = {key: max(cell_len(row[key]) for row in rows) for key in rows[0]}
    over = sum(wide.values()) + 2 * (len(wide) - 1) - width
    wide["licence"] = max(len("licence"), wide["licence"] - max(0, over))
    return ["  ".join(_cell(row[key], wide[key]) for key in row).rstrip() for row in rows]


def _cell(text: str, width: int) -> str:
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def info(
    model: ModelIn,
    card: Annotated[bool, typer.Option("--card", help="Its card instead: sources, licences, figures, limits.")] = False,
    more: Annotated[bool, typer.Option("--more", help="Then its networks, training, latents and all figures.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Prove by the file's golden pair that it sounds right.")] = False,
) -> None:
    """What a model is, what it learned from, and how good it is."""
    from ..files import modelfile
    from ..store import pretrained
    from ..store.summary import remark

    if card:
        say(pretrained.card(model).rstrip())
        return
    place = pretrained.locate(model)
    file = modelfile.load(place)
    if against := remark(file):
        warn("note", against, "yellow")
    rows = _told(file) | {"file": f"{place}, {place.stat().st_size / 1e6:.1f} MB"}
    if other := pretrained.other(model):
        rows["of that name"] = "{}, {}".format(*other)
    out().print(_pairs(rows))
    if more:
        out().print(_pairs(_technical(file)))
        out().print(_latents(file))
        if file.evaluation:
            _evaluation(file)
    elif not verify:
        has_card = place.with_suffix(".md").is_file()
        say("--more shows its networks, training and all figures" + (", --card its sources" if has_card else ""), "dim")
    if verify:
        from ..model import Model

        result = Model(file).verify()
        say(f"golden pair reproduced: largest error {result['error']:.1e}, spectral distance {result['distance']:.1e}")


def space(
    model: ModelIn,
    target: Annotated[Path, typer.Argument(metavar="OUT.html", help="The page to write."), Writes()],
) -> None:
    """A page to see and hear a model's latent space.

    Moments of its training set as points, and each latent from −2 to +2 σ, its mel and its sound: all in one file.
    """
    from ..demo.space import space as write
    from ..model import load
    from ..system.atomic import check_target

    check_target(target, [".html"])
    loaded = load(model)
    with bar(f"the space of {loaded.name}") as progress:
        write(loaded, target, progress)
    say(f"{target}: {target.stat().st_size / 1e6:.1f} MB, all in it; open it in a browser")


def _pairs(rows: dict[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right")
    table.add_column(overflow="fold")
    for key, value in rows.items():
        table.add_row(printable(key), printable(value))
    return table


def _told(file: ModelFile) -> dict[str, str]:
    """A model as a musician asks for it."""
    from ..store.summary import NEARNESS, NONE, facts, lasting, nearness

    told, held = facts(file), file.training.get("minutes_held_out")
    kept = f"; {lasting(held, 'more', 's more')} were kept back to judge it by" if type(held) in (int, float) and held else ""
    rows = {
        "name": file.name,
        "plays": told["domain"],
        "learned from": f"{lasting(file.training.get('minutes_of_sound'), 'minutes', 'seconds')} of sound{kept}",
        "licence": str(file.training.get("licence") or NONE),
        "latency": f"{told['latency']}, played live",
        "latents": _named(file),
    }
    if (near := nearness(file)) != NONE:
        rows["copies"] = f"{near}: {NEARNESS}"
    return rows


def _named(file: ModelFile) -> str:
    """How many latents there are, and which do what, counted from 1."""
    count, timbre = len(file.latents["percentiles"]), file.latents.get("timbre")
    if timbre is None or len(timbre) in (0, count):
        return f"{count}, the first matters most"
    rest = [k for k in range(count) if k not in timbre]
    numbers = [", ".join(str(k + 1) for k in sorted(rows)) for rows in (timbre, rest)]
    return f"{count}, the first matters most; timbre: {numbers[0]}; pitch and what else is in a spectrum: {numbers[1]}"


def _technical(file: ModelFile) -> dict[str, str]:
    """Its networks, and what its file says of its training."""
    config, analysis = file.config, file.config.analysis
    parameters = sum(tensor.size for tensor in file.tensors.values()) / 1e6
    rows = {
        "model": f"{parameters:.2f} million parameters of {file.weight_bits} bits, vocoder {config.vocoder.kind}",
        "frames": f"{analysis.frame} samples every {analysis.hop}, at {analysis.sample_rate} Hz",
        "latency": f"{file.latency} samples",
        "SHA-256": file.digest,
    }
    shown = {key: value for key, value in file.training.items() if value not in (None, "") and key != "licence"}
    return rows | {LABELS.get(key, key.replace("_", " ")): _plain(value) for key, value in shown.items()}


def _plain(value: Any) -> str:
    """What a header holds, in words where it is a list of a kind that is known; it may hold anything."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and value:
        if all(isinstance(one, dict) and "part" in one for one in value):
            return "; ".join(f"{one['part']} of {one.get('model', one.get('run', '?'))}, {one.get('date', '')}" for one in value)
        if all(isinstance(one, list) and len(one) == 2 and type(one[1]) in (int, float) for one in value):
            return ", ".join(f"{one[0]} {one[1]:g}" for one in value)
    return str(value)


def _latents(file: ModelFile) -> Table:
    """The range of each latent on the training set, and how much it matters."""
    from ..store.summary import written

    table = Table(box=None, pad_edge=False)
    for column in ("latent", "mel dB a unit", "1 %", "median", "99 %"):
        table.add_column(column, justify="right")
    effects = file.latents.get("effect")
    effects = effects if isinstance(effects, list) else []
    for k, percentiles in enumerate(file.latents["percentiles"]):
        effect = effects[k] if k < len(effects) else None
        table.add_row(str(k + 1), *(written(v, "{:.2f}") for v in (effect, percentiles[0], percentiles[2], percentiles[4])))
    return table


def _evaluation(file: ModelFile) -> None:
    from ..measure.report import table

    try:
        table(file.evaluation, out())
    except (KeyError, TypeError, ValueError, AttributeError):  # the header may hold anything
        say("Its evaluation is not one that this version of Melisma can show.")
