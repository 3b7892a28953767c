"""Recordings of people, beasts and things, gathered from packages: cleaned, kept apart by voice, written with their terms."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from .cleaning import RATE, bandwidth, cleaned, clipping, evened, resampled, without_pauses
from .packages import copyright_terms, debian_package, sounds_in, terms_of
from .provenance import Source, record


@dataclass
class Clip:
    """One recording. `voice` is who or what is heard, as far as the package tells: a voice is never in train and in held."""

    source: Source
    sample: str
    voice: str
    audio: np.ndarray = field(repr=False)
    kind: str = "real"
    mark: str = ""  # at the end of the file's name

    @property
    def filename(self) -> str:
        return re.sub(r"[^A-Za-z0-9_-]+", "_", f"{self.voice}-{Path(self.sample).stem}{self.mark}") + ".flac"


@dataclass(frozen=True)
class Package:
    """Where to look, and what its debian/copyright says. Without `licence` the file is machine-readable: it is asked for
    each sound, which it knows by another path: `prefix` in place of `root`. `evidence` is quoted in the records."""

    name: str
    licence: str = ""
    author: str = ""
    evidence: str = ""
    root: str = ""
    prefix: str = ""


def from_debian(
    package: Package, voice: Callable[[str], str | None], least_rate: int = RATE, most: float = float("inf")
) -> Iterator[Clip]:
    """The clips of a package, in order; `voice` names who is heard in a file of that name, None leaves it out.

    Files below `least_rate` Hz are left out. Of several channels the mean is taken, or the first if the mean all but cancels.
    A voice that has had `most` minutes of sound, pauses cut out, is heard no more: nobody outweighs the others.
    """
    folder, version = debian_package(package.name)
    terms = []
    if not package.licence:
        terms = copyright_terms((folder / "usr/share/doc" / package.name / "copyright").read_text())
    had: dict[str, float] = defaultdict(float)
    for name, file in sounds_in(folder):
        if (who := voice(name)) is None or had[who] >= most:
            continue
        try:
            audio, rate = soundfile.read(file, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            continue
        if rate < least_rate or not len(audio):
            continue
        if terms:
            said = terms_of(package.prefix + name.removeprefix(package.root), terms)
            where = f"debian/copyright, paragraph '{said.patterns[0]}{' …' if len(said.patterns) > 1 else ''}'"
            source = Source(package.name, package.name, version, said.licence, said.holders, where)
        else:
            source = Source(package.name, package.name, version, package.licence, package.author, package.evidence)
        audio = without_pauses(resampled(mono(audio), rate))
        had[who] += len(audio) / RATE / 60
        yield Clip(source, name, who, audio)


def mono(audio: np.ndarray) -> np.ndarray:
    """(samples, channels) → the mean, or the first channel where the channels would cancel."""
    mean = audio.mean(axis=1)
    return mean if np.square(mean).sum() > 0.25 * np.square(audio[:, 0]).sum() else audio[:, 0]


def fault(least_bandwidth: float, most_clipping: float = 0.003) -> Callable[[np.ndarray], str]:
    """What is wrong with a recording, in words; "" if nothing is."""

    def found(audio: np.ndarray) -> str:
        if clipping(audio) > most_clipping:
            return f"clipped in more than {100 * most_clipping:g} % of its samples"
        if bandwidth(audio) < least_bandwidth:
            return f"with nothing above {least_bandwidth / 1000:g} kHz"
        return ""

    return found


def held_voices(minutes: dict[str, float], share: float = 0.12, most: float = 0.15) -> set[str]:
    """The voices kept from training: in the order of a hash, about `share` of all minutes and never more than `most`."""
    total, held, sum_held = sum(minutes.values()), set(), 0.0
    for voice in sorted(minutes, key=lambda v: hashlib.sha1(v.encode()).digest()):
        if sum_held < share * total and sum_held + minutes[voice] <= most * total:
            held.add(voice)
            sum_held += minutes[voice]
    return held


def family(licence: str) -> str:
    """The subfolder for a licence: copyleft ones by name and apart from one another, the permissive ones together."""
    for name in ("gpl", "cc-by-sa"):
        if licence.lower().startswith(name):
            return name
    return "free"


def without_share_alike(clips: list[Clip]) -> tuple[list[Clip], Counter]:
    """The clips that may stand beside the GPL's, and how many may not: one model is not made of GPL and CC-BY-SA sounds."""
    free = [clip for clip in clips if family(clip.source.licence) != "cc-by-sa"]
    apart = len(clips) - len(free)
    return free, Counter({"under CC-BY-SA, kept apart from the GPL": apart} if apart else {})


def chosen(clips: list[Clip], least_bandwidth: float = 9500.0) -> tuple[list[Clip], set[str], Counter]:
    """The clips worth having, the voices among them that are held out, and what was left out."""
    clips, dropped = cleaned(clips, lambda audio: audio, fault(least_bandwidth))
    minutes: dict[str, float] = defaultdict(float)
    for clip in clips:
        minutes[clip.voice] += len(clip.audio) / RATE / 60
    return clips, held_voices(minutes), dropped


def placed(clips: list[Clip], root: Path, held: set[str], rms_db: float = -20.0) -> list[dict]:
    """Level and write clips as SPLIT/LICENCE FAMILY/VOICE-NAME.flac, those of the voices `held` apart; a record for each."""
    records = []
    for clip in clips:
        split = "held" if clip.voice in held else "train"
        path = unused(root / split / family(clip.source.licence) / clip.filename)
        path.parent.mkdir(parents=True, exist_ok=True)
        audio = evened(clip.audio, rms_db)
        soundfile.write(path, audio, RATE, "PCM_16")
        said = record(path, root, clip.source, clip.sample, audio)
        records.append(said | {"voice": clip.voice, "kind": clip.kind})
    return records


def unused(path: Path) -> Path:
    """The path, with a number if a file of another folder had the same name."""
    number, free = 2, path
    while free.exists():
        free, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
    return free
