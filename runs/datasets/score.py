"""Scores played by a soundfont: lines of notes → a standard MIDI file → fluidsynth or timidity, without
reverb and chorus, as mono."""

from __future__ import annotations

import struct
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from .cleaning import RATE

TICKS = 480  # a beat
TAIL = 0.5  # s after the last note
Part = tuple[int, Sequence[tuple[int | None, float]]]  # program, (pitch in MIDI or None for a rest, beats)


def rendered(sounds: Path, parts: Sequence[Part], tempo: float) -> np.ndarray:
    """Mono samples (T,) of some parts played at once, tempo in beats a minute.

    sounds: a soundfont (fluidsynth plays it) or a folder of GUS patches with its `.cfg` (timidity does). SystemExit without them.
    """
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder) / "score.mid", Path(folder) / "sound.wav"
        score.write_bytes(midi_file(parts, tempo))
        if sounds.suffix == ".sf2":
            command = [*f"fluidsynth -ni -R 0 -C 0 -g 0.5 -r {RATE} -T wav -F".split(), sound, sounds, score]
        else:
            patches = Path(folder) / "patches.cfg"
            lines = [line for line in sounds.read_text().splitlines() if not line.startswith("dir ")]
            tones = next(sounds.parents[2].rglob("Tone_000"))
            patches.write_text("\n".join([f"dir {tones.parent}", *lines]))
            options = f"-EFreverb=0 -EFchorus=0 -Ow -s {RATE} -A 50 -o".split()
            command = ["timidity", "-c", patches, *options, sound, score]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except FileNotFoundError:
            raise SystemExit(f"playing a score needs {command[0]}: apt-get install {command[0]}") from None
        audio, _ = soundfile.read(sound, dtype="float32", always_2d=True)
    if np.abs(audio).max(initial=0) < 1e-3:
        raise SystemExit(f"{command[0]} played nothing of {sounds}")
    end = max(sum(beats for _, beats in line) for _, line in parts) * 60 / tempo + TAIL
    return audio.mean(axis=1)[: int(end * RATE)]


def midi_file(parts: Sequence[Part], tempo: float) -> bytes:
    """A standard MIDI file (format 0) of at most nine parts, a channel each; a note ends as the next begins."""
    events: list[tuple[int, int, bytes]] = [(0, 0, b"\xff\x51\x03" + round(60e6 / tempo).to_bytes(3, "big"))]
    for channel, (program, line) in enumerate(parts):
        events.append((0, 0, bytes([0xC0 | channel, program])))
        beat = 0.0
        for pitch, beats in line:
            start, end = round(beat * TICKS), round((beat + beats) * TICKS)
            if pitch is not None:
                # ends come before beginnings of the same tick
                events += [(start, 2, bytes([0x90 | channel, pitch, 90])), (end, 1, bytes([0x80 | channel, pitch, 0]))]
            beat += beats
    events.sort(key=lambda event: event[:2])
    track, now = b"", 0
    for tick, _, message in events:
        track, now = track + variable(tick - now) + message, tick
    track += variable(0) + b"\xff\x2f\x00"
    return struct.pack(">4sIHHH4sI", b"MThd", 6, 0, 1, TICKS, b"MTrk", len(track)) + track


def variable(number: int) -> bytes:
    """A MIDI file's variable-length quantity."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(0x80 | number & 0x7F)
    return bytes(reversed(groups))
