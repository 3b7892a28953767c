"""The vocoders, behind one interface: a Streaming module, log-mel (B, M, L) → waveform (B, 1, L · hop), with a `delay`.

A new vocoder is one file here, one configuration in `melisma.files.config` and one entry in `build`.
"""

from ...files.config import AnalysisConfig, MelganConfig, PhaseConfig
from ..layers import Vocoder
from .melgan import MelganVocoder
from .phase import PhaseVocoder


def build(analysis: AnalysisConfig, config: PhaseConfig | MelganConfig) -> Vocoder:
    """The vocoder that the configuration names."""
    return {"phase": PhaseVocoder, "melgan": MelganVocoder}[config.kind](analysis, config)
