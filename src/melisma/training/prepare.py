"""A folder of sounds → a prepared set that training maps into memory, and a report on what the folder holds.

A prepared set is a folder of two files. `audio.i16`: every clip, one after another, mono 16-bit little-endian at one
sample rate (a value v stands for v / 32768 of full scale). `index.json`: {"version": 3, "sample_rate": Hz, "clips":
[{"file", "start", "samples", "split": "train" or "held"}, …], "report": {…}, "key": what it was made from}.

Everything is streamed, so a file or a folder may be larger than memory.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soxr

from ..errors import BadValue, Damaged, DiskError, MelismaError, NotFound
from ..files.config import AnalysisConfig
from ..sound.channels import Cancellation
from ..sound.door import checked_rate
from ..sound.folder import EXTENSIONS, walk
from ..sound.foreign import SUFFIXES as FOREIGN
from ..sound.foreign import installed
from ..sound.highpass import at_rest, highpass
from ..sound.rates import QUALITY
from ..sound.reading import open_sound
from ..system.interrupts import Deferred
from ..system.temporary import folder_beside, is_noise, sweep_once
from .folder_report import Report, Sound, summarize
from .holding_out import split

VERSION = 3
_AUDIO, _INDEX = "audio.i16", "index.json"
_REMEDY = "check the free space and the permissions, or set MELISMA_HOME to a folder of yours"
SILENCE = 10 ** (-60 / 20)  # RMS of a block of SILENCE_BLOCK seconds that counts as silent
SILENCE_BLOCK = 0.05
CLIPPED, CLIPPED_RUN = 0.999, 3  # so many samples in a row at this level or above are taken for clipping


Progress = Callable[[float, str], None]


def prepare(
    folder: str | os.PathLike[str], into: str | os.PathLike[str], sample_rate: int = 44100, progress: Progress | None = None
) -> Report:
    """Make a prepared set of all sounds beneath a folder in the folder `into`, which appears whole or not at all.

    Sounds are mixed to mono, freed of an offset and resampled to `sample_rate` Hz; the same sound in two files is used once;
    clips of any length are kept. Held out for evaluation: what lies beneath a subfolder `held` if there are subfolders `train`
    and `held`; else about 8 % of the minutes, as whole files chosen by a hash of their content; with fewer than 6 files,
    the end of each one longer than 4 s. An older set in `into` that was made from the same files is reused.

    progress is called with the share that is done (0 to 1) and the name of a file. Interrupted on Ctrl-C, SIGTERM and SIGHUP
    after the block of samples at hand, with nothing left behind. MelismaError if there is no sound, or
    `into` holds anything but a prepared set.
    """
    folder, into = Path(folder), Path(os.path.realpath(into))
    sweep_once(into.parent)
    sample_rate = checked_rate(sample_rate, "the sample rate of a prepared set")
    names, ignored, foreign = _find(folder, into)
    key = _key(folder, names, sample_rate)
    if report := _reusable(into, key):
        return report
    _check_target(into)
    report = Report(str(folder), sample_rate, ignored=ignored, unreadable=foreign)
    with Deferred() as requests:  # all that is begun is ended or taken away

        def told(share: float, name: str) -> None:
            requests.check()
            if progress:
                progress(share, name)

        try:
            into.parent.mkdir(parents=True, exist_ok=True)
            with folder_beside(into) as temporary:
                with open(temporary / _AUDIO, "wb") as out:
                    sounds = _convert_all(folder, names, out, report, told)
                clips = split(sounds, report)
                summarize(sounds, clips, report)
                index = {"version": VERSION, "sample_rate": sample_rate, "clips": clips, "report": report.to_dict(), "key": key}
                (temporary / _INDEX).write_text(json.dumps(index, indent=1), encoding="utf-8")
                _move(temporary, into)
        except OSError as error:
            reason = error.strerror or error
            raise DiskError(f"the prepared set {into} could not be written: {reason}; {_REMEDY}") from error
    return report


# --- the folder ---------------------------------------------------------------------------------------------------------


def _find(folder: Path, into: Path) -> tuple[list[str], int, dict[str, str]]:
    """Names of the sounds beneath a folder, how many other files there are, and sounds of foreign formats."""
    if not folder.exists():
        raise NotFound(f"the folder {folder} does not exist; check its name")
    if not folder.is_dir():
        raise BadValue(f"{folder} is not a folder; put the sounds into one and name that")
    names, others, foreign, readable = [], [], {}, installed()
    for file in walk(folder, os.path.realpath(into)):
        suffix = file.suffix.lower().lstrip(".")
        name = file.relative_to(folder).as_posix()
        if suffix in EXTENSIONS or suffix in FOREIGN and readable:
            names.append(name)
        elif suffix in FOREIGN:
            foreign[name] = f".{suffix} needs PyAV: pip install 'melisma[formats]', or convert it to WAV, FLAC, OGG or MP3"
        else:
            others.append(file.name)
    if not names and foreign:
        name, reason = next(iter(foreign.items()))
        raise NotFound(f"{folder} holds no sound that can be read: {name}: {reason} ({len(foreign)} such files)")
    if not names:
        found = f"{len(others)} other files, such as {', '.join(sorted(others)[:3])}" if others else "no files at all"
        looked_for = " ".join(f".{name}" for name in EXTENSIONS)
        raise NotFound(f"{folder} holds no sound: looked for {looked_for} in it and its subfolders, found {found}")
    return sorted(names), len(others), foreign


def _key(folder: Path, names: list[str], sample_rate: int) -> str:
    """What a prepared set follows from: the files' names, sizes and times of change, and the settings."""
    key = hashlib.sha256(f"{VERSION} {sample_rate} {folder.resolve()}".encode(errors="surrogateescape"))
    for name in names:
        try:
            state = (folder / name).stat()
        except OSError:  # a broken link: reported when it is opened
            continue
        key.update(f"\0{name}\0{state.st_size}\0{state.st_mtime_ns}".encode(errors="surrogateescape"))
    return key.hexdigest()


def _reusable(into: Path, key: str) -> Report | None:
    """The report of the set in `into` if it is whole and was made from the same files."""
    try:
        index = json.loads((into / _INDEX).read_text(encoding="utf-8"))
        end = max(clip["start"] + clip["samples"] for clip in index["clips"])
        if index["key"] != key or (into / _AUDIO).stat().st_size != 2 * end:
            return None
        report = Report.from_dict(index["report"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    report.reused = True
    return report


def _check_target(into: Path) -> None:
    """An error if writing to `into` would cost anyone anything: what lies beside a set in its folder stays there."""
    if into.exists() and not into.is_dir():
        raise BadValue(f"{into} is a file; name a new folder for the prepared set")
    files = {f.name for f in into.iterdir() if not is_noise(f.name)} if into.is_dir() else set()
    if files and _AUDIO not in files and not _is_index(into / _INDEX):
        raise BadValue(f"{into} is no prepared set and holds {min(files)}; name a new folder, or move that away")


def _is_index(file: Path) -> bool:
    try:
        return {"version", "sample_rate", "clips", "key"} <= json.loads(file.read_text(encoding="utf-8")).keys()
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def _move(temporary: Path, into: Path) -> None:
    """Put a finished set in place, of an older one if need be. Without its index it is none: that goes first and comes last."""
    into.mkdir(exist_ok=True)
    (into / _INDEX).unlink(missing_ok=True)
    for name in (_AUDIO, _INDEX):
        os.replace(temporary / name, into / name)


# --- the sounds ---------------------------------------------------------------------------------------------------------


def _convert_all(folder: Path, names: list[str], out: BinaryIO, report: Report, progress: Progress) -> list[Sound]:
    """Append every sound to the flat file, once; → those that are in it."""
    sizes = [(folder / name).stat().st_size if (folder / name).exists() else 0 for name in names]
    total, done = max(sum(sizes), 1), 0
    sounds: dict[str, Sound] = {}
    for name, size in zip(names, sizes, strict=True):
        path, name = folder / name, name.encode("utf-8", "replace").decode()  # a name that is no Unicode cannot be printed
        start = out.tell()

        def tick(share: float, done: int = done, size: int = size, name: str = name) -> None:
            progress((done + share * size) / total, name)

        try:
            sound = _convert(path, name, out, report.sample_rate, tick)
            if sound.taken is not None:  # once more, as it has to be this channel from its first sample on
                _back(out, start)
                sound = _convert(path, name, out, report.sample_rate, tick, taken=sound.taken)
            if sound.mono_peak > 1:  # once more, as it has to be softer from its first sample on
                _back(out, start)
                report.scaled[name] = round(20 * math.log10(sound.mono_peak), 2)
                sound = _convert(path, name, out, report.sample_rate, tick, 1 / sound.mono_peak, sound.taken)
        except MelismaError as error:
            _back(out, start)
            report.unreadable[name] = str(error).removeprefix(f"{path} ")
        else:
            if sound.digest in sounds:
                _back(out, start)
                report.scaled.pop(name, None)
                report.duplicates[name] = sounds[sound.digest].name
            else:
                sounds[sound.digest] = sound
        done += size
    progress(1.0, "")
    if not sounds:
        name, reason = next(iter(report.unreadable.items()))
        raise Damaged(f"none of the {len(names)} sounds in {folder} can be read; the first, {name}, {reason}")
    return list(sounds.values())


def _back(out: BinaryIO, start: int) -> None:
    out.seek(start)
    out.truncate()


def _convert(
    path: Path, name: str, out: BinaryIO, sample_rate: int, tick: Callable[[float], None], gain: float = 1.0,
    taken: int | None = None,
) -> Sound:  # fmt: skip
    """Append one file, times gain, to the flat file: the mean of its channels, or the one `taken`.

    `taken` of the answer is the channel to take: not None where the channels cancel each other in their mean. MelismaError if it
    is no sound.
    """
    with open_sound(path) as file:
        sound = Sound(name, out.tell() // 2, rate=file.rate, channels=file.channels, taken=taken)
        found = Cancellation()
        resampler = None
        if file.rate != sample_rate:
            resampler = soxr.ResampleStream(file.rate, sample_rate, 1, dtype="float32", quality=QUALITY)
        digest = hashlib.blake2b(digest_size=16)
        silence = _Silence(round(file.rate * SILENCE_BLOCK))
        before = np.zeros((file.channels, CLIPPED_RUN - 1), bool)  # the end of the last block, where a run may have begun
        below = at_rest()

        def append(x: np.ndarray) -> None:
            with np.errstate(over="ignore", invalid="ignore"):  # what is that far beyond full scale comes again, scaled
                pcm = np.clip(np.rint(x * 32768), -32768, 32767).astype("<i2")
            sound.samples += len(pcm)
            sound.energy += float(np.square(pcm, dtype=np.float64).sum()) / 32768**2
            digest.update(pcm.tobytes())
            out.write(pcm.tobytes())

        for block in file.blocks():
            tick(min(file.done / max(file.expected, file.done, 1), 1.0))
            if taken is None:
                found.add(block)
            level = np.abs(block)
            sound.peak = max(sound.peak, float(level.max()))
            high = np.concatenate([before, level >= CLIPPED], axis=1)
            sound.clipped |= bool((high[:, :-2] & high[:, 1:-1] & high[:, 2:]).any())
            before = high[:, 1 - CLIPPED_RUN :]
            mono = block.mean(axis=0, dtype=np.float64) if taken is None else block[taken].astype(np.float64)
            sound.mean += float(mono.sum())
            mono, below = highpass(mono, AnalysisConfig.highpass, file.rate, below)
            sound.mono_peak = max(sound.mono_peak, float(np.abs(mono).max()))
            silence.add(mono)
            with np.errstate(over="ignore"):
                mono = (mono * gain).astype(np.float32)
            append(resampler.resample_chunk(mono) if resampler else mono)
        if resampler:
            append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    if sound.samples == 0:
        raise Damaged(f"{path} is shorter than one sample at {sample_rate} Hz")
    if found.channel is not None:
        sound.taken = found.channel
    sound.remarks = [remark.removeprefix(f"{path} ").removeprefix(f"{path}: ") for remark in file.remarks]
    sound.replaced, sound.mean, sound.seconds = file.replaced, sound.mean / file.done, file.done / sound.rate
    sound.silent_seconds = silence.samples() / sound.rate
    sound.clipped &= sound.peak <= 1  # what goes beyond full scale was not cut off at it
    sound.digest = digest.hexdigest()
    return sound


class _Silence:
    """Counts the samples of silent blocks in a stream of mono samples."""

    def __init__(self, block: int):
        self.block, self.rest, self.silent = max(block, 1), np.zeros(0, np.float32), 0

    def add(self, x: np.ndarray) -> None:
        x = np.concatenate([self.rest, x])
        whole = len(x) - len(x) % self.block
        power = np.square(x[:whole].reshape(-1, self.block), dtype=np.float64).mean(axis=1)
        self.silent += self.block * int(np.count_nonzero(power < SILENCE**2))
        self.rest = x[whole:]

    def samples(self) -> int:
        last = len(self.rest) if len(self.rest) and np.square(self.rest, dtype=np.float64).mean() < SILENCE**2 else 0
        return self.silent + last
