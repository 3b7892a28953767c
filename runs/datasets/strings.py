"""Strings: notes of orchestral sections and solo instruments, and phrases made of them.

    train/*.flac          single notes                    held/*.flac          notes of pitches never in train
    train/phrases/*.flac  lines and chords made of them   held/phrases/*.flac  the same from held notes

Files named `mono_*` are monophonic lines, `poly_*` everything else. Every file draws on one source only, so it has exactly
one licence.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import soundfile

from .cleaning import RATE, cleaned, resampled
from .packages import debian_package, npm_package, soundfont_samples
from .phrases import Note, midi_of, write_notes, write_phrases
from .provenance import Source

VSCO_NAME = re.compile(r"(Violins|Violas|Celli|Basses|Vlns|Viol|Cell|Bass)(Trm|Atk|Pzz|)_([A-G]#?\d)_v(\d)\w*L")
VSCO_INSTRUMENT = {"Viol": "violas", "Vlns": "violins", "Cell": "celli", "Bass": "basses"}
ARTICULATION = {"": "sustain", "Trm": "tremolo", "Atk": "staccato", "Pzz": "pizzicato"}
FLUID_NAME = re.compile(r"(Violin|Viola|Cello|Bass) ([A-G]#?\d)")


def musescore_notes() -> list[Note]:
    """Sections of the VSCO 2 orchestra (CC0; left channels of the stereo pairs) and FluidR3's solo strings (MIT).

    In the presets of this soundfont, solo samples named `Cello` and `Bass` play the contrabass. The samples of its solo
    cello were stored at 30 kHz: they lack the top octave and are left out.
    """
    name = "musescore-general-soundfont-lossless"
    folder, version = debian_package(name)
    vsco = Source(
        "vsco", name, version, "CC0-1.0",
        "Sam Gossner, Simon Dalzell, Elan Hickler/Soundemote; edited by S. Christian Collins",
        "debian/copyright: 'Ensemble strings from Versilian Studios Chamber Orchestra (VSCO) 2.1.1 Community Edition "
        "(CC0) by Sam Gossner, Simon Dalzell, Elan Hickler/Soundemote'; the whole soundfont: 'MIT, parts PD or CC0'",
    )  # fmt: skip
    fluid = Source(
        "fluid", name, version, "MIT", "Frank Wen; mono version by Michael Cowgill",
        "debian/copyright: 'Fluid (R3) Mono GM soundfont (MIT): Mono version Copyright (c) 2014-2017 Michael Cowgill; "
        "Fluid (R3) GM SoundFont (MIT): Copyright (c) 2000-2002, 2008 Frank Wen'; the package's "
        "README: 'All instruments without attribution are still using samples from FluidR3Mono' (violin, viola, "
        "contrabass have none)",
    )  # fmt: skip
    notes = []
    for sample, rate, midi, read in soundfont_samples(next(folder.rglob("*.sf2"))):
        if match := VSCO_NAME.fullmatch(sample):
            family, style, group, layer = match.groups()
            instrument = VSCO_INSTRUMENT.get(family, family.lower())
            source, articulation, loud = vsco, ARTICULATION[style], (int(layer) - 1) / 2
        elif (match := FLUID_NAME.fullmatch(sample)) and rate == RATE:
            family, group = match.groups()
            instrument = {"Cello": "contrabass", "Bass": "contrabass"}.get(family, family.lower())
            source, articulation, loud = fluid, "sustain", 0.5
            group = f"{family}{group}"
        else:
            continue
        notes.append(Note(source, sample, instrument, articulation, group, midi, loud, resampled(read(), rate)))
    return notes


MISNAMED = {"cello-As4": "B4"}  # sounds a semitone above its name


def tonejs_notes(instrument: str) -> list[Note]:
    """Solo notes of one tonejs-instrument package (CC BY 3.0)."""
    name = f"tonejs-instrument-{instrument}-wav"
    folder, version = npm_package(name)
    source = Source(
        "tonejs", name, version, "CC-BY-3.0",
        "tonejs-instruments (github.com/Makefully-Studios/tonejs-instruments); the package names no recordist",
        "README.md: 'These instrument samples come from a variety of public domain sources (see the "
        "sample-source-info.txt for more information) … Samples: CC-by 3.0'; that text file is not in the package",
    )  # fmt: skip
    notes = []
    for path in sorted(folder.glob("*.wav")):
        sample = f"{instrument}-{path.stem}"
        group = MISNAMED.get(sample, path.stem.split()[0])
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
        audio = resampled(audio[:, 0], rate)
        notes.append(Note(source, sample, instrument, "sustain", group, midi_of(group), 0.5, audio))
    return notes


# of the phrases
SHARES = {"vsco": 0.6, "tonejs": 0.25, "fluid": 0.15}


def make(root: Path) -> tuple[list[dict], Counter]:
    """Fill the folder; a record for each file, and what was left out."""
    solo = [note for instrument in ("violin", "cello", "contrabass") for note in tonejs_notes(instrument)]
    notes, dropped = cleaned(musescore_notes() + solo)
    splits, records = write_notes(notes, root)
    for seed, (split, minutes) in enumerate({"train": 30, "held": 2}.items()):
        records += write_phrases(splits[split], root / split / "phrases", minutes, 100 * (seed + 1), SHARES)
    return records, dropped
