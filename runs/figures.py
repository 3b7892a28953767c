"""The figures of every published model on sounds it has not heard: docs/lab/figures.md, and the README's table.

    python runs/figures.py [MODEL …]        evaluates what has changed since, and writes both; needs the sets of
                                            runs/sources.py and of its elsewhere-* (all of the domains that are asked for)
    python runs/figures.py --write          writes both from runs/figures.json alone

Two sets a model: *held out*, files of its own sources kept from training, and *elsewhere*, sounds of its domain from sources
that no training saw (runs/datasets/elsewhere.py). What is measured lies in runs/figures.json, with the SHA-256 of the model.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from melisma.measure import report
from melisma.measure.evaluate import FIGURES, evaluate
from melisma.measure.rows import LAYERS, ROWS
from melisma.measure.sets import SECONDS, SETS, is_line, probed, sounds
from melisma.model import load
from melisma.store import pretrained

TOP = Path(__file__).resolve().parents[1]
STORE, PAGE, README, IMAGES = TOP / "runs/figures.json", TOP / "docs/lab/figures.md", TOP / "README.md", TOP / "docs/images"
DOMAINS = {"strings": "strings", "low-latency-strings": "strings", "classic-strings": "strings"}
DOMAINS |= {"screams": "screams", "singing": "singing", "speech": "speech"}
MODELS = {name: domain for name, domain in DOMAINS.items() if name in pretrained.published()}
KEPT = ("visqol", "envelope_db", "pitch_cents", "pitch_gross", "pitch_lost", "gross_above_copy", "lost_above_copy")  # of a file
ABOUT = f"""By `python runs/figures.py`, on sounds that no training saw: files *held out* of a model's own sources, and sounds of
its domain from *elsewhere*, sources that nothing was ever trained on (`runs/datasets/elsewhere.py`: other sampled instruments,
another game's speakers). At most {SECONDS:g} s of each; ViSQOL in audio mode, at most 4.73.

Rows: what the path gives back with nothing added to its latents and loudness, with fine structure, with colour too; all of it *as
played*, by a stream, the studio or a transfer, which have the sound beside it and take its phases; the true
mels through the vocoder (*copy synthesis*) and through Griffin-Lim; the codec Opus at the bit rate of all the layers. Bits are
those of an ideal entropy coder: the latents' KL, all else by the entropy of its changes in steps of a dB (loudness: half a dB).
*Above copy*: what copy synthesis gets wrong is taken off. `melisma evaluate strings --set held` (or `elsewhere`)
takes a line of it anew, and `melisma evaluate MODEL FOLDER` the same of any model and folder. A model's file, and so `melisma
info`, has figures of its own: of up to 48 held-out files, taken evenly from all; here are all monophonic lines and 14 others."""
BEGIN, END = "<!-- the table: runs/figures.py -->", "<!-- end of the table -->"


def measured(name: str, which: str, known: dict[str, Any]) -> dict[str, Any]:
    """A model's figures on a set, evaluated if those that are known are of another file, other sounds or other rows."""
    model, files = load(name), sounds(MODELS[name], which)
    mark = {"sha256": model.file.digest, "files": [file.name for file in files]}
    if known.get("of") == mark and set(known["rows"]) | set(known["missing"]) == set(ROWS):
        return known
    print(f"{name}, {SETS[which]}: {len(files)} files", flush=True)

    def told(done: float, total: int, sound: str) -> None:
        if done == int(done) and done < len(files):
            print(f"  {int(done) + 1} of {len(files)}: {sound}", flush=True)

    result = evaluate(model, files, told, SECONDS, probe_on=probed(MODELS[name]))
    if which == "elsewhere":
        report.picture(model, result, IMAGES / f"weak-{name}.png", SECONDS)
    lines = [entry for entry in result["files"] if is_line(entry["file"])]
    weak = [
        {"file": Path(e["file"]).name, "rows": {r: {k: v[k] for k in KEPT} for r, v in e["rows"].items()}}
        for e in report.weak(result)
    ]
    summary = {key: value for key, value in result.items() if key not in ("files", "skipped")}
    return rounded(summary | {"of": mark, "lines": {"count": len(lines), "rows": means(lines)}, "weak": weak})


def means(entries: list[dict[str, Any]]) -> dict[str, dict[str, float | None]]:
    """The mean of each figure that is kept, by row, over the entries that have it."""
    rows = list(entries[0]["rows"]) if entries else []

    def mean(row: str, figure: str) -> float | None:
        values = [entry["rows"][row][figure] for entry in entries if entry["rows"][row][figure] is not None]
        return float(np.mean(values)) if values else None

    return {row: {figure: mean(row, figure) for figure in KEPT} for row in rows}


def rounded(value: Any) -> Any:
    """Numbers with five digits: no more of them is told."""
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def page(store: dict[str, Any]) -> str:
    """docs/lab/figures.md."""
    parts = [
        "# Figures",
        "<!-- written by runs/figures.py -->",
        ABOUT,
    ]
    for name in store:
        parts.append(f"## {name}")
        for which, told in SETS.items():
            if which in store[name]:
                parts += section(told, store[name][which], stale(name, store[name][which]))
        if (IMAGES / f"weak-{name}.png").exists():
            parts.append(f"![The weakest of elsewhere through {name}](../images/weak-{name}.png)")
    return "\n\n".join(parts) + "\n"


def stale(name: str, found: dict[str, Any]) -> str:
    file = pretrained.published().get(name)
    current = file is not None and found["of"]["sha256"] == load(name).file.digest
    return "" if current else " (of an earlier file of this model)"


def section(told: str, found: dict[str, Any], note: str) -> list[str]:
    rows = report.shown(found)
    title = f"**{told.capitalize()}**{note}: {found['file_count']} files, {found['seconds']:.0f} s"
    heading = ["", *(ROWS[row] for row in rows)]
    lines = [[label, *(report.cell(found["rows"][row].get(key), form) for row in rows)] for key, (label, form) in FIGURES.items()]
    if found["lines"]["count"]:
        for key in KEPT:
            label, form = FIGURES[key]
            values = (report.cell(found["lines"]["rows"][row][key], form) for row in rows)
            lines.append([f"{label}, {found['lines']['count']} monophonic lines", *values])

    def both(key: str, form: str) -> str:
        """A figure of the latents alone, and that of all layers together if there are any."""
        told = report.leak if key == "leak_r2" else lambda value: report.cell(value, form)
        of_all = f"; with all layers {told(found[f'{key}_all'])}" if f"{key}_all" in found else ""
        return told(found[key]) + of_all

    rest = (
        f"{found['kl']['total']:.1f} nats a frame; loudness left in the latents, R²: {both('leak_r2', '{:.2f}')}; "
        f"a loudness set by hand is followed with slope {both('follow_slope', '{:.2f}')}."
    )
    absent = "; ".join(f"no row *{ROWS[row]}*: {reason}" for row, reason in found["missing"].items())
    own = [row for row in rows if row in LAYERS or row == "copy synthesis"]

    def shown(entry: dict[str, Any], key: str) -> str:
        return " / ".join(report.cell(entry["rows"][row][key], FIGURES[key][1]) for row in own)

    weak = [[entry["file"], *(shown(entry, key) for key in report.WEAK_FIGURES)] for entry in found["weak"]]
    weakest = table(["weak cases, worst first", *(FIGURES[key][0] for key in report.WEAK_FIGURES)], weak)
    of = f"Weak cases: {' / '.join(ROWS[row] for row in own)}."
    return [title, table(heading, lines), rest + (f" ({absent}.)" if absent else ""), of, weakest]


def table(heading: list[str], lines: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in (heading, ["---"] * len(heading), *lines))


def readme(store: dict[str, Any]) -> str:
    """The README's table: a line a model, held out and elsewhere beside each other, in a musician's words."""
    shown, lines = (*LAYERS, "played", "copy synthesis"), []
    heading = [
        "model",
        "the 16 numbers alone",
        "+ fine: its pitch",
        "+ colour: its own timbre",
        "as played",
        "the vocoder alone",
        "melody lost",
    ]
    for name in store:
        found = [store[name].get(which) for which in SETS]

        def both(told: Callable[[dict[str, Any]], str]) -> str:
            return " · ".join("–" if one is None else told(one) for one in found)  # noqa: B023

        def visqol(row: str) -> str:
            return both(lambda one: report.cell(one["rows"].get(row, {}).get("visqol"), "{:.2f}"))  # noqa: B023

        def lost(one: dict[str, Any]) -> str:
            rows = one["lines"]["rows"]
            best = next((row for row in ("fine", "chain") if row in rows), None)
            return report.cell(rows[best]["lost_above_copy"], "{:+.0%}") if best else "–"

        card = pretrained.published()[name].with_suffix(".md").relative_to(TOP) if name in pretrained.published() else ""
        lines.append([f"[{name}]({card})", *(visqol(row) for row in shown), both(lost)])
    note = """How alike, twice: sounds kept from training · sounds from elsewhere, which no training saw. *As played*: live, in
the studio and in transfers, which take phases from the sound itself; before it what a path alone gives. *The vocoder alone* is
given the sound's own mel. *Melody lost*: how much more of a melody's time is without its pitch than there. All figures,
beside Opus at the same rate, and the weak cases by name: [docs/lab/figures.md](docs/lab/figures.md)."""
    return table(heading, lines) + "\n\n" + note


def write(store: dict[str, Any]) -> None:
    PAGE.write_text(page(store))
    text = README.read_text()
    if BEGIN in text:
        before, rest = text.split(BEGIN)
        README.write_text(f"{before}{BEGIN}\n{readme(store)}\n{END}{rest.split(END)[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    parser.add_argument("--write", action="store_true", help="only write what is known")
    options = parser.parse_args()
    if unknown := set(options.models) - set(MODELS):
        parser.error(f"there is no model named {unknown.pop()}: choose from {', '.join(MODELS)}")
    store = json.loads(STORE.read_text()) if STORE.exists() else {}
    there = [name for name in MODELS if name in (options.models or MODELS) and name in pretrained.published()]
    for name in () if options.write else there:
        for which in SETS:
            known = store.setdefault(name, {})
            known[which] = measured(name, which, known.get(which, {}))
            store = {name: store[name] for name in MODELS if name in store}
            STORE.write_text(json.dumps(store, indent=1) + "\n")
            write(store)
    write(store)


if __name__ == "__main__":
    main()
