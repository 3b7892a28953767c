"""What a model is, frozen: the configuration kept in every model file and read by training and by every host."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any


@dataclass(frozen=True)
class AnalysisConfig:
    """How a waveform becomes log-mel frames and loudness.

    sample_rate in Hz; frame and hop in samples (frame l ends at sample (l + 1) * hop); bands is the number of mel
    bands asked for (bands too narrow to hold an FFT bin are dropped); fmin and fmax in Hz; highpass in Hz: where the filter
    that takes out a sound card's offset is 3 dB down, 0 for none.
    """

    sample_rate: int = 44100
    frame: int = 1024
    hop: int = 256
    bands: int = 128
    fmin: float = 30.0
    fmax: float = 22050.0
    highpass: float = 10.0


@dataclass(frozen=True)
class VAEConfig:
    """The mel VAE: latents, channel widths and numbers of ConvNeXt blocks on each side, kernel and expansion."""

    latents: int = 16
    encoder_width: int = 192
    encoder_blocks: int = 4
    decoder_width: int = 256
    decoder_blocks: int = 4
    kernel: int = 5
    expansion: int = 3


@dataclass(frozen=True)
class PhaseConfig:
    """The `phase` vocoder: draft iterations, and the ConvNeXt that refines magnitudes (and turns phases)."""

    kind: str = "phase"
    draft_iterations: int = 4
    width: int = 192
    blocks: int = 4
    kernel: int = 5
    expansion: int = 3
    turns_phase: bool = False


@dataclass(frozen=True)
class MelganConfig:
    """The `melgan` vocoder: upsampling ratios (their product is the hop), channels, dilations of each residual stack."""

    kind: str = "melgan"
    ratios: tuple[int, ...] = (8, 8, 2, 2)
    width: int = 256
    dilations: tuple[int, ...] = (1, 3, 9)
    kernel: int = 7


VOCODERS = {"phase": PhaseConfig, "melgan": MelganConfig}


@dataclass(frozen=True)
class ModelConfig:
    """The whole model."""

    analysis: AnalysisConfig = field(default_factory=AnalysisConfig)
    vae: VAEConfig = field(default_factory=VAEConfig)
    vocoder: PhaseConfig | MelganConfig = field(default_factory=PhaseConfig)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def fits(self, other: ModelConfig) -> bool:
        """Whether the weights of one are at home in the other: all is alike but the highpass, which older models lack."""
        return replace(self, analysis=replace(self.analysis, highpass=other.analysis.highpass)) == other

    @classmethod
    def from_dict(cls, data: Any) -> ModelConfig:
        """The inverse of `to_dict`; ValueError names any unknown, missing or mistyped entry."""
        if not isinstance(data, dict):
            raise ValueError("configuration is not an object")
        kind = data.get("vocoder", {}).get("kind") if isinstance(data.get("vocoder"), dict) else None
        if not isinstance(kind, str) or kind not in VOCODERS:
            raise ValueError(f"unknown vocoder {kind!r}; this version knows {', '.join(sorted(VOCODERS))}")
        return cls(
            analysis=_read(AnalysisConfig, data.get("analysis"), "analysis"),
            vae=_read(VAEConfig, data.get("vae"), "vae"),
            vocoder=_read(VOCODERS[kind], data.get("vocoder"), "vocoder"),
        )


# Bounds that any sane model stays within; a file that claims more is refused before anything is allocated for it.
_LIMITS = {
    "sample_rate": (8000, 192000),
    "frame": (64, 8192),
    "hop": (16, 4096),
    "bands": (8, 512),
    "latents": (1, 128),
    "encoder_width": (1, 2048),
    "decoder_width": (1, 2048),
    "width": (1, 2048),
    "encoder_blocks": (0, 64),
    "decoder_blocks": (0, 64),
    "blocks": (0, 64),
    "kernel": (1, 63),
    "expansion": (1, 8),
    "draft_iterations": (0, 256),
    "fmin": (0.0, 20000.0),
    "fmax": (100.0, 96000.0),
    "highpass": (0.0, 100.0),
}
_WHEN_MISSING = {"highpass": 0.0}  # entries that older files do not have, and what they are without


def _read(cls: type, data: Any, where: str) -> Any:
    assert is_dataclass(cls)
    if not isinstance(data, dict):
        raise ValueError(f"configuration has no {where!r} object")
    known = {f.name: f for f in fields(cls)}
    data = {name: value for name, value in _WHEN_MISSING.items() if name in known} | data
    if unknown := sorted(set(data) - set(known)):
        raise ValueError(f"unknown entry {where}.{unknown[0]} in the configuration")
    if missing := sorted(set(known) - set(data)):
        raise ValueError(f"missing entry {where}.{missing[0]} in the configuration")
    values = {}
    for name, value in data.items():
        default: Any = known[name].default
        if isinstance(default, tuple):
            if not (
                isinstance(value, (list, tuple)) and 0 < len(value) <= 16 and all(type(v) is int and 0 < v <= 1024 for v in value)
            ):
                raise ValueError(f"{where}.{name} is {value!r}, not a short list of whole numbers")
            value = tuple(value)
        elif type(value) is not type(default) and not (isinstance(default, float) and type(value) is int):
            raise ValueError(f"{where}.{name} is {value!r}, not {type(default).__name__}")
        elif name in _LIMITS:
            low, high = _LIMITS[name]
            if not low <= value <= high:
                raise ValueError(f"{where}.{name} is {value}, outside {low} to {high}")
        values[name] = value
    return cls(**values)
