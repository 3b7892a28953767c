"""What a kind of vocoder declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..blocks import AnalysisConfig, VocoderConfig
from ..tensors import Tensors


@dataclass(frozen=True)
class Kind:
    """config: the class of its entries, the kind's name among them. tensors: all that a model file holds of it.

    retired: entries of older files that are read if they say this, and not written. fits: says, by ValueError, what about a
    configuration makes no sense beyond its bounds.
    """

    config: type[VocoderConfig]
    tensors: list[Tensors]
    retired: dict[str, Any] = field(default_factory=dict)
    fits: Callable[[AnalysisConfig, Any], None] = lambda analysis, config: None
