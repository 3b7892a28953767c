"""Small model files, and how they are refused."""

import copy
from dataclasses import replace
from functools import cache

import torch
from damage import joined, parts
from hypothesis import HealthCheck, settings

from melisma.files import modelfile
from melisma.files.config import AnalysisConfig, MelganConfig, ModelConfig, PhaseConfig, VAEConfig
from melisma.training.export import to_file
from melisma.training.reference import Reference

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TINY = ModelConfig(
    AnalysisConfig(sample_rate=8000, frame=64, hop=16, bands=8, fmin=100.0, fmax=4000.0),
    VAEConfig(latents=3, encoder_width=4, encoder_blocks=1, decoder_width=4, decoder_blocks=1, kernel=3, expansion=2),
    PhaseConfig(width=4, blocks=1, kernel=3, expansion=2),
)
MELGAN = replace(TINY, vocoder=MelganConfig(ratios=(4, 4), width=8, dilations=(1, 3), kernel=3))
LATENTS = {"percentiles": [[-2.0, -1.5, 0.0, 1.5, 2.0]] * 2, "effect": [2.0, 1.0], "kl": [3.0, 2.0, 0.001], "collapsed": 1}


@cache
def tiny(config: ModelConfig = TINY) -> modelfile.ModelFile:
    """A model with random weights that keeps two of its three latents."""
    torch.manual_seed(1)
    training = {"data": "noise", "licence": "CC0", "minutes": 0.1}
    return to_file(Reference(config, kept=2).eval(), "tiny", LATENTS, training, {"mel distance": 1.5})


@cache
def tiny_bytes(config: ModelConfig = TINY) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        modelfile.save(tiny(config), f"{folder}/tiny.melisma")
        with open(f"{folder}/tiny.melisma", "rb") as file:
            return file.read()


def edited(change, config: ModelConfig = TINY) -> bytes:
    """The tiny file after change(entries, header, body: bytearray)."""
    entries, header, body = copy.deepcopy(parts(tiny_bytes(config)))
    body = bytearray(body)
    change(entries, header, body)
    return joined(entries, header, bytes(body))
