"""What a kind of vocoder declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..blocks import AnalysisConfig, VocoderConfig
from ..tensors import Tensors


@dataclass(frozen=True)
class Kind:
    """config: the class of its entries, the kind's name among them. tensors: all that a model file holds of it.

    fits: says, by ValueError, what about a configuration makes no sense beyond its bounds.
    """

    config: type[VocoderConfig]
    tensors: list[Tensors]
    fits: Callable[[AnalysisConfig, Any], None] = lambda analysis, config: None
