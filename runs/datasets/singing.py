"""Singing: a man's sung notes, sampled choirs, phrases made of both; and speech made to sing, which is the most of it.

    train/*.flac, held/*.flac              notes, pitches apart          (real)
    train/phrases, held/phrases            lines and chords of them      (derived)
    train/gpl/sung_*, held/gpl/sung_*      melodies on syllables of the speech set, speakers apart as there    (derived)

The notes of vocobox's human-voice-dataset (a GitHub repository, MIT) are expected in shared/data/vocobox beside the checkout
or where $MELISMA_VOCOBOX says; without them the set is made of the rest.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import soundfile

from melisma.system.home import home

from .cleaning import RATE, cleaned, levelled, resampled, trimmed
from .packages import debian_package, soundfont_samples
from .phrases import Note, midi_of, write_notes, write_phrases
from .provenance import Source, record
from .sung import sung, syllables

NEEDS = ("speech",)
MINUTES = {"train": 20.0, "held": 2.5}  # of speech made to sing
PHRASES = {"train": 12.0, "held": 1.2}
SHARES = {"vocobox": 0.5, "choir": 0.5}
FILES = 24  # of a speaker that syllables are cut from
CHOIR = re.compile(r"(Ahh Choir|Ohh Voices) ([A-G]#?\d)(-L)?")
UNSTEADY = re.compile(r"instable|ko|bended")


def vocobox_notes() -> list[Note]:
    """Notes of one man (MIT), the unsteady ones left out; none if the folder is not there."""
    checkout = Path(__file__).resolve().parents[2]
    places = [base / "shared/data/vocobox" for base in (checkout.parent, checkout, checkout.parent.parent)]
    if given := os.environ.get("MELISMA_VOCOBOX"):
        places = [Path(given)]
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None:
        print(f"no sung notes in {places[0]}: put vocobox/human-voice-dataset's there, or name them as $MELISMA_VOCOBOX")
        return []
    source = Source(
        "vocobox", "vocobox/human-voice-dataset (GitHub)", "2014", "MIT", "vocobox",
        "LICENSE: 'The MIT License (MIT), Copyright (c) 2014 vocobox'",
    )  # fmt: skip
    notes = []
    for path in sorted(folder.glob("*.flac")):
        if UNSTEADY.search(path.stem):
            continue
        group = path.stem.split("-")[0]
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
        notes.append(Note(source, path.stem, "man", "sustain", group, midi_of(group), 0.5, resampled(audio[:, 0], rate)))
    return notes


def choir_notes() -> list[Note]:
    """The choirs of FluidR3 (MIT): left channels; samples stored below 28 kHz are left out."""
    name = "musescore-general-soundfont-lossless"
    folder, version = debian_package(name)
    source = Source(
        "choir", name, version, "MIT", "Frank Wen; mono version by Michael Cowgill",
        "debian/copyright: 'Fluid (R3) GM SoundFont (MIT): Copyright (c) 2000-2002, 2008 Frank Wen'; the package's README: "
        "'All instruments without attribution are still using samples from FluidR3Mono' (the choirs have none)",
    )  # fmt: skip
    notes = []
    for sample, rate, midi, read in soundfont_samples(next(folder.rglob("*.sf2"))):
        match = CHOIR.fullmatch(sample)
        if match and rate >= 28000:
            instrument = {"Ahh Choir": "choir aah", "Ohh Voices": "choir ooh"}[match[1]]
            notes.append(Note(source, sample, instrument, "sustain", match[2], midi, 0.5, resampled(read(), rate)))
    return notes


def spoken() -> dict[tuple[str, str], list[dict]]:
    """The speech set's records by (split, speaker)."""
    records = defaultdict(list)
    for row in json.loads((home() / "data" / "speech" / "sources.json").read_text())["files"]:
        if row["minutes"] * 60 > 0.3:
            records[row["split"], row["voice"]].append(row)
    return records


def write_sung(root: Path) -> list[dict]:
    """Melodies of every speaker whose files hold enough syllables, equally long; a record for each file."""
    records, by_voice = [], spoken()
    for split, minutes in MINUTES.items():
        voices = {voice: rows for (s, voice), rows in sorted(by_voice.items()) if s == split and len(rows) >= 12}
        for number, (voice, rows) in enumerate(voices.items()):
            rng = np.random.default_rng([number, len(split)])
            picked = rng.permutation(len(rows))[:FILES]
            cut = []
            for i in picked:
                audio, _ = soundfile.read(home() / "data" / "speech" / rows[i]["file"], dtype="float32")
                cut += syllables(audio[: 6 * RATE])
            if len(cut) < 12:
                continue
            done, index = 0.0, 0
            while done < minutes / len(voices):
                audio = levelled(trimmed(sung(cut, rng, rng.uniform(5, 9))), rng.uniform(-28, -16))
                path = root / split / "gpl" / f"sung_{voice}_{index:02d}.flac"
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, audio, RATE, "PCM_16")
                first = rows[picked[0]]
                source = Source(voice, first["package"], first["version"], first["licence"], first["author"], first["evidence"])
                said = record(path, root, source, f"{len(cut)} syllables of {len(picked)} files of {voice}", audio)
                records.append(said | {"voice": voice, "kind": "derived: speech made to sing"})
                done, index = done + len(audio) / RATE / 60, index + 1
    return records


def make(root: Path) -> tuple[list[dict], Counter]:
    """Fill the folder; a record for each file, and what was left out."""
    notes, dropped = cleaned(vocobox_notes() + choir_notes())
    splits, records = write_notes(notes, root)
    shares = {key: share for key, share in SHARES.items() if any(note.source.key == key for note in notes)}
    for seed, (split, minutes) in enumerate(PHRASES.items()):
        records += write_phrases(splits[split], root / split / "phrases", minutes, 100 * (seed + 7), shares)
    return records + write_sung(root), dropped
