"""Bells: struck metal of a soundfont (glockenspiel, celesta, tubular bells, vibraphone), its notes and phrases of them.

One of the three folders of `runs/own_folders.py`; no published model has heard them.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from .cleaning import cleaned, resampled
from .packages import debian_package, soundfont_samples
from .phrases import Note, write_notes, write_phrases
from .provenance import Source

STRUCK = re.compile(r"(Glocken|Celest[ae]|Tubular Bells|Vibraphone)\s*([A-G]#?\d)?(?!.*(-R|\(R\)|R )$).*")
PHRASES = {"train": 5.0, "held": 0.7}  # minutes


def make(root: Path) -> tuple[list[dict], Counter]:
    """Fill the folder; a record for each file, and what was left out."""
    name = "musescore-general-soundfont-lossless"
    folder, version = debian_package(name)
    source = Source(
        "soundfont", name, version, "MIT", "S. Christian Collins, Frank Wen, Michael Cowgill and others",
        "debian/copyright, the whole soundfont: 'MIT, parts PD or CC0'",
    )  # fmt: skip
    notes = []
    for sample, rate, key, read in soundfont_samples(next(folder.rglob("*.sf2"))):
        if match := STRUCK.fullmatch(sample):
            notes.append(Note(source, sample, match[1].lower(), "pizzicato", str(round(key)), key, 0.5, resampled(read(), rate)))
    notes, dropped = cleaned(notes)
    splits, records = write_notes(notes, root)
    for seed, (split, minutes) in enumerate(PHRASES.items()):
        records += write_phrases(splits[split], root / split / "phrases", minutes, 900 + seed, {source.key: 1.0})
    return records, dropped
