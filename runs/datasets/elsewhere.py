"""Elsewhere: a few sounds of each domain from sources that no training saw, to show what a model knows beyond its own sources.

    python runs/sources.py elsewhere-strings elsewhere-screams elsewhere-singing elsewhere-speech

`melisma evaluate strings $MELISMA_HOME/data/elsewhere-strings`. No training may ever draw on these folders or on their packages.
There is no train and held: the folder is one set, never trained on, at most SECONDS of each sound. Made anew, the sets are the
same but for what timidity plays, which differs by less than one hears.

strings  lines from a contrabass up to a violin, a quartet, ensembles: three sampled instruments, none of them FluidR3 or VSCO 2
singing  a game's singer, their choirs, and a game's speakers made to sing as in datasets/sung.py
speech   a game's speakers, in English, Spanish, Ukrainian, Russian and Polish
screams  cries, shouts and laughter of the same speakers
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from .cleaning import RATE, bandwidth, clipping, evened, faded, resampled, without_pauses
from .gather import Clip, mono
from .packages import debian_package
from .provenance import Source, record
from .score import Part, rendered

SECONDS = 6.0
GAP = 0.12  # s between the short clips that are put after one another
LEAST_BANDWIDTH = 9500.0


def fonts() -> dict[str, tuple[Source, Path]]:
    """Sampled instruments that are neither FluidR3's nor VSCO 2's, which all trainings draw on.

    gmbank's solo strings are timgm's own samples: only its ensembles and choirs are used.
    """
    timgm, version = debian_package("timgm6mb-soundfont")
    csound, of_csound = debian_package("csound-soundfont")
    freepats, of_freepats = debian_package("freepats")
    said = [
        (
            Source(
                "timgm", "timgm6mb-soundfont", version, "GPL-2", "Tim Brechbill, David Bolton",
                "debian/copyright: 'Files: TimGM6mb.sf2 … License: GPL-2'; its author: 'I created some of the samples myself and "
                "all others are either public domain or fall under the terms of the GNU General Public License'",
            ),
            next(timgm.rglob("TimGM6mb.sf2")),
        ),
        (
            Source(
                "gmbank", "csound-soundfont", of_csound, "public-domain", "none named",
                "debian/copyright: 'Files: samples/sf_GMbank.sf2 … The file has Public Domain in its license field'",
            ),
            next(csound.rglob("sf_GMbank.sf2")),
        ),
        (
            Source(
                "freepats", "freepats", of_freepats, "GPL-2+ with an exception for compositions",
                "the folks at freepats.opensrc.org",
                "debian/copyright: 'This patch set is free software … version 2 of the License, or (at your option) any later "
                "version'",
            ),
            next(freepats.rglob("freepats.cfg")),
        ),
    ]  # fmt: skip
    return {source.key: (source, path) for source, path in said}


# --- strings and choirs: (program, line), a line being (pitch in MIDI, beats) and None a rest ---------------------------------

VIOLIN, VIOLA, CELLO, CONTRABASS, TREMOLO, PIZZICATO, STRINGS, SLOW, AAHS, OOHS = 40, 41, 42, 43, 44, 45, 48, 49, 52, 53
BASS = [(28, 1), (35, 1), (33, 0.5), (31, 0.5), (29, 1), (36, 1), (40, 1.5), (38, 0.5), (31, 2)]
LOW = [(36, 1.5), (43, 0.5), (45, 1), (48, 1), (47, 0.5), (45, 0.5), (43, 1), (41, 1), (36, 2)]
TENOR = [(57, 1), (60, 1), (64, 1.5), (62, 0.5), (59, 1), (60, 0.5), (57, 0.5), (55, 1), (52, 2)]
ALTO = [(60, 1), (55, 0.5), (58, 0.5), (63, 1.5), (62, 0.5), (60, 1), (67, 1), (65, 1), (60, 2)]
HIGH = [(69, 0.5), (72, 0.5), (76, 1), (81, 1.5), (79, 0.5), (77, 1), (74, 0.5), (76, 0.5), (72, 1), (69, 2)]
QUICK = [(74 + n, 0.25) for n in (0, 2, 4, 5, 7, 5, 4, 2, 0, 4, 7, 9, 12, 9, 7, 4, 5, 9, 12, 14, 12, 9, 5, 2)] + [(74, 2)]
PLUCKED = [(p, 0.5) for p in (48, 55, 60, 64, 62, 59, 55, 53, 50, 43)] + [(48, 1.5)]
FIRST = [(72, 2), (74, 1), (77, 1), (76, 2), (74, 1), (72, 2)]
SECOND = [(64, 1), (67, 1), (65, 2), (67, 1.5), (69, 0.5), (65, 1), (64, 2)]
THIRD = [(60, 2), (57, 1), (62, 1), (60, 1), (64, 1), (59, 1), (60, 2)]
FOURTH = [(48, 1), (52, 1), (50, 1), (43, 1), (48, 2), (43, 1), (48, 2)]
CHORDS = [
    [(p, b) for p, b in zip(pitches, (2, 2, 2, 3))]
    for pitches in ((43, 41, 38, 36), (59, 60, 57, 55), (62, 65, 65, 64), (67, 69, 74, 72))
]
CHOIR = [
    [(p, b) for p, b in zip(pitches, (2, 1, 1, 2, 3))]
    for pitches in ((52, 50, 47, 48, 45), (59, 57, 59, 60, 57), (64, 66, 67, 64, 61))
]
AIR = [(64, 1), (67, 0.5), (69, 0.5), (71, 1.5), (69, 0.5), (67, 1), (66, 1), (64, 2)]

STRING_PARTS: dict[str, list[Part]] = {
    "mono_contrabass": [(CONTRABASS, BASS)],
    "mono_cello_low": [(CELLO, LOW)],
    "mono_cello_high": [(CELLO, TENOR)],
    "mono_viola": [(VIOLA, ALTO)],
    "mono_violin": [(VIOLIN, HIGH)],
    "mono_violin_quick": [(VIOLIN, QUICK)],
    "mono_pizzicato": [(PIZZICATO, PLUCKED)],
    "poly_quartet": [(VIOLIN, FIRST), (VIOLIN, SECOND), (VIOLA, THIRD), (CELLO, FOURTH)],
    "poly_tremolo": [(TREMOLO, TENOR), (TREMOLO, FOURTH)],
    "poly_ensemble": [(STRINGS, line) for line in CHORDS],
    "poly_slow": [(SLOW, line) for line in (FIRST, SECOND, THIRD, FOURTH)],
}
OF_FREEPATS = "mono_cello_low mono_cello_high mono_violin mono_violin_quick mono_pizzicato poly_tremolo poly_ensemble"
# what of a font is its own; of one not named everything
ALONE = {"gmbank": ("poly_ensemble", "poly_slow"), "freepats": tuple(OF_FREEPATS.split())}
CHOIR_PARTS: dict[str, list[Part]] = {
    "poly_choir_aah": [(AAHS, line) for line in CHOIR],
    "poly_choir_ooh": [(OOHS, line) for line in CHOIR],
    "mono_choir_ooh": [(OOHS, AIR)],
}
CHOIRS = {"timgm": tuple(CHOIR_PARTS), "freepats": ("poly_choir_ooh", "mono_choir_ooh")}
TEMPO = {"mono_violin_quick": 104.0, "mono_pizzicato": 80.0, "mono_contrabass": 100.0}


def scored(parts: dict[str, list[Part]], alone: dict[str, tuple[str, ...]], keys: tuple[str, ...]) -> Iterator[Clip]:
    for key, (source, path) in fonts().items():
        for name in alone.get(key, tuple(parts)) if key in keys else ():
            audio = rendered(path, parts[name], TEMPO.get(name, 96.0))[: int(SECONDS * RATE)]
            yield Clip(source, f"{name}_{key}", "", faded(audio, 0.0, 0.05), "derived: played from a score")


# --- a game's speakers ----------------------------------------------------------------------------------------------------

SPEAKERS = tuple("British Classic Default_es Default_pl Default_ru Default_uk HillBilly Mobster Pirate Russian Surfer".split())
CRIES = "Ow1 Ow2 Ow3 Ow4 Ouch Ooff1 Ooff2 Ooff3 Nooo Jump1 Jump2 Jump3 Kamikaze Laugh Runaway".split()


def speakers(who: tuple[str, ...]) -> Iterator[Clip]:
    """The clips of hedgewars' voices that are recorded well enough, in order; `voice` is the speaker."""
    folder, version = debian_package("hedgewars-data")
    source = Source(
        "hedgewars", "hedgewars-data", version, "GFDL-1.3", "Andrey Korotaev and the Hedgewars contributors",
        "debian/copyright, paragraph 'share/hedgewars/Data/Sounds/*'",
    )  # fmt: skip
    for path in sorted(folder.rglob("voices/*/*.ogg")):
        if path.parent.name in who:
            audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
            audio = without_pauses(resampled(mono(audio), rate))
            if len(audio) > 0.15 * RATE and bandwidth(audio) >= LEAST_BANDWIDTH and clipping(audio) < 0.003:
                yield Clip(source, f"{path.parent.name}/{path.stem}", path.parent.name, audio)


def joined(clips: list[Clip], seconds: float) -> list[Clip]:
    """Clips of one voice after one another, as often as it takes to use all that are there: each of about so many seconds."""
    found, pieces, names = [], [], []
    gap = np.zeros(int(GAP * RATE), np.float32)
    for clip in clips:
        pieces += [faded(clip.audio / (np.abs(clip.audio).max() + 1e-9), 0.005, 0.02), gap]
        names.append(clip.sample.rpartition("/")[2])
        if sum(map(len, pieces)) >= seconds * RATE:
            found.append(Clip(clip.source, " ".join(names), clip.voice, np.concatenate(pieces)[: int(SECONDS * RATE)], clip.kind))
            pieces, names = [], []
    return found


def of_speakers(who: tuple[str, ...], seconds: float, each: int, cries: bool) -> Iterator[Clip]:
    """So many sounds of each speaker: either their cries, or the longest of what else they say."""
    clips = list(speakers(who))
    for voice in who:
        own = [clip for clip in clips if clip.voice == voice and (clip.sample.rpartition("/")[2] in CRIES) == cries]
        if not cries:
            own.sort(key=lambda clip: -len(clip.audio))
        yield from joined(own, seconds)[:each]


def strings() -> Iterator[Clip]:
    return scored(STRING_PARTS, ALONE, ("timgm", "gmbank", "freepats"))


def speech() -> Iterator[Clip]:
    return of_speakers(SPEAKERS, 4.0, 2, cries=False)


def screams() -> Iterator[Clip]:
    return of_speakers(SPEAKERS, 2.0, 2, cries=True)


def singing() -> Iterator[Clip]:
    from .sung import sung, syllables

    yield from of_speakers(("Singer",), 4.0, 6, cries=False)
    yield from scored(CHOIR_PARTS, CHOIRS, tuple(CHOIRS))
    for seed, who in enumerate(("British", "Default_uk", "Mobster", "Surfer")):
        spoken = list(of_speakers((who,), 4.0, 4, cries=False))
        known = [syllable for clip in spoken for syllable in syllables(clip.audio)]
        audio = sung(known, np.random.default_rng(seed), SECONDS)[: int(SECONDS * RATE)]
        yield Clip(spoken[0].source, f"sung_{who.lower()}", who, audio, "derived: speech made to sing")


DOMAINS = {"strings": strings, "screams": screams, "singing": singing, "speech": speech}


def make(root: Path, domain: str) -> tuple[list[dict], Counter]:
    """Fill the folder with a domain's sounds; a record for each file."""
    root.mkdir(parents=True)
    records = []
    said: Counter[str] = Counter()
    for clip in DOMAINS[domain]():
        stem = clip.sample
        if clip.kind == "real":  # these are named after who speaks
            said[clip.voice] += 1
            stem = f"{clip.voice.lower()}_{said[clip.voice]}"
        path = root / f"{stem}.flac"
        audio = evened(clip.audio, -20.0)
        soundfile.write(path, audio, RATE, "PCM_16")
        records.append(
            record(path, root, clip.source, clip.sample, audio) | {"split": "elsewhere", "kind": clip.kind, "voice": clip.voice}
        )
    return records, Counter()
