"""What a model is, frozen: the configuration kept in every model file and read by training and by every host."""

from __future__ import annotations

from dataclasses import Field, asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any

LONGEST = 16  # entries of a list


def _entry(default: Any, least: float, most: float, missing: Any = None) -> Any:
    """An entry and the bounds (of a list: its numbers') that any sane model stays within: a file that claims more is refused
    before anything is allocated for it. missing: what an older file means that has no such entry."""
    return field(default=default, metadata={"least": least, "most": most, "missing": missing})


@dataclass(frozen=True)
class AnalysisConfig:
    """How a waveform becomes log-mel frames and loudness.

    sample_rate in Hz; frame and hop in samples (frame l ends at sample (l + 1) * hop); bands is the number of mel
    bands asked for (bands too narrow to hold an FFT bin are dropped); fmin and fmax in Hz; highpass in Hz: where the filter
    that takes out a sound card's offset is 3 dB down, 0 for none.
    """

    sample_rate: int = _entry(44100, 8000, 192000)
    frame: int = _entry(1024, 64, 8192)
    hop: int = _entry(256, 16, 4096)
    bands: int = _entry(128, 8, 512)
    fmin: float = _entry(30.0, 0.0, 20000.0)
    fmax: float = _entry(22050.0, 100.0, 96000.0)
    highpass: float = _entry(10.0, 0.0, 100.0, missing=0.0)


@dataclass(frozen=True)
class VAEConfig:
    """The mel VAE: latents, channel widths and numbers of ConvNeXt blocks on each side, kernel and expansion."""

    latents: int = _entry(16, 1, 128)
    encoder_width: int = _entry(192, 1, 2048)
    encoder_blocks: int = _entry(4, 0, 64)
    decoder_width: int = _entry(256, 1, 2048)
    decoder_blocks: int = _entry(4, 0, 64)
    kernel: int = _entry(5, 1, 63)
    expansion: int = _entry(3, 1, 8)


@dataclass(frozen=True)
class PhaseConfig:
    """The `phase` vocoder: draft iterations, and the ConvNeXt that refines magnitudes."""

    kind: str = "phase"
    draft_iterations: int = _entry(4, 0, 256)
    width: int = _entry(192, 1, 2048)
    blocks: int = _entry(4, 0, 64)
    kernel: int = _entry(5, 1, 63)
    expansion: int = _entry(3, 1, 8)


@dataclass(frozen=True)
class MelganConfig:
    """The `melgan` vocoder: upsampling ratios (their product is the hop), channels, dilations of each residual stack."""

    kind: str = "melgan"
    ratios: tuple[int, ...] = _entry((8, 8, 2, 2), 1, 1024)
    width: int = _entry(256, 1, 2048)
    dilations: tuple[int, ...] = _entry((1, 3, 9), 1, 1024)
    kernel: int = _entry(7, 1, 63)


VOCODERS = {"phase": PhaseConfig, "melgan": MelganConfig}
RETIRED = {"phase": {"turns_phase": False}}  # entries of older files that are read if they say this, and not written


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


def _read(cls: type, data: Any, where: str) -> Any:
    assert is_dataclass(cls)
    if not isinstance(data, dict):
        raise ValueError(f"configuration has no {where!r} object")
    known = {f.name: f for f in fields(cls)}
    for name, value in (RETIRED.get(data["kind"], {}) if where == "vocoder" else {}).items():
        if data.get(name, value) is not value:
            raise ValueError(f"{where}.{name} is {data[name]!r}, which no version plays any more")
        data = {key: kept for key, kept in data.items() if key != name}
    data = {name: f.metadata["missing"] for name, f in known.items() if f.metadata.get("missing") is not None} | data
    if unknown := sorted(set(data) - set(known)):
        raise ValueError(f"unknown entry {where}.{unknown[0]} in the configuration")
    if missing := sorted(set(known) - set(data)):
        raise ValueError(f"missing entry {where}.{missing[0]} in the configuration")
    return cls(**{name: _checked(value, known[name], f"{where}.{name}") for name, value in data.items()})


def _checked(value: Any, entry: Field[Any], where: str) -> Any:
    default: Any = entry.default
    least: Any = entry.metadata.get("least")
    most: Any = entry.metadata.get("most")
    if isinstance(default, tuple):
        whole = isinstance(value, (list, tuple)) and all(type(v) is int and least <= v <= most for v in value)
        if not whole or not 0 < len(value) <= LONGEST:
            raise ValueError(f"{where} is {value!r}, not a short list of whole numbers")
        return tuple(value)
    if type(value) is not type(default) and not (isinstance(default, float) and type(value) is int):
        raise ValueError(f"{where} is {value!r}, not {type(default).__name__}")
    if least is not None and not least <= value <= most:
        raise ValueError(f"{where} is {value}, outside {least} to {most}")
    return value
