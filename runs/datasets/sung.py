"""Speech made to sing: syllables are cut out, their vowels stretched, their pitch replaced by a melody (WORLD vocoder).

Morise, Yokomori and Ozawa, "WORLD: a vocoder-based high-quality speech synthesis system" (2016), through pyworld.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .cleaning import RATE

PERIOD = 0.005  # s a frame
LOWEST, HIGHEST = 80.0, 900.0  # Hz that are sung
CONSONANT = round(0.09 / PERIOD)  # frames before a vowel that belong to it
EDGE = round(0.04 / PERIOD)  # frames of a vowel's ends that keep their time
SILENT = np.log(1e-12)
SCALES = [0, 2, 4, 5, 7, 9, 11], [0, 2, 3, 5, 7, 8, 10], [0, 2, 4, 7, 9]


@dataclass
class Syllable:
    """Frames of a syllable: log power envelope and aperiodicity (L, bins), voiced or not (L,), its pitch in Hz."""

    envelope: np.ndarray
    aperiodicity: np.ndarray
    voiced: np.ndarray
    pitch: float


def pyworld_or_exit():
    """pyworld; SystemExit with what to install if it is not there."""
    try:
        import pyworld
    except ImportError as error:
        raise SystemExit(f"{error}; making speech sing needs: pip install pyworld 'setuptools<81'") from None
    return pyworld


def voiced_runs(pitch: np.ndarray, shortest: int) -> list[tuple[int, int]]:
    """(first, end) of the runs of frames with a pitch that are at least so long."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (pitch > 0).astype(int), [0]])))
    return [(a, b) for a, b in zip(edges[::2], edges[1::2]) if b - a >= shortest]


def syllables(audio: np.ndarray) -> list[Syllable]:
    """The syllables of some speech: voiced stretches of 0.1 s and more, each with the consonant before it."""
    pw, x = pyworld_or_exit(), audio.astype(np.float64)
    pitch, times = pw.dio(x, RATE, f0_floor=70, f0_ceil=500, frame_period=1000 * PERIOD)
    pitch = pw.stonemask(x, pitch, times, RATE)
    loudest = np.abs(x).max(initial=0)
    found = []
    for first, end in voiced_runs(pitch, round(0.1 / PERIOD)):
        first, vowel = max(first - CONSONANT, 0), pitch[first:end]
        piece = np.ascontiguousarray(x[int(first * PERIOD * RATE) : int((end + 2) * PERIOD * RATE)])
        if np.abs(piece).max(initial=0) < 0.2 * loudest:
            continue
        own = np.ascontiguousarray(pitch[first:end])
        at = np.arange(len(own)) * PERIOD
        envelope = pw.cheaptrick(piece, own, at, RATE)
        aperiodicity = pw.d4c(piece, own, at, RATE)
        found.append(Syllable(np.log(envelope + 1e-12), aperiodicity, own > 0, float(np.median(vowel))))
    return found


def stretched(frames: int, voiced: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Where in a syllable each of so many frames is read (fractional): consonant and ends in time, the vowel's middle slowed."""
    length = len(voiced)
    lead = int(np.argmax(voiced)) + EDGE
    if frames <= length or length - lead <= 2 * EDGE:
        return np.linspace(0, length - 1, frames)
    middle = frames - lead - EDGE
    place = np.concatenate([np.arange(lead), np.linspace(lead, length - 1 - EDGE, middle), np.arange(length - EDGE, length)])
    wobble = 1.5 * np.sin(2 * np.pi * np.cumsum(rng.uniform(1, 3, frames)) * PERIOD)  # a held vowel is never quite still
    inside = (np.arange(frames) > lead) & (np.arange(frames) < frames - EDGE)
    return np.clip(place + wobble * inside, 0, length - 1)


def read(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Rows of (L, bins) at fractional places."""
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, len(values) - 1)
    share = (place - below)[:, None]
    return values[below] * (1 - share) + values[above] * share


def melody_curve(notes: list[tuple[float, int]], rng: np.random.Generator) -> np.ndarray:
    """Pitch in semitones over all frames of (semitones, frames) notes: slides between them, vibrato that sets in, drift."""
    curve, before = [], None
    for pitch, frames in notes:
        at = np.arange(frames) * PERIOD
        slide = rng.uniform(0.05, 0.14)
        start = before if before is not None else pitch - rng.choice([0, 0, 0.7, 1.5])
        ease = 0.5 - 0.5 * np.cos(np.pi * np.clip(at / slide, 0, 1))
        grown = np.clip((at - rng.uniform(0.15, 0.4)) / 0.3, 0, 1)
        vibrato = rng.uniform(0.15, 0.7) * grown * np.sin(2 * np.pi * rng.uniform(4.8, 6.3) * at + rng.uniform(0, 6))
        curve.append(start + (pitch - start) * ease + vibrato)
        before = pitch
    curve = np.concatenate(curve)
    knots = np.arange(0, len(curve) + 40, 40)
    return curve + np.interp(np.arange(len(curve)), knots, rng.normal(0, 0.07, len(knots)))


def sung(voice: list[Syllable], rng: np.random.Generator, seconds: float) -> np.ndarray:
    """A melody of about so many seconds on syllables of one voice."""
    low = float(np.median([s.pitch for s in voice]))
    base = 12 * np.log2(np.clip(low * 2 ** (rng.uniform(1, 5) / 12), LOWEST * 1.2, 420))
    scale = rng.choice(len(SCALES))
    steps = np.array([12 * octave + s for octave in (-1, 0, 1) for s in SCALES[scale]])
    steps = steps[(steps >= -4) & (steps <= 11)]
    beat, step = rng.uniform(0.3, 0.75), int(rng.integers(len(steps)))
    notes, envelopes, aperiodic, voiced, total = [], [], [], [], 0
    while total * PERIOD < seconds:
        step = int(np.clip(step + rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 3]), 0, len(steps) - 1))
        syllable = voice[rng.integers(len(voice))]
        frames = max(round(beat * rng.choice([0.5, 1, 1, 1, 1.5, 2, 3]) / PERIOD), 30)
        place = stretched(frames, syllable.voiced, rng)
        envelope = read(syllable.envelope, place)
        level = np.log(np.exp(envelope).sum(axis=1).max())
        swell = np.interp(np.arange(frames), [0, 6, frames - 12, frames - 1], [-1.5, 0, 0, -3])  # natural logarithm of power
        envelopes.append(envelope - level + swell[:, None] + rng.normal(0, 0.4))
        aperiodic.append(read(syllable.aperiodicity, place))
        voiced.append(syllable.voiced[np.rint(place).astype(int)])
        notes.append((base + steps[step], frames))
        total += frames
        if rng.random() < 0.12:
            rest = round(rng.uniform(0.1, 0.5) / PERIOD)
            envelopes.append(np.full((rest, envelope.shape[1]), SILENT))
            aperiodic.append(np.ones((rest, envelope.shape[1])))
            voiced.append(np.zeros(rest, bool))
            notes.append((base + steps[step], rest))
            total += rest
    pitch = np.clip(2 ** (melody_curve(notes, rng) / 12), LOWEST, HIGHEST) * np.concatenate(voiced)
    power = np.exp(np.concatenate(envelopes))
    return pyworld_or_exit().synthesize(pitch, power, np.concatenate(aperiodic), RATE, 1000 * PERIOD).astype(np.float32)
