"""Does a model keep the notes that are played on it? Every note of a keyboard, the exciter's saw through it.

    python runs/keyboard.py [MODEL]         prints the table of docs/lab/instrument.md; some minutes; pip install pyworld

Pitch is that of Harvest (Morise, Interspeech 2017), every 5 ms, of what sounds from 0.5 to 1.5 s: the median of how far it is
from the note; "off" are frames further than half a semitone from it, or without a pitch. Harvest finds no pitch in some saws
themselves, which are in tune: what it says of these notes is in the table, and is not counted.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np

from melisma.core.exciter import Exciter
from melisma.model import Model, load
from melisma.play import PLAYED, SOURCE
from melisma.stream import Stream

NOTES = range(36, 85)
WAYS = (
    "the saw itself", "copy synthesis", "a saw, fine.phases 0", "a narrow pulse with air, fine.phases 0", "a saw",
    "as played: a narrow pulse with air",
)  # fmt: skip


def sounds(model: Model, note: int) -> list[np.ndarray]:
    """The note in each of the WAYS."""
    x, begun = (note_of(note, model.sample_rate, turned) for turned in ({}, SOURCE))
    made = [x, model.copy_synthesis(x).samples[0]]
    alone = PLAYED | {"fine.phases": 0.0}
    for played, turned in ((x, alone), (begun, alone), (x, PLAYED), (begun, PLAYED)):
        made.append(Stream(model._engine, turned).process(played))
    return [y[model.sample_rate // 2 :].astype(float) for y in made]


def note_of(note: int, rate: int, turned: dict[str, float]) -> np.ndarray:
    source = Exciter(rate, sustain=1, **turned)
    source.note_on(0, note, 0.8)
    return source.process(round(1.5 * rate))


def pitch(y: np.ndarray, rate: int, note: int) -> tuple[float, float]:
    """→ cents from the note, the median of the frames that are near it, and the share of the others."""
    import pyworld

    found, _ = pyworld.harvest(y, rate, f0_floor=50, f0_ceil=1300, frame_period=5)
    cents = 1200 * np.log2(np.maximum(found, 1e-3) / (440 * 2 ** ((note - 69) / 12)))
    near = np.abs(cents) <= 50
    return float(np.median(cents[near])) if near.any() else np.nan, float(np.mean(~near))


def main() -> None:
    warnings.simplefilter("ignore")
    model = load(sys.argv[1] if len(sys.argv) > 1 else "strings")
    rows = {note: [pitch(y, model.sample_rate, note) for y in sounds(model, note)] for note in NOTES}
    print(f"| note | {' | '.join(WAYS)} |\n|---|{'---|' * len(WAYS)}")
    for note, row in rows.items():
        print(f"| {note} | {' | '.join('lost' if off > 0.5 else f'{cents:+.1f}' for cents, off in row)} |")
    for low, high in ((36, 50), (51, 56), (57, 84)):
        kept = []
        for way in range(len(WAYS)):
            heard = [note for note in range(low, high + 1) if rows[note][0][1] <= 0.5]
            some = [rows[note][way] for note in heard]
            within = sum(off <= 0.5 and abs(cents) <= 4 for cents, off in some)
            kept.append(f"{within} of {len(some)}, {sum(off > 0.5 for _, off in some)} lost")
        print(f"| {low} to {high}: within 4 cents | {' | '.join(kept)} |")


if __name__ == "__main__":
    main()
