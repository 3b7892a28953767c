"""Drums: single strokes of a synth's samples (CC0) and beats that a seeded player makes of them.

One of the three folders of `runs/own_folders.py`; no published model has heard them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import soundfile

from .cleaning import RATE, levelled
from .gather import Clip, Package, chosen, from_debian, placed
from .provenance import record

STROKE = re.compile(r".*/samples/((?:bd|sn|drum|tabla|perc)_\w+)\.flac")
LONGEST = 3.0  # s; longer samples are loops
MINUTES = {"train": 5.0, "held": 0.7}  # of beats
STEPS = 16


def make(root: Path) -> tuple[list[dict], Counter]:
    """Fill the folder; a record for each file, and what was left out."""
    package = Package("sonic-pi-samples", root="usr/share/sonic-pi/", prefix="etc/")
    strokes = from_debian(package, lambda name: match[1] if (match := STROKE.fullmatch(name)) and "bell" not in name else None)
    clips, held, dropped = chosen([clip for clip in strokes if len(clip.audio) < LONGEST * RATE], least_bandwidth=1000)
    kits = defaultdict(list)
    for clip in clips:
        kits["held" if clip.voice in held else "train"].append(clip)
    records = placed(clips, root, held)
    for seed, (split, minutes) in enumerate(MINUTES.items()):
        records += beats(kits[split], root / split / "beats", minutes, np.random.default_rng(700 + seed))
    return records, dropped


def beats(clips: list[Clip], folder: Path, minutes: float, rng: np.random.Generator) -> list[dict]:
    """Write about so many minutes of beats of 4 to 10 s, each of a few of the strokes; a record for each."""
    folder.mkdir(parents=True)
    records, done, index = [], 0.0, 0
    while done < minutes:
        kit = [clips[i] for i in rng.choice(len(clips), min(len(clips), int(rng.integers(3, 6))), replace=False)]
        audio = levelled(beat(kit, rng), rng.uniform(-26, -14))
        path = folder / f"beat_{index:03d}.flac"
        soundfile.write(path, audio, RATE, "PCM_16")
        said = record(path, folder.parents[1], kit[0].source, "beat of " + ", ".join(clip.voice for clip in kit), audio)
        records.append(said | {"kind": "derived: beats made of strokes"})
        done, index = done + len(audio) / RATE / 60, index + 1
    return records


def beat(kit: list[Clip], rng: np.random.Generator) -> np.ndarray:
    """A bar of sixteen steps, repeated with small changes."""
    step, bars = 60 / rng.uniform(70, 150) / 4, int(rng.integers(2, 5))
    out = np.zeros(int((bars * STEPS + 4) * step * RATE), np.float32)
    for clip in kit:
        often = rng.uniform(0.1, 0.45)
        pattern, gain = rng.random(STEPS) < often, rng.uniform(0.3, 1)
        for at in np.flatnonzero(np.tile(pattern, bars) ^ (rng.random(bars * STEPS) < 0.04)):
            place = out[int(at * step * RATE) :][: len(clip.audio)]
            place += gain * rng.uniform(0.5, 1) * clip.audio[: len(place)]
    return out
