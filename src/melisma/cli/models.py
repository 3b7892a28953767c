"""The commands about models: which there are, and what each is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.cells import cell_len, set_cell_size
from rich.table import Table

from ..errors import MelismaError
from ..system.terminal import out, printable, say, warn
from .options import ModelIn

if TYPE_CHECKING:
    from ..files.modelfile import ModelFile

WIDTH = 120  # columns of a list that no terminal shows


def models() -> None:
    """The models that can be used by name, one a line."""
    from ..files import modelfile
    from ..store import pretrained
    from ..store.summary import facts, figures

    rows, damaged = [], []
    for name, file in pretrained.names().items():
        try:
            opened = modelfile.load(file)
        except MelismaError as error:
            damaged.append(str(error))
        else:
            rows.append({"name": name, **facts(opened), **figures(opened, short=True)})
    if rows:
        for line in _aligned([dict(zip(rows[0], rows[0])), *rows], min(WIDTH, out.width) if out.is_terminal else WIDTH):
            say(line)
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
    verify: Annotated[bool, typer.Option("--verify", help="Prove by the file's golden pair that it sounds right.")] = False,
) -> None:
    """What a model is, what it learned from, and how good it is."""
    from ..files import modelfile
    from ..store import pretrained

    if card:
        say(pretrained.card(model).rstrip())
        return
    place = pretrained.locate(model)
    file = modelfile.load(place)
    config, analysis = file.config, file.config.analysis
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right")
    table.add_column(overflow="fold")
    parameters = sum(tensor.size for tensor in file.tensors.values()) / 1e6
    rows = {
        "name": file.name,
        "file": f"{place}, {place.stat().st_size / 1e6:.1f} MB, SHA-256 {file.digest[:12]}…",
        "model": f"{parameters:.2f} million parameters of {file.weight_bits} bits, vocoder {config.vocoder.kind}",
        "frames": f"{analysis.frame} samples every {analysis.hop}, at {analysis.sample_rate} Hz",
        "latency": f"{file.latency} samples = {1000 * file.latency / analysis.sample_rate:.1f} ms",
    }
    if other := pretrained.other(model):
        rows["of that name"] = "{}, {}".format(*other)
    for key, value in (rows | file.training).items():
        if value not in (None, ""):
            table.add_row(printable(key.replace("_", " ")), printable(str(value)))
    out.print(table)
    out.print(_latents(file))
    if file.evaluation:
        _evaluation(file)
    if verify:
        from ..model import Model

        result = Model(file).verify()
        say(f"golden pair reproduced: largest error {result['error']:.1e}, spectral distance {result['distance']:.1e}")


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
        table.add_row(str(k), *(written(v, "{:.2f}") for v in (effect, percentiles[0], percentiles[2], percentiles[4])))
    return table


def _evaluation(file: ModelFile) -> None:
    from ..measure.report import table

    try:
        table(file.evaluation, out)
    except (KeyError, TypeError, ValueError, AttributeError):  # the header may hold anything
        say("Its evaluation is not one that this version of Melisma can show.")
