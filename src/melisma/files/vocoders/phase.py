"""The `phase` vocoder, declared: see training/vocoders/phase.py."""

from __future__ import annotations

from dataclasses import dataclass

from ..blocks import VocoderConfig, entry
from ..tensors import Tensors, each, linear, network
from .kind import Kind


@dataclass(frozen=True)
class PhaseConfig(VocoderConfig):
    """The `phase` vocoder: draft iterations, and the ConvNeXt that refines magnitudes.

    turns_phase: it turns phases, too. That changed nothing (docs/lab/choices.md), so no new model does.
    """

    kind: str = "phase"
    draft_iterations: int = entry(4, 0, 256)
    width: int = entry(192, 1, 2048)
    blocks: int = entry(4, 0, 64)
    kernel: int = entry(5, 1, 63)
    expansion: int = entry(3, 1, 8)
    turns_phase: bool = entry(False, 0, 1, missing=False, unsaid=True)


def _tensors() -> list[Tensors]:
    rows = network("vocoder", "bands", "vocoder.width", "vocoder.blocks", "vocoder")
    rows += [Tensors(f"vocoder.norm.{part}", ("vocoder.width",)) for part in ("weight", "bias")]
    rows += linear("vocoder.magnitude", "vocoder.width", "bins")
    rows += each(linear("vocoder.turn", "vocoder.width", "bins"), ("_", "vocoder.turns_phase"))  # once, or not at all
    return each(rows, vocoder="phase")


KIND = Kind(PhaseConfig, _tensors())
