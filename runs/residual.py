"""Residual layers, measured: the rows of docs/lab/residual.md.

    python runs/residual.py forms             how quickly followed, how long held, how coarse, from which cosine
    python runs/residual.py basis             bits a second in cosines and in a basis learnt from training sounds
    python runs/residual.py transfers         matched, with fine structure from which cosine, and how much of it
    python runs/residual.py leak              what all layers tell of the loudness, and the slope of a loudness set by hand
    python runs/residual.py kept              matched, with fine structure as it was before the latents were moved
    python runs/residual.py say               what the core does now: each row of the layers

Needs the sets of `runs/sources.py strings screams singing speech` and of elsewhere. A form is tried in numpy on what the
model encodes and decodes, and goes through its vocoder; `say` plays the model itself.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from scipy.fft import dct, idct

from melisma.files.bands import band_weights
from melisma.latent import LatentPath, edits
from melisma.latent.residual import SILENT, SOUNDING
from melisma.measure import metrics, probe
from melisma.measure.likeness import Ear, distance, timbre
from melisma.model import Model, load
from melisma.sound.audio import Audio, read
from melisma.sound.rates import resample
from melisma.system.home import home
from melisma.training.mel import absolute, decoder_target, levelled

TOP = Path(__file__).resolve().parents[1]
RATE, SECONDS = 44100, 5.0
PHRASES = {"strings": 9, "singing": 4, "speech": 4, "screams": 2}  # held-out sounds of each domain, the longest
ELSEWHERE = 3  # and of each of the sets that no training saw
LEARNT = 60  # sounds of a domain, for an ear, a basis or a probe
PITCHED = ("strings", "singing", "speech")
Heard = tuple[LatentPath, np.ndarray]  # a path and its sound's mel


@dataclass(frozen=True)
class Form:
    """ms: of the pole. held: frames from one reading to the next. step: dB, 0 for none. first: cosine of fine structure; top: the
    one after the last that is kept. fine, colour: amounts."""

    ms: float = 23
    held: int = 1
    step: float = 0
    first: int = 20
    top: int = 1024
    fine: float = 1
    colour: float = 1

    def __str__(self) -> str:
        quick = (
            f"{self.ms:g} ms"
            + (f", held {self.held} frames" if self.held > 1 else "")
            + (f", {self.step:g} dB" if self.step else "")
        )
        return (
            quick + f", from {self.first}" + (f" to {self.top}" if self.top < 1024 else "") + f": {self.fine:g}, {self.colour:g}"
        )


@dataclass
class Sound:
    """A sound through a model, relative mels (M, L) in units of 100 dB: its own, what its latents decode to, and these edited."""

    model: Model
    x: np.ndarray
    path: LatentPath
    true: np.ndarray
    made: np.ndarray
    edited: np.ndarray


def opened(file: Path) -> np.ndarray:
    audio = read(file)
    return resample(audio.mono().samples[0], audio.rate, RATE)[: int(SECONDS * RATE)]


def longest(folder: Path, most: int) -> list[Path]:
    return sorted(folder.rglob("*.flac"), key=lambda file: (-file.stat().st_size, file.name))[:most]


def spread(domain: str, split: str, most: int) -> list[Path]:
    return evenly(sorted((home() / "data" / domain / split).rglob("*.flac")), most)


def evenly(files: list[Path], most: int) -> list[Path]:
    return [files[int(i)] for i in np.linspace(0, len(files) - 1, min(most, len(files)))]


@cache
def model(domain: str) -> Model:
    return load(TOP / "models" / f"{domain}.melisma")


def relative(mel: np.ndarray, loudness: np.ndarray) -> np.ndarray:
    return decoder_target(*map(torch.from_numpy, (mel.astype(np.float64), loudness.astype(np.float64)))).numpy()


def prepared(domain: str, x: np.ndarray, edit=lambda path: path) -> Sound:
    own = model(domain)
    path = own.encode(x)
    made, edited = (own.decode_mel(p, fine=0, colour=0) for p in (path, edit(path)))
    true = own.mel(x)[:, : path.frames]
    return Sound(own, x, path, *(relative(mel, path.loudness) for mel in (true, made, edited)))


def cosines(sound: Sound, form: Form) -> np.ndarray:
    """What is left out, followed and read, in dB: (M, L)."""
    left = (sound.true - sound.made) * np.clip((sound.path.loudness - SILENT) / (SOUNDING - SILENT), 0, 1)
    pole, state = 1 / max(1.0, form.ms / 1000 * sound.path.rate), np.zeros(len(left))
    followed = np.empty_like(left)
    for at in range(left.shape[1]):
        state = state + pole * (left[:, at] - state)
        followed[:, at] = state
    c = 100 * dct(followed, axis=0, norm="ortho")[:, np.arange(left.shape[1]) // form.held * form.held]
    c = np.round(c / form.step) * form.step if form.step else c
    c[0], c[form.top :] = 0, 0
    return c


def played(sound: Sound, form: Form = Form(), given: np.ndarray | None = None) -> np.ndarray:
    """The waveform of a form, or with given cosines (M, L) in dB in its place."""
    c = (cosines(sound, form) if given is None else given) / 100
    c[: form.first] *= form.colour
    c[form.first :] *= form.fine
    shape = torch.from_numpy(sound.edited + idct(c, axis=0, norm="ortho"))[None]
    weights = torch.from_numpy(np.log(band_weights(sound.model.config.analysis) + 1e-20))
    mel = (
        absolute(levelled(shape, weights), torch.from_numpy(sound.path.loudness.astype(np.float64)))[0].numpy().astype(np.float32)
    )
    y = np.concatenate(list(sound.model._engine.synthesized(np.ascontiguousarray(mel))))[: len(sound.x)]
    return np.pad(y, (0, len(sound.x) - len(y)))


def entropy(steps: np.ndarray) -> float:
    """Bits a second-to-second difference of each row (M, L) takes, all rows together."""
    total = 0.0
    for row in np.diff(steps, axis=1):
        share = np.unique(row, return_counts=True)[1] / len(row)
        total -= float(share @ np.log2(share))
    return total


def bits(sounds: list[Sound], form: Form) -> tuple[float, float]:
    """kbit/s of colour and of fine structure: order-0 entropy of each cosine's differences, all sounds together."""
    read_ = np.concatenate([cosines(sound, form)[:, :: form.held] for sound in sounds], 1) / (form.step or 1)
    rate = sounds[0].path.rate / form.held / 1000
    return rate * entropy(read_[: form.first]), rate * entropy(read_[form.first :])


def heard(sounds: list[Sound], outputs: list[np.ndarray]) -> str:
    """ViSQOL, and pitch lost, gross errors and cents of those that have one, as cells."""
    quality = np.nanmean([metrics.visqol(s.x, y, RATE).mos for s, y in zip(sounds, outputs, strict=True)])
    pitch = [metrics.pitch_error(s.x, y, RATE) for s, y in zip(sounds, outputs, strict=True)]
    gross = np.nanmean([1.0 if np.isnan(p.gross) and not np.isnan(p.lost) else p.gross for p in pitch])
    return (
        f"{quality:.2f} | {np.nanmean([p.lost for p in pitch]):.0%} | {gross:.0%} | {np.nanmedian([p.cents for p in pitch]):.1f}"
    )


def sets() -> dict[str, list[Sound]]:
    held = [prepared(d, opened(f)) for d, n in PHRASES.items() for f in longest(home() / "data" / d / "held", n)]
    other = [prepared(d, opened(f)) for d in PHRASES for f in longest(home() / "data" / f"elsewhere-{d}", ELSEWHERE)]
    return {"held": held, "elsewhere": other}


def forms() -> None:
    tried = [Form(ms) for ms in (6, 12, 23, 50, 93)] + [Form(0, 1, step) for step in (1, 2, 3, 4)]
    tried += [Form(12, 2, step) for step in (1, 2)] + [Form(12, 4, 1), Form(23, 2, 1), Form(23, 4, 2), Form(23, 4, 4)]
    tried += [Form(first=first, colour=0) for first in (8, 12, 16, 20, 24)] + [Form(first=20, top=64, colour=0), Form(fine=0)]
    found = sets()
    for name, sounds in found.items():
        copies = [np.asarray(s.model.copy_synthesis(s.x)).ravel() for s in sounds]
        print(f"| copy synthesis, {name} | – | {heard(sounds, copies)} |")
        for form in [Form(fine=0, colour=0), *tried]:
            rate = "{:.1f} + {:.1f}".format(*bits(sounds, form)) if form.step else "–"
            print(f"| {form}, {name} | {rate} | {heard(sounds, [played(s, form) for s in sounds])} |", flush=True)


def say() -> None:
    for name, sounds in sets().items():
        for fine, colour in ((0, 0), (1, 0), (1, 1)):
            outputs = [np.asarray(s.model.decode(s.path, fine=fine, colour=colour)).ravel() for s in sounds]
            print(f"| fine {fine}, colour {colour}, {name} | {heard(sounds, outputs)} |", flush=True)
            if fine:  # and the sound's own phases
                own = [Audio(s.x[None], RATE) for s in sounds]
                outputs = [
                    np.asarray(s.model.decode(s.path, fine=fine, colour=colour, sound=x)).ravel()
                    for s, x in zip(sounds, own, strict=True)
                ]
                print(f"| the same, beside its sound, {name} | {heard(sounds, outputs)} |", flush=True)


def basis() -> None:
    """Both orthonormal, so one step is one error: what differs is the bits."""
    form = Form(12, 2, 1)
    for domain in PHRASES:
        train = [cosines(prepared(domain, opened(f)), Form(12)) for f in spread(domain, "train", LEARNT)]
        test = [cosines(prepared(domain, opened(f)), Form(12)) for f in spread(domain, "held", LEARNT // 2)]
        axes = np.linalg.svd(np.concatenate(train, 1) @ np.concatenate(train, 1).T)[0]
        read_ = np.concatenate([c[:, :: form.held] for c in test], 1)
        rate = model(domain).frame_rate / form.held / 1000
        fixed, learnt = (rate * entropy(np.round(turn @ read_)) for turn in (np.eye(len(axes)), axes.T))
        print(f"| {domain} | {fixed:.1f} | {learnt:.1f} |", flush=True)


def learnt_ear() -> Ear:
    return Ear({d: [t for f in spread(d, "train", 2 * LEARNT) if len(t := timbre(opened(f), RATE))] for d in PHRASES})


def pairs(held: int = 0) -> list[tuple[str, np.ndarray]]:
    """A domain and a sound of another: those that are shipped, and so many held-out ones of each domain that has pitch."""
    of = {"A": "strings", "B": "strings", "voice": "singing"}
    inputs = {f.stem: opened(f) for f in sorted((TOP / "src/melisma/sounds").rglob("*.flac"))}
    for domain in PITCHED:
        for file in spread(domain, "held", held):
            inputs[file.stem], of[file.stem] = opened(file), domain
    return [(d, x) for d in PITCHED for name, x in inputs.items() if of.get(name) != d]


def judged(ear: Ear, sounds: list[Sound], outputs: list[np.ndarray]) -> str:
    """Pitch, distance to the domain and to the input, and how many are nearer to the domain and taken for it, as cells."""
    frames = [timbre(y, RATE) for y in outputs]
    there = [ear.distance(f, s.model.name) for s, f in zip(sounds, frames, strict=True)]
    back = [distance(f, timbre(s.x, RATE), ear.scale) for s, f in zip(sounds, frames, strict=True)]
    nearer = sum(a < b for a, b in zip(there, back, strict=True))
    taken = sum(ear.tell(f) == s.model.name for s, f in zip(sounds, frames, strict=True))
    cells = heard(sounds, outputs).split(" | ", 1)[1]
    return f"{cells} | {np.nanmean(there):.2f} | {np.nanmean(back):.2f} | {nearer}, {taken} of {len(sounds)}"


def transfers() -> None:
    ear = learnt_ear()
    sounds = [prepared(domain, x, lambda path: path.match()) for domain, x in pairs()]
    tried = [Form(12, 2, 1, first, colour=0) for first in (8, 12, 16, 20, 24)]
    for form in [Form(fine=0, colour=0), *tried, Form(12, 2, 1, fine=0.5, colour=0), Form(12, 2, 1, colour=0.3)]:
        print(f"| {form} | {judged(ear, sounds, [played(s, form) for s in sounds])} |", flush=True)


def kept() -> None:
    """Fine structure of the sound less that of the matched mel, instead of less that of its own latents."""
    ear, inputs = learnt_ear(), pairs(held=2)

    def tried(name: str, edit: Callable[[LatentPath], LatentPath], amounts=(1.0,), first: int = 20) -> None:
        sounds = [prepared(domain, x, edit) for domain, x in inputs]
        for amount in amounts:
            mixed = [replace(s, made=(1 - amount) * s.made + amount * s.edited) for s in sounds]
            outputs = [played(s, Form(0, first=first, colour=0)) for s in mixed]
            print(f"| {name}, {amount:g} kept | {judged(ear, sounds, outputs)} |", flush=True)

    tried("matched", lambda path: path.match(), (0, 0.5, 1))
    tried("all", lambda path: edits.matched(path, pitch=1), (0, 0.5, 1))
    tried("all, from cosine 12", lambda path: edits.matched(path, pitch=1), first=12)
    tried("the domain's middle", lambda path: path.scale(0))
    for ms in (13.5, 6, 3):
        edits.STEADY = ms / 1000
        tried(f"all, smoothed by {ms:g} ms", lambda path: edits.matched(path, pitch=1))


def leak() -> None:
    """Beside what the latents and all layers tell: what the sound's own spectrum does, its level taken out."""
    for domain in PHRASES:
        train, test = (
            [(model(domain).encode(x), model(domain).mel(x)) for x in map(opened, spread(domain, split, LEARNT))]
            for split in ("train", "held")
        )
        latents = told(train, test, lambda path, mel: path.values)
        layers = told(train, test, lambda path, mel: np.concatenate([path.values, path.fine, path.colour]))
        shape = told(train, test, lambda path, mel: np.clip(100 * (mel - 1) - path.loudness, -70, 40))
        print(f"| {domain} | {latents:.2f} | {layers:.2f} | {shape:.2f} |", flush=True)


def told(train: list[Heard], test: list[Heard], rows: Callable[[LatentPath, np.ndarray], np.ndarray]) -> float:
    """R² of the loudness, from rows (K, L) of a path and its sound's mel."""
    (x, y), (test_x, test_y) = (([rows(*heard) for heard in some], [path.loudness for path, _ in some]) for some in (train, test))
    return probe.leak(x, y, test_x, test_y)


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"forms": forms, "basis": basis, "transfers": transfers, "kept": kept, "leak": leak, "say": say}
    parser.add_argument("part", choices=parts)
    parts[parser.parse_args().part]()
