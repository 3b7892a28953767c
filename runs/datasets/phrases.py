"""Isolated notes, and a seeded player that makes lines and chords of them."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soundfile

from .cleaning import RATE, faded, levelled, resampled
from .provenance import Source, record

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


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


def write_notes(notes: list[Note], root: Path) -> tuple[dict[str, list[Note]], list[dict]]:
    """Write notes as SPLIT/NAME.flac, some pitches held out. → the notes by split, and a record for each file."""
    held = held_groups(notes)
    records, splits = [], {"train": [], "held": []}
    for note in notes:
        split = "held" if (note.source.key, note.instrument, note.articulation, note.group) in held else "train"
        splits[split].append(note)
        path = root / split / note.filename
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, note.audio, RATE, "PCM_16")
        records.append(record(path, root, note.source, note.sample, note.audio))
    return splits, records


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
        place = out[at : at + len(audio)]
        place += audio[: len(place)]
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


def write_phrases(notes: list[Note], folder: Path, minutes: float, seed: int, shares: dict[str, float]) -> list[dict]:
    """Write about `minutes` of phrases, split over the sources (by key) as `shares` says; a record for each file."""
    folder.mkdir(parents=True)
    records = []
    for number, (key, share) in enumerate(shares.items()):
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
