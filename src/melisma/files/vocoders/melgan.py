"""The `melgan` vocoder, declared: see training/vocoders/melgan.py."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..blocks import AnalysisConfig, VocoderConfig, entry
from ..tensors import Tensors, conv, each
from .kind import Kind


@dataclass(frozen=True)
class MelganConfig(VocoderConfig):
    """The `melgan` vocoder: upsampling ratios (their product is the hop), channels, dilations of each residual stack."""

    kind: str = "melgan"
    ratios: tuple[int, ...] = entry((8, 8, 2, 2), 1, 1024)
    width: int = entry(256, 1, 2048)
    dilations: tuple[int, ...] = entry((1, 3, 9), 1, 1024)
    kernel: int = entry(7, 1, 63)


def _tensors() -> list[Tensors]:
    """Names count the activations, which have no tensors, too."""
    ratios, dilations = "len(vocoder.ratios)", "len(vocoder.dilations)"
    step = f"r * ({dilations} + 2)"  # of a ratio: an activation, the upsampling, then residuals
    rows = conv("vocoder.0", "bands", "vocoder.width", "vocoder.kernel")
    up = conv(f"vocoder.{{{step} + 2}}.conv", "(vocoder.width >> r)", "(vocoder.width >> (r + 1)) * vocoder.ratios[r]", "2")
    rows += each(up, ("r", ratios))
    inner = "(vocoder.width >> (r + 1))"
    place = f"vocoder.{{{step} + 3 + d}}"
    residual = conv(f"{place}.1", inner, inner, "3") + conv(f"{place}.3", inner, inner, "1")
    rows += each(residual, ("r", ratios), ("d", dilations))
    last = f"vocoder.{{{ratios} * ({dilations} + 2) + 2}}"
    rows += conv(last, f"(vocoder.width >> {ratios})", "1", "vocoder.kernel")
    return each(rows, vocoder="melgan")


def _fits(analysis: AnalysisConfig, config: MelganConfig) -> None:
    if math.prod(config.ratios) != analysis.hop or config.width >> len(config.ratios) == 0:
        raise ValueError(
            f"melgan ratios {config.ratios} do not multiply to the hop {analysis.hop}, or halve its width to nothing"
        )


KIND = Kind(MelganConfig, _tensors(), fits=_fits)
