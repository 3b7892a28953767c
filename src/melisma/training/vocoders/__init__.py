"""The vocoders, behind one interface: a `Vocoder`, log-mel (B, M, L) → waveform (B, 1, L · hop), with a `delay`.

Each kind is declared in melisma/files/vocoders; the file of that name here ends in `VOCODER`, the class that it is.
"""

import importlib
from collections.abc import Callable
from typing import Any

from ...files.config import VOCODERS, AnalysisConfig, VocoderConfig
from ..layers import Vocoder

CLASSES: dict[str, Callable[[AnalysisConfig, Any], Vocoder]] = {
    kind: importlib.import_module(f"{__name__}.{kind}").VOCODER for kind in VOCODERS
}


def build(analysis: AnalysisConfig, config: VocoderConfig) -> Vocoder:
    """The vocoder that the configuration names."""
    return CLASSES[config.kind](analysis, config)
