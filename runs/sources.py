"""Sound data for the published models: packages in, folders of sound files with recorded licences out.

    python runs/sources.py strings        (about a minute once the packages are downloaded)

Packages come from Debian (`apt-get download`, no root needed) and npm (`npm pack`). They are kept in
`$MELISMA_HOME/packages` (default `~/.cache/melisma`), so a second run needs no network. The result,
`$MELISMA_HOME/data/strings/`, holds

    train/*.flac          single notes                    held/*.flac          notes of pitches never in train
    train/phrases/*.flac  lines and chords made of them   held/phrases/*.flac  the same from held notes
    sources.json          one record for every file       LICENCES.md          totals by source and licence

Every file is mono, 44.1 kHz, and draws on one source only, so it has exactly one licence. Files named `mono_*` are
monophonic lines, `poly_*` everything else. The same packages give the same files: all choices are seeded or hashed.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import tarfile
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soundfile
import soxr

RATE = 44100
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


# ---------------------------------------------------------------------------------------------------- packages


def home() -> Path:
    """Folder of everything downloaded or made: $MELISMA_HOME, else ~/.cache/melisma."""
    return Path(os.environ.get("MELISMA_HOME", Path.home() / ".cache" / "melisma")).expanduser()


def fetch(name: str, cached: str, command: list[str], hint: str) -> Path:
    """Path of a package's archive in the cache, matching the pattern `cached`; downloaded by `command` if absent."""
    store = home() / "packages"
    store.mkdir(parents=True, exist_ok=True)
    if not list(store.glob(cached)):
        with tempfile.TemporaryDirectory(dir=store) as folder:
            try:
                subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
            except FileNotFoundError:
                raise SystemExit(f"{name}: the program '{command[0]}' is not installed; {hint}") from None
            except subprocess.CalledProcessError as error:
                raise SystemExit(f"{name}: '{' '.join(command)}' failed; {hint}\n{error.stderr.strip()}") from None
            for archive in Path(folder).glob(cached):
                archive.rename(store / archive.name)
    return sorted(store.glob(cached))[-1]


def debian_package(name: str) -> tuple[Path, str]:
    """(folder of the unpacked package, version); fetched and unpacked without root."""
    hint = "is the package list up to date? Run 'apt-get update' as root, then start again."
    archive = fetch(name, f"{name}_*.deb", ["apt-get", "download", name], hint)
    return unpacked(archive, lambda folder: subprocess.run(["dpkg", "-x", archive, folder], check=True)), (
        archive.name.split("_")[1].replace("%3a", ":")
    )


def npm_package(name: str) -> tuple[Path, str]:
    """(folder of the unpacked package, version)."""
    archive = fetch(name, f"{name}-*.tgz", ["npm", "pack", name], "npm and a connection to its registry are needed.")
    folder = unpacked(archive, lambda into: tarfile.open(archive).extractall(into, filter="data")) / "package"
    return folder, json.loads((folder / "package.json").read_text())["version"]


def unpacked(archive: Path, unpack) -> Path:
    """Folder beside the archive with its contents; `unpack(folder)` is called only if it is not there yet."""
    folder = archive.with_name(archive.name + ".d")
    if not folder.exists():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        unpack(part)
        part.rename(folder)
    return folder


# ----------------------------------------------------------------------------------------------------- sources


@dataclass(frozen=True)
class Source:
    """Where sounds come from, and on what terms; `evidence` is what the package itself says."""

    key: str
    package: str
    version: str
    licence: str
    author: str
    evidence: str


@dataclass
class Note:
    """One isolated note. `group` is the pitch as the sample's name has it: what the held-out split goes by."""

    source: Source
    sample: str
    instrument: str
    articulation: str
    group: str
    midi: float
    loud: float
    audio: np.ndarray = field(repr=False)

    @property
    def filename(self) -> str:
        return f"{self.source.key}-{re.sub('[^A-Za-z0-9_-]', '_', self.sample.replace('#', 's'))}.flac"


def midi_of(name: str) -> int:
    """'A4' → 69; sharps are written '#' or 's'."""
    letter, sharp, octave = re.fullmatch(r"([A-G])([#s]?)(-?\d)", name).groups()
    return 12 * (int(octave) + 1) + SEMITONES[letter] + bool(sharp)


def soundfont_samples(path: Path):
    """Yield (name, rate, root key in fractional MIDI, reader of the samples) for each sample of an sf2 file."""
    chunks = {}
    with open(path, "rb") as file:
        file.seek(12)
        while len(header := file.read(8)) == 8:
            kind, size = struct.unpack("<4sI", header)
            if kind == b"LIST":
                file.seek(4, os.SEEK_CUR)
                continue
            chunks[kind] = file.tell(), size
            file.seek(size + size % 2, os.SEEK_CUR)
        start, size = chunks[b"shdr"]
        file.seek(start)
        headers = file.read(size)
    start, size = chunks[b"smpl"]
    pcm = np.memmap(path, "<i2", "r", start, (size // 2,))
    for name, begin, end, _, _, rate, key, cents, _, _ in struct.iter_unpack("<20sIIIIIBbHH", headers[:-46]):
        name = name.split(b"\0")[0].decode("latin1")
        yield name, rate, key - cents / 100, lambda b=begin, e=end: pcm[b:e] / np.float32(32768)


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


# ---------------------------------------------------------------------------------------------------- cleaning


def resampled(audio: np.ndarray, rate: float) -> np.ndarray:
    return audio if rate == RATE else soxr.resample(audio, rate, RATE, "HQ")


def decibels(value: float) -> float:
    return 20 * np.log10(max(float(value), 1e-9))


def faded(audio: np.ndarray, fade_in: float, fade_out: float) -> np.ndarray:
    """The audio with raised-cosine ends of the given seconds."""
    audio = audio.copy()
    for seconds, end in (fade_in, slice(None)), (fade_out, slice(None, None, -1)):
        n = min(int(seconds * RATE), len(audio))
        audio[end][:n] *= 0.5 - 0.5 * np.cos(np.pi * (np.arange(n, dtype=np.float32) + 0.5) / max(n, 1))
    return audio


def trimmed(audio: np.ndarray, floor_db: float = -60.0) -> np.ndarray:
    """Without the ends that stay below floor_db of the peak. Loops end at full level, so the cut ends are faded."""
    loud = np.flatnonzero(np.abs(audio) > np.abs(audio).max(initial=0) * 10 ** (floor_db / 20))
    return faded(audio[loud[0] : loud[-1] + 1], 0.002, 0.04) if len(loud) else audio[:0]


def fingerprint(audio: np.ndarray) -> np.ndarray:
    """Unit vector of log magnitudes, 64 log-spaced bands × 8 moments, mean removed: close for near duplicates."""
    edges = np.unique(np.geomspace(4, 2048, 65).astype(int))
    frames = [audio[i : i + 4096] for i in np.linspace(0, max(len(audio) - 4096, 0), 8).astype(int)]
    spectra = [np.abs(np.fft.rfft(np.pad(f, (0, 4096 - len(f))) * np.hanning(4096))) for f in frames]
    bands = np.log(np.add.reduceat(spectra, edges[:-1], axis=1) + 1e-4)
    bands -= bands.mean()
    return bands.ravel() / np.linalg.norm(bands)


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Largest normalised cross-correlation of two sounds over all shifts, from their first two seconds."""
    a, b = a[: 2 * RATE], b[: 2 * RATE]
    size = 1 << (len(a) + len(b)).bit_length()
    product = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)))
    return float(np.abs(product).max() / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12))


def cleaned(notes: list[Note]) -> tuple[list[Note], Counter]:
    """Notes trimmed; the silent, the shorter than 50 ms and the (near) duplicates left out and counted."""
    kept, prints, dropped = [], [], Counter()
    for note in notes:
        note.audio = trimmed(note.audio)
        if np.abs(note.audio).max(initial=0) < 10 ** (-50 / 20):
            dropped["near-silent"] += 1
        elif len(note.audio) < 0.05 * RATE:
            dropped["shorter than 50 ms"] += 1
        else:
            mark = fingerprint(note.audio)
            alike = np.flatnonzero(np.array(prints) @ mark > 0.98) if prints else []
            if any(correlation(kept[i].audio, note.audio) > 0.95 for i in alike):
                dropped["duplicate"] += 1
            else:
                kept.append(note)
                prints.append(mark)
    return kept, dropped


def held_groups(notes: list[Note], share: float = 0.12) -> set[tuple]:
    """The (source, instrument, articulation, pitch) kept from training: about `share` of each one's inner pitches."""
    pitches = defaultdict(dict)
    for note in notes:
        key = note.source.key, note.instrument, note.articulation
        pitches[key][note.group] = min(note.midi, pitches[key].get(note.group, note.midi))
    held = set()
    for key, groups in pitches.items():
        inner = sorted(groups, key=groups.get)[1:-1]
        inner.sort(key=lambda group: hashlib.sha1(repr((key, group)).encode()).digest())
        held |= {(*key, group) for group in inner[: max(1, round(share * len(groups)))]}
    return held


# ----------------------------------------------------------------------------------------------------- phrases


class Sampler:
    """A seeded player of one source's notes: draws melodies and chords and renders them."""

    SCALES = [0, 2, 4, 5, 7, 9, 11], [0, 2, 3, 5, 7, 8, 10]
    CHORDS = [0, 4, 7], [0, 3, 7], [0, 4, 7, 10], [0, 3, 7, 10], [0, 5, 7], [0, 3, 6]
    MANNERS = "sustain", "tremolo", "pizzicato", None, "sustain", "staccato"
    REACH = 3  # semitones a sample may be transposed

    def __init__(self, notes: list[Note], seed: int):
        self.rng = np.random.default_rng(seed)
        self.notes = defaultdict(list)
        for note in notes:
            self.notes[note.instrument, note.articulation].append(note)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def pick(self, items):
        return items[self.rng.integers(len(items))]

    def pitches(self, voice: tuple[str, str], classes=range(12)) -> list[int]:
        """MIDI pitches a voice can play with at most REACH semitones of transposition, of the given pitch classes."""
        near = {round(n.midi) + k for n in self.notes[voice] for k in range(1 - self.REACH, self.REACH)}
        return sorted(p for p in near if p % 12 in set(classes)) or sorted(near)

    def play(self, out, voice, pitch, start, seconds, dynamic, attack=0.01, release=0.12, skip=0.0) -> float:
        """Add one note to `out`; the seconds it sounds, release left out (the sample may be shorter than asked).

        dynamic 0…1 chooses layer and level; `skip` leaves out seconds of a slow attack.
        """
        distance = [abs(n.midi - pitch) for n in self.notes[voice]]
        near = [n for n, d in zip(self.notes[voice], distance, strict=True) if d <= max(min(distance) + 0.5, 1.0)]
        softness = [abs(n.loud - dynamic) + 0.3 * self.rng.random() for n in near]
        note = near[int(np.argmin(softness))]
        ratio = 2 ** ((pitch - note.midi) / 12)
        begin = int(min(skip * RATE, len(note.audio) / 4))
        audio = note.audio[begin : begin + int((seconds + release) * RATE * ratio)]
        audio = faded(resampled(audio, RATE * ratio), attack, release)
        audio = audio * 10 ** ((-14 * (1 - dynamic) + self.rng.normal(0, 1)) / 20)
        at = int(start * RATE)
        room = out[at : at + len(audio)]
        room += audio[: len(room)]
        return max(len(audio) / RATE - release, 0.05)

    def line(self, out: np.ndarray, instrument: str, classes, rests: float = 0.08) -> str:
        """A monophonic melody, its manner changing now and then; what was played, in words."""
        manners = [a for i, a in self.notes if i == instrument]
        manners += ["sustain"] * (len(manners) - 1)
        manner, beat, dynamic = self.pick(manners), self.rng.uniform(0.28, 0.8), self.rng.uniform(0.3, 1)
        time, last, end, used = self.rng.uniform(0, 0.2), None, len(out) / RATE - 0.3, set()
        while time < end:
            if self.chance(0.08):
                manner, last = self.pick(manners), None
            if self.chance(rests):
                time, last = time + self.rng.uniform(0.25, 1.1), None
            scale = self.pitches((instrument, manner), classes)
            near = scale if last is None else sorted(scale, key=lambda p: abs(p - last))[1:6]
            pitch = self.pick(near or scale)
            dynamic = float(np.clip(dynamic + self.rng.normal(0, 0.12), 0.1, 1))
            time += self.stroke(out, (instrument, manner), pitch, time, beat, dynamic, last is not None)
            last = pitch
            used.add(manner)
        return f"line of {instrument} ({', '.join(sorted(used))})"

    def stroke(self, out, voice, pitch, time, beat, dynamic, bound: bool) -> float:
        """One melody note as its manner asks; the seconds to the next. A bound note cross-fades with the one before."""
        manner = voice[1]
        if manner in ("pizzicato", "staccato"):
            seconds = beat * self.pick([0.5, 0.5, 1, 1])
            self.play(out, voice, pitch, time, seconds, dynamic, 0.002, 0.08)
            return seconds
        seconds = beat * self.pick([2, 3, 4] if manner == "tremolo" else [0.5, 0.5, 1, 1, 1, 1.5, 2, 3])
        if manner == "sustain" and self.chance(0.15):
            self.play(out, voice, pitch, time, seconds * 0.6, dynamic, 0.01, 0.1)
            return seconds
        fade = min(self.rng.uniform(0.04, 0.12), seconds / 3)
        skip = self.rng.uniform(0.03, 0.2) if bound else 0.0
        return self.play(out, voice, pitch, time, seconds, dynamic, fade if bound else 0.01, fade, skip)

    def chords(self, out: np.ndarray, instruments: list[str], key: int, manner: str | None) -> str:
        """Chords of one voice for each instrument named, in one manner (any when None); what was played, in words."""
        voices = [self.pick([v for v in self.notes if v[0] == i and v[1] == (manner or v[1])]) for i in instruments]
        time, end, dynamic = self.rng.uniform(0, 0.25), len(out) / RATE - 0.4, self.rng.uniform(0.3, 1)
        short = {"staccato", "pizzicato"} & {v[1] for v in voices}
        while time < end:
            root, chord = key + self.pick([0, 0, 2, 5, 7, 9]), self.pick(self.CHORDS)
            classes = [(root + step) % 12 for step in chord]
            dynamic = float(np.clip(dynamic + self.rng.normal(0, 0.15), 0.1, 1))
            seconds = self.rng.uniform(0.25, 1.0) if short else self.rng.uniform(0.8, 3.2)
            spread = self.rng.uniform(0.05, 0.2) if self.chance(0.2) else 0.012
            heard = 0.0
            for i, voice in enumerate(voices):
                late = spread * i + self.rng.uniform(0, 0.02)
                attack, release = 0.003 if voice[1] in short else 0.03, self.rng.uniform(0.1, 0.35)
                pitch = self.pick(self.pitches(voice, classes))
                heard = max(heard, late + self.play(out, voice, pitch, time + late, seconds, dynamic, attack, release))
            time += min(seconds, heard) + (self.rng.uniform(0.3, 1.2) if self.chance(0.12) else 0)
        return "chords of " + ", ".join(f"{instrument} ({manner})" for instrument, manner in voices)

    def swell(self, samples: int) -> np.ndarray:
        """A slow gain curve: crescendi and diminuendi of up to 16 dB, or hardly any."""
        depth = self.rng.uniform(6, 16) if self.chance(0.6) else 2
        times = np.linspace(0, samples, int(samples / RATE / self.rng.uniform(1.2, 3)) + 2)
        levels = -depth * self.rng.random(len(times))
        at, x = np.arange(samples), np.arange(len(times))
        place = np.interp(at, times, x)
        smooth = np.floor(place) + 0.5 - 0.5 * np.cos(np.pi * (place % 1))
        return (10 ** (np.interp(smooth, x, levels) / 20)).astype(np.float32)

    def phrase(self, index: int) -> tuple[np.ndarray, str]:
        """A phrase of 6–12 s, swelled, levelled and faded, and what is in it, in words.

        Even ones are lines, each of the next instrument; odd ones are chords, some below a line.
        """
        samples = int(self.rng.uniform(6, 12) * RATE)
        out, key = np.zeros(samples, np.float32), int(self.rng.integers(12))
        classes = [(key + step) % 12 for step in self.pick(self.SCALES)]
        instruments = sorted({i for i, _ in self.notes})
        if index % 2 == 0:
            words = self.line(out, instruments[index // 2 % len(instruments)], classes)
        else:
            manner = self.MANNERS[index // 2 % len(self.MANNERS)]
            if any((i, manner) not in self.notes for i in instruments):
                manner = None
            words = self.chords(out, [self.pick(instruments) for _ in range(self.rng.integers(2, 5))], key, manner)
            if self.chance(0.4):
                out *= 0.6
                words += " below a " + self.line(out, self.pick(instruments), classes, rests=0.2)
        return levelled(out * self.swell(samples), self.rng.uniform(-32, -14)), words


def levelled(audio: np.ndarray, rms_db: float, peak_db: float = -1.5) -> np.ndarray:
    """The audio at an rms level, lower if its peak would pass peak_db, with faded ends."""
    gain = 10 ** (rms_db / 20) / np.sqrt(np.mean(audio**2) + 1e-12)
    return faded(audio * min(gain, 10 ** (peak_db / 20) / np.abs(audio).max()), 0.005, 0.15)


SHARES = {"vsco": 0.6, "tonejs": 0.25, "fluid": 0.15}


def write_phrases(notes: list[Note], folder: Path, minutes: float, seed: int) -> list[dict]:
    """Write about `minutes` of phrases, split over the sources by SHARES; a record for each file."""
    folder.mkdir(parents=True)
    records = []
    for number, (key, share) in enumerate(SHARES.items()):
        own = [note for note in notes if note.source.key == key]
        packages = sorted({note.source.package for note in own})
        source = replace(own[0].source, package=", ".join(packages))
        sampler, done, index = Sampler(own, seed + number), 0.0, 0
        while done < share * minutes:
            audio, words = sampler.phrase(index)
            path = folder / f"{'poly' if index % 2 else 'mono'}_{key}_{index:03d}.flac"
            soundfile.write(path, audio, RATE, "PCM_16")
            records.append(record(path, folder.parents[1], source, words, audio))
            done, index = done + len(audio) / RATE / 60, index + 1
    return records


# ---------------------------------------------------------------------------------------------------- the sets


def record(path: Path, root: Path, source: Source, sample: str, audio: np.ndarray) -> dict:
    """What sources.json says of one file; `sample` is the original name, or what a phrase is made of."""
    return {
        "file": path.relative_to(root).as_posix(), "split": path.relative_to(root).parts[0],
        "package": source.package, "version": source.version, "sample": sample,
        "licence": source.licence, "author": source.author, "minutes": round(len(audio) / RATE / 60, 4),
        "evidence": source.evidence,
    }  # fmt: skip


def make_strings() -> Path:
    """Build $MELISMA_HOME/data/strings afresh; an old one is replaced only when the new one is complete."""
    solo = [note for instrument in ("violin", "cello", "contrabass") for note in tonejs_notes(instrument)]
    notes, dropped = cleaned(musescore_notes() + solo)
    held = held_groups(notes)
    final = home() / "data" / "strings"
    root = final.with_name("strings.part")
    shutil.rmtree(root, ignore_errors=True)
    records, splits = [], {"train": [], "held": []}
    for note in notes:
        split = "held" if (note.source.key, note.instrument, note.articulation, note.group) in held else "train"
        splits[split].append(note)
        path = root / split / note.filename
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, note.audio, RATE, "PCM_16")
        records.append(record(path, root, note.source, note.sample, note.audio))
    for seed, (split, minutes) in enumerate({"train": 30, "held": 2}.items()):
        records += write_phrases(splits[split], root / split / "phrases", minutes, 100 * (seed + 1))
    (root / "sources.json").write_text(json.dumps({"dropped": dropped, "files": records}, indent=1, ensure_ascii=False))
    (root / "LICENCES.md").write_text(licence_table(records))
    shutil.rmtree(final, ignore_errors=True)
    root.rename(final)
    print("left out:", ", ".join(f"{n} {why}" for why, n in dropped.items()) or "nothing")
    return final


def licence_table(records: list[dict]) -> str:
    """Minutes and files by source, licence and split, and what each package says of itself, as Markdown."""
    rows = defaultdict(lambda: [0, 0.0])
    for r in records:
        kind = "phrases" if "phrases/" in r["file"] else "notes"
        row = rows[r["package"], r["version"], r["licence"], r["author"], r["split"], kind]
        row[0], row[1] = row[0] + 1, row[1] + r["minutes"]
    lines = ["# Licences of the strings data", "", "By `runs/sources.py`; one record a file in sources.json.", ""]
    lines += ["| source | version | licence | author | split | kind | files | minutes |", "|" + "---|" * 8]
    lines += [f"| {' | '.join(key)} | {n} | {minutes:.1f} |" for key, (n, minutes) in sorted(rows.items())]
    lines += ["", "What the packages say:", ""]
    lines += sorted({f"- {r['package']}, {r['licence']}: {r['evidence']}" for r in records})
    return "\n".join(lines) + "\n"


def figures(path: Path) -> dict:
    """Seconds, rms and peak in dBFS, share of silent 20 ms frames, and mean spectral centroid of a sound file."""
    audio, _ = soundfile.read(path, dtype="float32")
    frames = audio[: len(audio) // 882 * 882].reshape(-1, 882)
    levels = np.sqrt((frames**2).mean(1)) if len(frames) else np.zeros(1)
    power = np.abs(np.fft.rfft(audio)) ** 2
    centroid = (power * np.fft.rfftfreq(len(audio), 1 / RATE)).sum() / (power.sum() + 1e-12)
    return {
        "seconds": len(audio) / RATE, "rms": decibels(np.sqrt((audio**2).mean())),
        "peak": decibels(np.abs(audio).max()), "silence": float((levels < 1e-3).mean()), "centroid": float(centroid),
    }  # fmt: skip


def summary(root: Path) -> str:
    """Figures of every folder below root that holds sounds, one line for each kind of name."""
    kinds = defaultdict(list)
    for path in sorted(root.rglob("*.flac")):
        kinds[f"{path.parent.relative_to(root)}/{re.split('[-0-9]', path.stem)[0]}*"].append(figures(path))
    lines = [f"{'files':28} {'n':>4} {'min':>6}  {'rms dBFS':>16} {'peak max':>8} {'silence':>7} {'centroid Hz':>14}"]
    for kind, rows in sorted(kinds.items()):
        seconds, rms, peak, silence, centroid = (np.array([row[k] for row in rows]) for k in rows[0])
        lines.append(
            f"{kind:28} {len(rows):4d} {seconds.sum() / 60:6.2f}  {rms.min():7.1f}…{rms.max():6.1f} "
            f"{peak.max():9.2f} {silence.mean():7.1%} {centroid.min():6.0f}…{centroid.max():6.0f}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Turn packages into a folder of sounds with recorded licences.")
    parser.add_argument("domain", choices=["strings"])
    parser.parse_args()
    root = make_strings()
    print(summary(root), (root / "LICENCES.md").read_text(), root, sep="\n\n")


if __name__ == "__main__":
    main()
