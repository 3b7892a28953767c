"""The blocks of a configuration that every model has, and what an entry of one declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LONGEST = 16  # entries of a list


def entry(default: Any, minimum: float, maximum: float, missing: Any = None, unsaid: bool = False) -> Any:
    """An entry and the bounds (of a list: its numbers') that any sane model stays within: a file that claims more is refused
    before anything is allocated for it. missing: what a file means that has no such entry. unsaid: a file names it only
    where it says something else."""
    return field(default=default, metadata={"minimum": minimum, "maximum": maximum, "missing": missing, "unsaid": unsaid})


@dataclass(frozen=True)
class AnalysisConfig:
    """How a waveform becomes log-mel frames and loudness.

    sample_rate in Hz; frame and hop in samples (frame l ends at sample (l + 1) * hop); bands is the number of mel
    bands asked for (bands too narrow to hold an FFT bin are dropped); fmin and fmax in Hz; highpass in Hz: where the filter
    that takes out a sound card's offset is 3 dB down, 0 for none.
    """

    sample_rate: int = entry(44100, 8000, 192000)
    frame: int = entry(1024, 64, 8192)
    hop: int = entry(256, 16, 4096)
    bands: int = entry(128, 8, 512)
    fmin: float = entry(30.0, 0.0, 20000.0)
    fmax: float = entry(22050.0, 100.0, 96000.0)
    highpass: float = entry(10.0, 0.0, 100.0, missing=0.0)


@dataclass(frozen=True)
class VAEConfig:
    """The mel VAE: latents, channel widths and numbers of ConvNeXt blocks on each side, kernel and expansion.

    sink: how many times as far below SINKS a band falls that is decoded there: of a domain whose sounds are silent where
    they are not heard, as samples of instruments are (docs/lab/residual.md).
    """

    latents: int = entry(16, 1, 128)
    encoder_width: int = entry(192, 1, 2048)
    encoder_blocks: int = entry(4, 0, 64)
    decoder_width: int = entry(256, 1, 2048)
    decoder_blocks: int = entry(4, 0, 64)
    kernel: int = entry(5, 1, 63)
    expansion: int = entry(3, 1, 8)
    sink: float = entry(0.0, 0.0, 10.0, missing=0.0, unsaid=True)


@dataclass(frozen=True)
class VocoderConfig:
    """A vocoder: each kind has its own entries (files/vocoders)."""

    kind: str = ""
