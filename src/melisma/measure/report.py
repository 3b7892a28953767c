"""What `evaluate` found, for people: the tables, the weak cases by name, and a picture of the weakest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from . import plot
from .evaluate import FIGURES, RAMP, rate_of
from .excerpts import EXCERPT, excerpt
from .rows import HEADS, LAYERS, ROWS, decoded

WEAK = 8  # so many are listed
BEST = 4.73  # what ViSQOL gives a sound that is its reference
ABOUT = (
    "latents: the latents alone; + fine: with fine structure; + colour: with both; copy: true mels through the vocoder; Griffin: "
    "Griffin-Lim on them; Opus: that codec at the same rate. ViSQOL: 4.73 is the same, 3 is unlike."
)
WEAK_FIGURES = ("visqol", "envelope_db", "pitch_gross", "pitch_lost")


def shown(result: dict[str, Any]) -> list[str]:
    """The rows that a result has, in their order."""
    return [row for row in ROWS if row in result["rows"]]


def table(result: dict[str, Any], console: Console) -> None:
    """Print what `evaluate` returned, with or without `files` and `skipped`: the rows side by side, then the latent path's.

    80 columns are enough.
    """
    rows = _table(f"{result['model']}: {result['file_count']} files, {result['seconds']:.0f} s", apart=1)
    rows.add_column("", no_wrap=True)
    for row in shown(result):
        rows.add_column(HEADS[row], justify="right", no_wrap=True)
    for figure, (heading, form) in FIGURES.items():
        values = [result["rows"][row].get(figure) for row in shown(result)]
        if any(value is not None for value in values):  # older evaluations have fewer
            rows.add_row(heading, *(cell(value, form) for value in values))
    console.print(rows)
    for row, reason in result.get("missing", {}).items():
        console.print(f"no row {ROWS.get(row, row)!r}: {reason}", markup=False)

    console.print(ABOUT, style="dim")
    console.print()
    kl = result["kl"]
    latent = _table("the latent path", show_header=False)
    latent.add_row("KL, nats a frame", f"{cell(kl['total'], '{:.1f}')} in {kl['used']} of {kl['dimensions']} dimensions")
    latent.add_row("per dimension", " ".join(cell(nats, "{:.2f}") for nats in kl["per_dimension"]))
    leaks = [leak(result[key]) for key in ("leak_r2", "leak_r2_all") if result.get(key) is not None]
    latent.add_row("loudness leak, R²", "; of all layers together ".join(leaks) or cell(None, ""))
    slope, error = cell(result["follow_slope"], "{:.2f}"), cell(result["follow_rms_db"], "{:.1f}")
    latent.add_row(
        f"±{RAMP:g} dB ramp", f"slope {slope}, error {error} dB" + together(result, "follow_slope_all", "slope {:.2f}")
    )
    console.print(latent)
    weak_table(result, console)
    for entry in result.get("skipped", []):
        console.print(f"left out: {entry['reason']}", markup=False)


def _table(title: str, apart: int = 2, **how: Any) -> Table:
    """Columns so far apart: the title stands on the left, over what is too narrow for it, too."""
    return Table(title=title, title_justify="left", box=None, padding=(0, apart, 0, 0), **how)


def leak(r2: float | None) -> str:
    """A leak's R². Below 0 the probe does worse than knowing nothing: how far says nothing, so it is 0, and it is said."""
    return cell(r2 if r2 is None else max(0.0, r2), "{:.2f}") + (
        " (the probe finds nothing)" if r2 is not None and r2 < 0 else ""
    )


def together(result: dict[str, Any], key: str, form: str) -> str:
    return f"; of all layers together {cell(result[key], form)}" if result.get(key) is not None else ""


def weakness(entry: dict[str, Any]) -> float:
    """How badly a file fares from its latents alone: what ViSQOL takes off, and twice the share of its pitched frames whose pitch
    is lost or wrong."""
    row = entry["rows"]["chain"]
    lost, gross = row["pitch_lost"] or 0.0, row["pitch_gross"] or 0.0
    return (0.0 if row["visqol"] is None else BEST - row["visqol"]) + 2 * (lost + (1 - lost) * gross)


def weak(result: dict[str, Any], most: int | None = WEAK) -> list[dict[str, Any]]:
    """The entries of `files` that fare worst, worst first."""
    return sorted(result.get("files", []), key=weakness, reverse=True)[:most]


def weak_table(result: dict[str, Any], console: Console) -> None:
    """The weak cases by name: each figure in every row of the model's own, and in copy synthesis."""
    if len(found := weak(result)) < 2:
        return
    rows = [row for row in shown(result) if row in LAYERS or row == "copy synthesis"]
    shown_as = "; ".join(ROWS[row] for row in rows)
    for first in range(0, len(WEAK_FIGURES), 2):  # two at a time: there are no more in 80 columns
        listed = _table("" if first else f"weak cases, worst first: {shown_as}")
        listed.add_column("file", no_wrap=True, overflow="ellipsis", ratio=1)
        figures = WEAK_FIGURES[first : first + 2]
        for figure in figures:
            listed.add_column(FIGURES[figure][0], justify="right", no_wrap=True)
        for entry in found:
            cells = (" ".join(cell(entry["rows"][row].get(f), FIGURES[f][1]) for row in rows) for f in figures)
            listed.add_row(Path(entry["file"]).name, *cells)
        console.print(listed)


def cell(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def picture(model: Any, result: dict[str, Any], path: str | os.PathLike[str], seconds: float | None = None) -> str:
    """Draw the weakest file's mels, of the input and of every row of the model's own and copy synthesis. → the file's name."""
    worst, rate = weak(result)[0], rate_of(model)
    samples = excerpt(Path(worst["file"]), rate, seconds or EXCERPT)
    latent = model.encode(samples, rate=rate)

    def titled(row: str) -> str:
        return f"{ROWS[row]}: ViSQOL {cell(worst['rows'][row]['visqol'], '{:.2f}')}"

    mels, titles = [model.mel(samples, rate=rate)], ["input"]
    for row in (row for row in shown(result) if row in LAYERS):
        mels.append(model.mel(decoded(model, latent, row), rate=rate))
        titles.append(titled(row))
    mels.append(model.mel(np.asarray(model.copy_synthesis(samples, rate=rate)), rate=rate))
    titles.append(titled("copy synthesis"))
    name = Path(worst["file"]).name
    plot.mel_figure(mels, titles, path, model.frame_rate, model.band_centres, f"{name} through {model.name}")
    return name
