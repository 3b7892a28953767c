"""Audio files in and out, and resampling."""

from __future__ import annotations

import math
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from ..errors import BadValue, Damaged, DiskError, MelismaWarning, NotFound
from ..system.atomic import atomic, check_target

BLOCK = 1 << 16  # frames handled at once wherever a file is streamed
RATES = (1_000, 1_536_000)  # Hz; a header that claims anything else is damaged or not about sound
QUALITY = "HQ"  # soxr's, here and in `prepare`: 20 bits, flat to 0.91 of the lower Nyquist frequency

# suffix → libsndfile's format and the subtype used unless another is asked for
FORMATS = {
    ".wav": ("WAV", "PCM_24"),
    ".flac": ("FLAC", "PCM_24"),
    ".aif": ("AIFF", "PCM_24"),
    ".aiff": ("AIFF", "PCM_24"),
    ".caf": ("CAF", "PCM_24"),
    ".au": ("AU", "PCM_24"),
    ".w64": ("W64", "PCM_24"),
    ".rf64": ("RF64", "PCM_24"),
    ".ogg": ("OGG", "VORBIS"),
    ".oga": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
_HOLDS_OVERS = {"FLOAT", "DOUBLE", "VORBIS", "OPUS", "MPEG_LAYER_III"}  # subtypes that do not clip at full scale
_WAV_LIMIT = 4 * 10**9  # bytes; a WAV header counts in 32 bits


@dataclass(frozen=True, eq=False)
class Audio:
    """A sound: `samples` float32 (C, T), full scale ±1, at `rate` Hz. A (T,) array is taken as one channel."""

    samples: np.ndarray
    rate: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", _as_channels(self.samples))
        object.__setattr__(self, "rate", checked_rate(self.rate, "the sample rate"))

    @property
    def channels(self) -> int:
        return self.samples.shape[0]

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.samples.shape[1] / self.rate

    def mono(self) -> Audio:
        """The mean of the channels, as an Audio of samples (1, T)."""
        return self if self.channels == 1 else Audio(self.samples.mean(axis=0, keepdims=True), self.rate)


def read(path: str | os.PathLike) -> Audio:
    """Any file that libsndfile reads, at its own rate and with its own channels.

    NaN and infinite samples become 0, and a file that ends before its header says is read as far as it goes; a
    warning names the file in both cases. MelismaError if there is no sound to be had from it.
    """
    with open_sound(path) as file:
        announced, rate = file.frames, file.samplerate
        whole = _announced(file)
        # Compressed formats may announce any length, even an unknown one: beyond a sample a byte, believe what arrives.
        believed = max(1 << 24, os.path.getsize(path)) // file.channels
        samples = np.empty((file.channels, min(announced, believed)), np.float32)
        filled = replaced = 0
        for block, bad in blocks(file, path):
            end = filled + block.shape[1]
            if end > samples.shape[1]:
                more = min(announced, 2 * samples.shape[1]) - samples.shape[1]
                samples = np.concatenate([samples, np.empty((samples.shape[0], more), np.float32)], axis=1)
            samples[:, filled:end] = block
            filled, replaced = end, replaced + bad
    if filled == 0:
        raise Damaged(f"{path} holds no samples; record or export it again")
    if announced < 1 << 48:
        whole = max(whole, announced)
    if filled < whole:
        text = f"{path} is cut short: it holds {filled / rate:.2f} s of the {whole / rate:.2f} s it announces"
        warnings.warn(text, MelismaWarning, stacklevel=2)
    if replaced:
        text = f"{path}: {replaced} samples that are not numbers were replaced by silence"
        warnings.warn(text, MelismaWarning, stacklevel=2)
    return Audio(np.ascontiguousarray(samples[:, :filled]), rate)


def open_sound(path: str | os.PathLike) -> soundfile.SoundFile:
    """The open file, for streaming with `blocks`; MelismaError says why a file is no sound."""
    path = Path(path)
    try:
        if path.is_dir():
            raise BadValue(f"{path} is a folder, not a sound file; name a file inside it")
        if not path.exists():
            raise NotFound(f"{path} does not exist; check its name and the folder you are in")
        if not path.is_file():
            raise BadValue(f"{path} is not an ordinary file; save the sound to a file first")
        if path.stat().st_size == 0:
            raise Damaged(f"{path} is empty (0 bytes); record or export it again")
        with path.open("rb"):  # for the reason that the system gives
            file = soundfile.SoundFile(_native(path))
    except OSError as error:
        raise DiskError(f"{path} cannot be opened: {error.strerror}; check its permissions") from error
    except TypeError as error:  # soundfile asks for the rate of a .raw file
        raise Damaged(f"{path} is raw audio without a header; convert it to WAV or FLAC") from error
    except soundfile.SoundFileError as error:
        raise Damaged(f"{path} is not audio that can be read; convert it to WAV, FLAC, OGG or MP3") from error
    if not RATES[0] <= file.samplerate <= RATES[1]:
        file.close()
        raise Damaged(
            f"{path} claims a sample rate of {file.samplerate} Hz, outside {RATES[0]} to {RATES[1]} Hz; export it again"
        )
    if file.frames == 0:
        file.close()
        raise Damaged(f"{path} holds no samples; record or export it again")
    return file


def _announced(file: soundfile.SoundFile) -> int:
    """The frames that the header of a WAV or AIFF announces where more are announced than there are, else 0.

    libsndfile counts what there is, and says in its log how many bytes there should be. Programs that write into a pipe announce
    as much as can be, for they do not know: that is not believed.
    """
    found = re.search(r"^ ?(?:data|SSND) : (\d+) \(should be (\d+)\)", file.extra_info, re.MULTILINE)
    if not found:
        return 0
    said, there = (int(number) for number in found.groups())
    return round(file.frames * said / there) if 0 < there < said < 0x7FFF0000 else 0


def blocks(file: soundfile.SoundFile, path: str | os.PathLike) -> Iterator[tuple[np.ndarray, int]]:
    """The rest of an open file as (samples float32 (C, n), how many of them were NaN or infinite and are now 0).

    MelismaError if the file turns out to be damaged on the way.
    """
    done = 0
    while True:
        try:
            block = file.read(BLOCK, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            seconds = done / file.samplerate
            raise Damaged(f"{path} is damaged and cannot be decoded beyond {seconds:.2f} s; export it again") from error
        if not len(block):
            return
        done += len(block)
        finite = np.isfinite(block)
        bad = block.size - int(np.count_nonzero(finite))
        if bad:
            block[~finite] = 0
        yield block.T, bad


def resample(x: np.ndarray, rate_from: int, rate_to: int) -> np.ndarray:
    """x (..., T) at `rate_from` Hz → float32 (..., round(T · rate_to / rate_from)) at `rate_to` Hz."""
    rate_from, rate_to = checked_rate(rate_from, "rate_from"), checked_rate(rate_to, "rate_to")
    x = np.asarray(x, dtype=np.float32)
    if rate_from == rate_to:
        return x
    y = np.empty((*x.shape[:-1], resampled_length(x.shape[-1], rate_from, rate_to)), np.float32)
    for index in np.ndindex(x.shape[:-1]):  # one channel at a time: an hour of stereo is never interleaved in memory
        fill(y[index], resampled(cut(x[index], BLOCK), rate_from, rate_to))
    return y


def resampled(pieces: Iterable[np.ndarray], rate_from: int, rate_to: int) -> Iterator[np.ndarray]:
    """What `resample` makes of a sound, piece by piece: float32 (n,) each, of any length."""
    if rate_from == rate_to:
        yield from pieces
        return
    stream, read, made = soxr.ResampleStream(rate_from, rate_to, 1, "float32", QUALITY), 0, 0
    for piece in pieces:
        out = stream.resample_chunk(np.ascontiguousarray(piece, np.float32))
        read, made = read + len(piece), made + len(out)
        yield out
    last = stream.resample_chunk(np.zeros(0, np.float32), last=True)
    yield fit_length(last, max(0, resampled_length(read, rate_from, rate_to) - made))


def cut(x: np.ndarray, n: int) -> Iterator[np.ndarray]:
    """x (..., T) in pieces of n samples, the last one shorter."""
    return (x[..., start : start + n] for start in range(0, x.shape[-1], n))


def fill(out: np.ndarray, pieces: Iterable[np.ndarray]) -> np.ndarray:
    """out (T,) with the pieces in it, one after the other: what is too much is left out, what is missing is 0."""
    done = 0
    for piece in pieces:
        piece = piece[: len(out) - done]
        out[done : done + len(piece)] = piece
        done += len(piece)
    out[done:] = 0
    return out


def resampled_length(samples: int, rate_from: int, rate_to: int) -> int:
    """How many samples `resample` makes of so many."""
    return round(samples * rate_to / rate_from)


def fit_length(x: np.ndarray, n: int) -> np.ndarray:
    """x (..., T) → (..., n): the end is cut off, or zeros are added to it."""
    missing = n - x.shape[-1]
    if missing <= 0:
        return x[..., :n]
    return np.concatenate([x, np.zeros((*x.shape[:-1], missing), x.dtype)], axis=-1)


def write(path: str | os.PathLike, samples: np.ndarray, rate: int, subtype: str | None = None) -> None:
    """Write samples (C, T) or (T,), full scale ±1, at `rate` Hz, in the format that the suffix names; whole or not at all.

    subtype: libsndfile's name for the sample format; 24-bit PCM unless said otherwise where the format has it
    ("FLOAT" clips nothing). Samples beyond full scale are clipped by the integer formats, with a warning that says
    by how much. MelismaError for NaN or infinite samples, unknown suffixes, missing folders and failing disks.
    """
    path = Path(path)
    check_target(path, FORMATS)
    file_format, default = FORMATS[path.suffix.lower()]
    subtype = subtype or default
    samples, rate = _as_channels(samples), checked_rate(rate, f"the sample rate of {path}")
    channels, length = samples.shape
    if samples.size == 0:
        raise BadValue(f"{path} was not written: there are no samples to put in it")
    if not soundfile.check_format(file_format, subtype):
        known = ", ".join(soundfile.available_subtypes(file_format))
        raise BadValue(f"{path} cannot hold {subtype} samples; {path.suffix} files take {known}")
    if file_format == "WAV" and samples.size * (8 if subtype == "DOUBLE" else 4) > _WAV_LIMIT:
        raise BadValue(f"{path} would outgrow what a WAV file can hold; write .flac, .w64 or .rf64 instead")
    low, high = float(samples.min()), float(samples.max())  # NaN if any sample is
    peak = max(-low, high)
    if not math.isfinite(low) or not math.isfinite(high):
        raise BadValue(f"{path} was not written: some samples are NaN or infinite; find the step that made them")
    with atomic(path) as temporary:
        try:
            with soundfile.SoundFile(_native(temporary), "w", rate, channels, subtype, format=file_format) as file:
                for start in range(0, length, BLOCK):  # in blocks, as libsndfile's Vorbis encoder overruns its stack on long ones
                    file.write(samples[:, start : start + BLOCK].T)
            written = soundfile.info(_native(temporary)).frames
        except (soundfile.SoundFileError, AssertionError) as error:  # soundfile asserts that everything was written
            reason = (getattr(error, "error_string", "") or str(error) or "the disk took only a part of it").rstrip(". ")
            what = f"{channels} channels at {rate} Hz as {file_format} {subtype}"
            raise DiskError(f"{path} could not be written: {reason} ({what}); check the free space, or write .wav") from error
        if written < length:
            raise DiskError(f"{path} could not be written: only {written} of {length} samples arrived; check the free space")
    if peak > 1 and subtype not in _HOLDS_OVERS:
        over = 20 * math.log10(peak)
        text = f"{path}: samples were clipped, {over:.1f} dB above full scale; lower the level by as much"
        warnings.warn(text, MelismaWarning, stacklevel=2)


def _native(path: Path) -> Path | bytes:
    """A name as libsndfile takes it: where names are bytes, some are no Unicode, and soundfile would refuse them."""
    return os.fsencode(path) if os.name == "posix" else path


def _as_channels(samples: np.ndarray) -> np.ndarray:
    samples = np.asarray(samples)
    if samples.dtype.kind != "f":
        raise BadValue(f"samples are {samples.dtype}, not floating point; divide integers by their full scale")
    if samples.ndim == 1:
        samples = samples[None]
    if samples.ndim != 2 or samples.shape[0] == 0:
        raise BadValue(f"samples have the shape {samples.shape}; (channels, samples) or (samples,) is needed")
    with np.errstate(over="ignore"):  # becomes infinite, which `write` refuses
        return samples.astype(np.float32, copy=False)


def checked_rate(rate: int, name: str) -> int:
    """The rate in Hz, if it is one that sound can have; `name` says in the MelismaError whose it is."""
    if not isinstance(rate, (int, float, np.number)) or not RATES[0] <= rate <= RATES[1] or int(rate) != rate:
        raise BadValue(f"{name} is {rate} Hz; a whole number from {RATES[0]} to {RATES[1]} Hz is needed")
    return int(rate)
