"""Style transfer, measured: docs/lab/transfer.md from the published models, their held-out sounds and the demo's inputs.

    python runs/transfers.py            needs the sets of runs/sources.py strings screams singing speech

Every sound of `src/melisma/sounds` and some held-out sounds of every domain go through every other domain's model, as they are
and matched (`latent.match`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from melisma.latent import LatentPath, matched
from melisma.measure import metrics
from melisma.measure.likeness import Ear, distance, timbre
from melisma.measure.waveforms import HEARD_LEVEL
from melisma.model import Model, load
from melisma.sound.audio import Audio, read
from melisma.sound.rates import resample
from melisma.system.home import home

TOP = Path(__file__).resolve().parents[1]
DOMAINS = ("strings", "screams", "singing", "speech")
RATE = 44100
SECONDS = 6.0
LEARNT = 240  # sounds of a domain that the ear learns it from
TESTED = 60  # held-out sounds of a domain that the ear is tried on
FOLDS = 5  # for an ear that learns the models' outputs, of other sounds
OTHERS = 3  # held-out sounds of each domain that go through the others' models
NEIGHBOURS = 12  # held-out sounds of a domain, whose nearest an output is compared with
STANDINS = 6  # held-out sounds of a domain that stand in the place of a transfer, to see how far the measures can go
LEARNT_BY = {"A": "strings", "B": "strings", "voice": "singing"}  # of the demo's sounds: whose domain they are of
PITCHED = ("strings", "singing", "speech")
# what is done to a path, how much of its fine structure is given back with it, and whether the sound's phases are
WAYS: dict[str, tuple[Callable[[Model, LatentPath], LatentPath], float, bool]] = {
    "As they are": (lambda model, path: path, 0.0, False),
    "Matched": (lambda model, path: path.match(), 0.0, False),
    "All latents matched": (lambda model, path: matched(path, pitch=1), 0.0, False),
    "Matched, with fine structure": (lambda model, path: path.match(), 1.0, False),
    "A transfer of a path alone": (lambda model, path: model.transferred(path), 1.0, False),  # all matched, fine structure kept
    "A transfer": (lambda model, path: model.transferred(path), 1.0, True),  # and the sound's own phases
}
SHOWN = "A transfer"  # of which every sound is told
BEGIN, END = "<!-- the tables: runs/transfers.py -->", "<!-- end of the tables -->"


@dataclass
class Row:
    """One sound through one model. Distances as `likeness.distance` has them; level in dB; pitch as metrics.pitch_error."""

    sound: str
    model: str
    level_correlation: float
    level_rms: float
    pitch: metrics.PitchError
    to_domain: float
    to_neighbour: float
    to_input: float
    input_to_domain: float
    told: str
    frames: np.ndarray = field(repr=False)


def sound(file: Path) -> np.ndarray:
    audio = read(file)
    return resample(audio.mono().samples[0], audio.rate, RATE)[: int(SECONDS * RATE)]


def spread(domain: str, split: str, most: int) -> list[Path]:
    """So many files of a set, evenly among all."""
    files = sorted((home() / "data" / domain / split).rglob("*.flac"))
    return [files[int(i)] for i in np.linspace(0, len(files) - 1, min(most, len(files)))]


def frames_of(files: list[Path]) -> list[np.ndarray]:
    return [frames for file in files if len(frames := timbre(sound(file), RATE))]


def inputs() -> dict[str, tuple[str, np.ndarray]]:
    """Name → (its domain or "", sound)."""
    shipped = sorted((TOP / "src/melisma/sounds").rglob("*.flac"))
    found = {file.stem: (LEARNT_BY.get(file.stem, ""), sound(file)) for file in shipped}
    for domain in DOMAINS:
        longest = sorted(spread(domain, "held", TESTED), key=lambda file: -file.stat().st_size)[:OTHERS]
        found |= {f"{domain}: {file.stem}": (domain, sound(file)) for file in longest}
    return found


def to_neighbour(frames: np.ndarray, others: list[np.ndarray], ear: Ear) -> float:
    """The distance to the nearest of some sounds."""
    return float(np.nanmin([distance(frames, other, ear.scale) for other in others]))


def measured(name: str, x: np.ndarray, model: Model, ear: Ear, others: list[np.ndarray], way: str) -> Row:
    change, fine, phases = WAYS[way]
    heard = Audio(x[None], RATE)
    y = np.asarray(model.decode(change(model, model.encode(heard)), fine=fine, colour=0, sound=heard if phases else None))
    before, after = (metrics.level_curve(v, RATE) for v in (x, y))
    heard = before > HEARD_LEVEL
    frames, own = timbre(y, RATE), timbre(x, RATE)
    return Row(
        name,
        model.name,
        float(np.corrcoef(before[heard], after[heard])[0, 1]),
        metrics.level_error(x, y, RATE).rms,
        metrics.pitch_error(x, y, RATE),
        ear.distance(frames, model.name),
        to_neighbour(frames, others, ear),
        distance(frames, own, ear.scale),
        ear.distance(own, model.name),
        ear.tell(frames),
        frames,
    )


def told_apart(rows: list[Row]) -> dict[str, list[str]]:
    """Which model an output is taken to be of, by ears that have learnt the outputs of other sounds than its own."""
    sounds, told = list(dict.fromkeys(row.sound for row in rows)), defaultdict(list)
    for fold in range(FOLDS):
        away = set(sounds[fold::FOLDS])
        ear = Ear({domain: [row.frames for row in rows if row.model == domain and row.sound not in away] for domain in DOMAINS})
        for row in rows:
            if row.sound in away:
                told[row.model].append(ear.tell(row.frames))
    return {domain: told[domain] for domain in DOMAINS}


def summary(rows: list[Row]) -> list[str]:
    """Means a model, as Markdown."""
    lines = [
        "| model | sounds | level follows (r) | level error dB | pitch error, median cents | pitch lost | to its domain "
        "| to the input | input to the domain | nearer to a sound of the domain | nearer to the domain | taken for it |",
        "|---" * 12 + "|",
    ]
    for name in dict.fromkeys(row.model for row in rows):
        own = [row for row in rows if row.model == name]
        pitch = np.nanmedian([row.pitch.cents for row in own]) if name in PITCHED else np.nan
        lost = np.nanmean([row.pitch.lost for row in own]) if name in PITCHED else np.nan
        means = [np.nanmean([getattr(row, key) for row in own]) for key in ("to_domain", "to_input", "input_to_domain")]
        cells = [
            name, str(len(own)), f"{np.nanmean([row.level_correlation for row in own]):.3f}",
            f"{np.nanmean([row.level_rms for row in own]):.1f}", "–" if np.isnan(pitch) else f"{pitch:.0f}",
            "–" if np.isnan(lost) else f"{lost:.0%}", *(f"{value:.2f}" for value in means),
            f"{sum(row.to_neighbour < row.to_input for row in own)} of {len(own)}",
            f"{sum(row.to_domain < row.to_input for row in own)} of {len(own)}",
            f"{sum(row.told == name for row in own)} of {len(own)}",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def confusion(title: str, told: dict[str, list[str]]) -> list[str]:
    """Who is taken for whom, as Markdown: rows what it is, columns what it is taken for."""
    lines = ["", f"| {title} | " + " | ".join(DOMAINS) + " |", "|---" * (len(DOMAINS) + 1) + "|"]
    for name, answers in told.items():
        lines.append(f"| {name} | " + " | ".join(str(answers.count(domain)) for domain in DOMAINS) + " |")
    return lines


def each(rows: list[Row]) -> list[str]:
    lines = ["", "| sound | model | level r | pitch cents | to domain | to input | taken for |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        cents = "–" if np.isnan(row.pitch.cents) else f"{row.pitch.cents:.0f}"
        cells = [row.sound, row.model, f"{row.level_correlation:.2f}", cents]
        lines.append("| " + " | ".join([*cells, f"{row.to_domain:.2f}", f"{row.to_input:.2f}", row.told]) + " |")
    return lines


def of_real(ear: Ear, held: dict[str, list[np.ndarray]]) -> list[str]:
    """How far real sounds are from their own domain, as Markdown: no transfer need be nearer."""
    lines = ["", "| held-out sounds of | " + " | ".join(DOMAINS) + " |", "|---" * (len(DOMAINS) + 1) + "|"]
    medians = [np.nanmedian([ear.distance(frames, domain) for frames in held[domain]]) for domain in DOMAINS]
    return [*lines, "| distance to their own domain, median | " + " | ".join(f"{median:.2f}" for median in medians) + " |"]


def of_standins(ear: Ear, held: dict[str, list[np.ndarray]], sounds: dict[str, tuple[str, np.ndarray]]) -> list[str]:
    """How often a held-out sound of the domain, in the place of a transfer, passes the two measures, as Markdown."""
    lines = ["", "| real sounds in a transfer's place | " + " | ".join(DOMAINS) + " |", "|---" * (len(DOMAINS) + 1) + "|"]
    own = {name: timbre(x, RATE) for name, (_, x) in sounds.items()}
    passed: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for domain in DOMAINS:
        others, standins = drawn(held[domain], NEIGHBOURS), drawn(held[domain][1:], STANDINS)
        for name, (of, _) in sounds.items():
            for frames in standins if of != domain else ():
                to_input = distance(frames, own[name], ear.scale)
                near = to_neighbour(frames, [other for other in others if other is not frames], ear) < to_input
                passed[domain].append((near, ear.distance(frames, domain) < to_input))
    for at, of in enumerate(("another sound of the domain", "the domain")):
        title = f"nearer to {of} than to the input"
        lines.append(f"| {title} | " + " | ".join(f"{np.mean([p[at] for p in passed[domain]]):.0%}" for domain in DOMAINS) + " |")
    return lines


def drawn(sounds: list[np.ndarray], most: int) -> list[np.ndarray]:
    """So many of the sounds that are long enough to be compared, evenly among all."""
    long = [frames for frames in sounds if len(frames) >= 20]
    return [long[int(i)] for i in np.linspace(0, len(long) - 1, min(most, len(long)))]


def main() -> None:
    ear = Ear({domain: frames_of(spread(domain, "train", LEARNT)) for domain in DOMAINS})
    held = {domain: frames_of(spread(domain, "held", TESTED)) for domain in DOMAINS}
    tables = confusion("held-out sounds of", {domain: [ear.tell(frames) for frames in held[domain]] for domain in DOMAINS})
    tables += of_real(ear, held)
    models, sounds, rows_of = {domain: load(domain) for domain in DOMAINS}, inputs(), {}
    tables += of_standins(ear, held, sounds)
    for title in WAYS:
        rows = rows_of[title] = [
            measured(name, x, models[domain], ear, drawn(held[domain], NEIGHBOURS), title)
            for domain in DOMAINS
            for name, (of, x) in sounds.items()
            if of != domain
        ]
        taken = {domain: [row.told for row in rows if row.model == domain] for domain in DOMAINS}
        tables += ["", f"### {title}", "", *summary(rows), *confusion("transfers through, taken for", taken)]
        tables += confusion("transfers through, among transfers", told_apart(rows))
        print("\n".join([title, *summary(rows)]))
    tables += ["", f"### {SHOWN}, sound by sound", *each(rows_of[SHOWN])]
    document = TOP / "docs" / "lab" / "transfer.md"
    before, rest = document.read_text().split(BEGIN)
    document.write_text(before + BEGIN + "\n" + "\n".join(tables) + "\n\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
