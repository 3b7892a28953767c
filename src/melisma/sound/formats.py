"""The formats that `write` makes, and what each of them can hold: a table, checked before libsndfile is called.

libsndfile does not check all of it: a Vorbis file above 200 kHz, or of 256 channels, ends the process.
tests/sound/test_formats.py proves the table against libsndfile, in processes of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import soundfile

from ..errors import BadValue
from .door import MOST_CHANNELS, RATES

OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
OVERS = {"FLOAT", "DOUBLE", "VORBIS", "OPUS", "MPEG_LAYER_III"}  # subtypes that do not clip at full scale
WAV_BYTES = 4 * 10**9  # a WAV header counts in 32 bits


@dataclass(frozen=True)
class Format:
    """libsndfile's name of a format, the subtype used unless another is asked for, and what it holds.

    rates: all of them, or from the first to the last if they are two. step: above 65535 Hz rates are its multiples.
    """

    name: str
    subtype: str
    channels: int = MOST_CHANNELS
    rates: tuple[int, ...] = RATES
    step: int = 1

    def holds(self, rate: int) -> bool:
        if len(self.rates) == 2:
            return self.rates[0] <= rate <= self.rates[1] and (rate <= 65535 or rate % self.step == 0)
        return rate in self.rates

    def spoken(self) -> str:
        """Its rates, in words."""
        if len(self.rates) == 2:
            return f"{self.rates[0]} to {self.rates[1]} Hz" + (f", above 65535 in steps of {self.step}" if self.step > 1 else "")
        return f"{', '.join(str(rate) for rate in self.rates)} Hz"


FORMATS: dict[str, Format] = {
    ".wav": Format("WAV", "PCM_24"),
    ".flac": Format("FLAC", "PCM_24", 8, (RATES[0], 655350), 10),
    ".aif": Format("AIFF", "PCM_24"),
    ".aiff": Format("AIFF", "PCM_24"),
    ".caf": Format("CAF", "PCM_24"),
    ".au": Format("AU", "PCM_24"),
    ".w64": Format("W64", "PCM_24"),
    ".rf64": Format("RF64", "PCM_24"),
    ".ogg": Format("OGG", "VORBIS", 255, (RATES[0], 200_000)),
    ".oga": Format("OGG", "VORBIS", 255, (RATES[0], 200_000)),
    ".opus": Format("OGG", "OPUS", 255, OPUS_RATES),
    ".mp3": Format("MP3", "MPEG_LAYER_III", 2, MP3_RATES),
}


def format_for(path: Path, rate: int, channels: int, length: int, subtype: str | None) -> tuple[Format, str]:
    """The format for a file of that name and its subtype; MelismaError if it cannot hold such a sound."""
    made = FORMATS[path.suffix.lower()]
    if subtype == "OPUS" and made.name == "OGG":
        made = FORMATS[".opus"]
    elif subtype == "VORBIS" and made.name == "OGG":
        made = FORMATS[".ogg"]
    subtype = subtype or made.subtype
    if not soundfile.check_format(made.name, subtype):
        known = ", ".join(soundfile.available_subtypes(made.name))
        raise BadValue(f"{path} cannot hold {subtype} samples; {path.suffix} files take {known}")
    if channels > made.channels:
        kind = f"{subtype} in {path.suffix} files"
        raise BadValue(f"{path} cannot hold {channels} channels: {kind} has {made.channels} at most; write .wav or .caf")
    if not made.holds(rate):
        remedy = "resample it, or write .wav" if made.channels < MOST_CHANNELS else "resample it"
        raise BadValue(f"{path} cannot be at {rate} Hz: {subtype} in {path.suffix} files takes {made.spoken()}; {remedy}")
    if made.name == "WAV" and channels * length * (8 if subtype == "DOUBLE" else 4) > WAV_BYTES:
        raise BadValue(f"{path} would outgrow what a WAV file can hold; write .flac, .w64 or .rf64 instead")
    return made, subtype
