"""The card of a published model: models/NAME.md, from what its file says of itself and its set's licence records."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from melisma.files.modelfile import ModelFile
from melisma.measure.evaluate import FIGURES
from melisma.measure.report import shown
from melisma.measure.rows import ROWS

ELSEWHERE = """Sounds of the domain from sources that nothing was ever trained on (`runs/datasets/elsewhere.py`); the weak cases
by name: `docs/lab/figures.md`."""


def card(
    file: ModelFile,
    size: int,
    sources: dict[str, Any],
    about: str,
    cannot: str,
    origin: str = "",
    elsewhere: dict[str, Any] | None = None,
) -> str:
    """The card as Markdown. `sources` is the set's sources.json; `about` and `cannot` are paragraphs written by hand,
    `origin` the model that the first of this name began from, `elsewhere` those of runs/figures.py on other sources.
    """
    if elsewhere and elsewhere["of"]["sha256"] != file.digest:
        elsewhere = None  # they are of an earlier file
    parts = [
        f"# {file.name}",
        summary(file, size),
        about,
        "## What it was trained on",
        f"Licence: {file.training['licence']}.",
        sounds_table(sources["files"]),
        left_out(sources["dropped"]),
        "## How it was trained",
        how(file.training, file.name, origin),
        "## Figures on held-out files",
        figures_table(file.evaluation),
        other_figures(file.evaluation),
        *(["## Figures on sounds from elsewhere", ELSEWHERE, figures_table(elsewhere)] if elsewhere else []),
        "## Sounds to try",
        f"    melisma transfer src/melisma/sounds/gpl/cat.flac out.wav --model {file.name}\n"
        f"    melisma transfer src/melisma/sounds/mit/voice.flac out.wav --model {file.name}\n"
        "    melisma demo",
        "## What it cannot do",
        cannot,
        "Written by runs/card.py from the model file and the set's records.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def summary(file: ModelFile, size: int) -> str:
    parameters = sum(tensor.size for tensor in file.tensors.values())
    rate = file.config.analysis.sample_rate
    return (
        f"{file.training['minutes_of_sound']:.0f} minutes of sound, {file.training['minutes_held_out']:.1f} more held out · "
        f"{len(file.latents['percentiles'])} latents · {1000 * file.latency / rate:.1f} ms latency at {rate / 1000:g} kHz · "
        f"{parameters / 1e6:.1f} M parameters, {size / 1e6:.1f} MB · {file.training['date']}"
    )


def sounds_table(records: list[dict[str, Any]]) -> str:
    """Minutes and files by package, licence and kind; then the sums of what is real and what is derived."""
    rows: dict[tuple[str, str, str], dict[str, list[float]]] = defaultdict(lambda: {"train": [], "held": []})
    kinds: dict[str, float] = defaultdict(float)
    for r in records:
        rows[r["package"], r["licence"], kind(r)][r["split"]].append(r["minutes"])
        kinds[kind(r)] += r["minutes"]
    lines = ["| package | licence | kind | files | minutes | held out |", "|---|---|---|---|---|---|"]
    for (package, licence, what), minutes in sorted(rows.items()):
        files = len(minutes["train"]) + len(minutes["held"])
        lines.append(f"| {package} | {licence} | {what} | {files} | {sum(minutes['train']):.1f} | {sum(minutes['held']):.1f} |")
    sums = ", ".join(f"{minutes:.1f} minutes {what}" for what, minutes in sorted(kinds.items(), key=lambda item: -item[1]))
    return "\n".join(lines) + f"\n\nIn all {sums}."


def kind(record: dict[str, Any]) -> str:
    """Whether a file is a recording, or made from recordings, and how."""
    return record.get("kind") or ("derived: phrases made of notes" if "phrases/" in record["file"] else "real")


def left_out(dropped: dict[str, int]) -> str:
    return f"Left out: {', '.join(f'{n} {why}' for why, n in dropped.items())}." if dropped else ""


def how(training: dict[str, Any], name: str = "", origin: str = "") -> str:
    """The stages, their minutes, what it started from; the origin, too, if that was a model of the same name."""
    shares = ", ".join(f"{stage} {share * training['minutes']:.0f}" for stage, share in training["stages"])
    begun = training.get("start") or []
    if isinstance(begun, str):
        from_what = f"Started from the model {begun}."
    elif begun:
        named = " and ".join(
            f"the {s['part']} of the "
            + (f"run `{s['run']}` ({s['steps']} steps, {s['date']})" if "run" in s else f"model `{s['model']}` ({s['date']})")
            for s in begun
        )
        from_what = f"Started from {named}."
    else:
        from_what = "Started from scratch."
    if origin and isinstance(begun, list) and any(s.get("model") == name for s in begun):
        from_what += f" The first model of this name was fine-tuned from `{origin}`, which learnt all four domains and more."
    cores = "1 core" if training["cores"] == 1 else f"{training['cores']} cores"
    note = f" {sentence(training['note'])}" if training.get("note") else ""
    return f"`{training['script']}`: minutes a stage: {shares}, on {cores}. {from_what}{note}"


def sentence(note: str) -> str:
    return note[0].upper() + note[1:] + ("" if note.endswith(".") else ".")


def figures_table(evaluation: dict[str, Any]) -> str:
    """The rows of the evaluation, as `melisma evaluate` prints them."""
    rows = shown(evaluation)
    lines = ["| | " + " | ".join(ROWS[row] for row in rows) + " |", "|---|" + "---|" * len(rows)]
    for key, (label, pattern) in FIGURES.items():
        values = [evaluation["rows"][row].get(key) for row in rows]
        if all(value is None for value in values):
            continue
        lines.append(f"| {label} | " + " | ".join("–" if v is None else pattern.format(v) for v in values) + " |")
    return "\n".join(lines)


def other_figures(evaluation: dict[str, Any]) -> str:
    return (
        f"A loudness curve set by hand is followed with slope {evaluation['follow_slope']:.2f}; a fresh probe finds "
        f"{max(0.0, evaluation['leak_r2']):.0%} of the loudness's variance in the latents."
    )
