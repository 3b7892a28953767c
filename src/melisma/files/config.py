"""What a model is, frozen: the configuration kept in every model file and read by training and by every host."""

from __future__ import annotations

from dataclasses import Field, asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any

from .blocks import LONGEST, AnalysisConfig, VAEConfig, VocoderConfig
from .vocoders import KINDS
from .vocoders.melgan import MelganConfig
from .vocoders.phase import PhaseConfig

__all__ = ["AnalysisConfig", "MelganConfig", "ModelConfig", "PhaseConfig", "VAEConfig", "VocoderConfig"]
__all__ += ["LONGEST", "VOCODERS"]
VOCODERS = {name: kind.config for name, kind in KINDS.items()}


@dataclass(frozen=True)
class ModelConfig:
    """The whole model."""

    analysis: AnalysisConfig = field(default_factory=AnalysisConfig)
    vae: VAEConfig = field(default_factory=VAEConfig)
    vocoder: VocoderConfig = field(default_factory=PhaseConfig)

    def to_dict(self) -> dict[str, Any]:
        blocks = ((name, getattr(self, name)) for name in ("analysis", "vae", "vocoder"))
        return {name: {k: v for k, v in asdict(block).items() if k not in _unsaid(block)} for name, block in blocks}

    def fits(self, other: ModelConfig) -> bool:
        """Whether the weights of one are at home in the other: all is alike but highpass and sink, which need none."""
        analysis, vae = replace(self.analysis, highpass=other.analysis.highpass), replace(self.vae, sink=other.vae.sink)
        return replace(self, analysis=analysis, vae=vae) == other

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


def _unsaid(block: Any) -> set[str]:
    """Entries of which a file is silent where they say what their absence says."""
    return {f.name for f in fields(block) if f.metadata.get("unsaid") and getattr(block, f.name) == f.metadata["missing"]}


def _read(cls: type, data: Any, where: str) -> Any:
    assert is_dataclass(cls)
    if not isinstance(data, dict):
        raise ValueError(f"configuration has no {where!r} object")
    known = {f.name: f for f in fields(cls)}
    data = {name: f.metadata["missing"] for name, f in known.items() if f.metadata.get("missing") is not None} | data
    if unknown := sorted(set(data) - set(known)):
        raise ValueError(f"unknown entry {where}.{unknown[0]} in the configuration")
    if missing := sorted(set(known) - set(data)):
        raise ValueError(f"missing entry {where}.{missing[0]} in the configuration")
    return cls(**{name: _checked(value, known[name], f"{where}.{name}") for name, value in data.items()})


def _checked(value: Any, entry: Field[Any], where: str) -> Any:
    default: Any = entry.default
    minimum: Any = entry.metadata.get("minimum")
    maximum: Any = entry.metadata.get("maximum")
    if isinstance(default, tuple):
        whole = isinstance(value, (list, tuple)) and all(type(v) is int and minimum <= v <= maximum for v in value)
        if not whole or not 0 < len(value) <= LONGEST:
            raise ValueError(f"{where} is {value!r}, not a short list of whole numbers")
        return tuple(value)
    if type(value) is not type(default) and not (isinstance(default, float) and type(value) is int):
        raise ValueError(f"{where} is {value!r}, not {type(default).__name__}")
    if minimum is not None and not minimum <= value <= maximum:
        raise ValueError(f"{where} is {value}, outside {minimum} to {maximum}")
    return value
