"""A TorchScript file for nn~, which Max and Pure Data have, by its contract (docs/use/elsewhere.md)."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch

from ...errors import BadValue
from ...files.modelfile import ModelFile
from ...system.atomic import atomic
from .chain import Chain
from .live import parameters

METHODS = ("forward", "encode", "decode")
FLOAT = 2  # the contract's number for an attribute that is one

_METHODS = """
def get_methods(self) -> List[str]:
    return {methods}

def get_attributes(self) -> List[str]:
    return {attributes}

def get_sample_rate(self) -> int:
    return {rate}

def set_sample_rate(self, rate: int) -> None:
    pass
"""
_ATTRIBUTE = """
def get_{name}(self) -> List[float]:
    return [self.live.get({index})]

def set_{name}(self, value: float) -> int:
    return self.live.turn({index}, value)
"""


def script(file: ModelFile) -> Any:
    """The model as a ScriptModule that nn~ takes: METHODS, and an attribute for each parameter, `bias_3` for bias.3."""
    hop = file.config.analysis.hop
    if hop & (hop - 1):
        raise BadValue(f"model {file.name} has frames every {hop} samples: nn~ takes powers of two alone")
    chain = Chain(file).eval()
    z = chain.latents
    latents = [f"latent {k}, in standard deviations" for k in range(1, z + 1)] + ["loudness, in dB: 100 is full scale, 0 silence"]
    sides = (
        ([1, 1, 1, 1], ["a sound"], ["the sound in the model's timbre"]),
        ([1, 1, z + 1, hop], ["a sound"], latents),
        ([z + 1, hop, 1, 1], latents, ["the latents' sound"]),
    )
    for name, (ratios, inputs, outputs) in zip(METHODS, sides, strict=True):
        chain.register_buffer(f"{name}_params", torch.tensor(ratios))
        for side, labels in (("input", inputs), ("output", outputs)):
            setattr(chain, f"{name}_{side}_labels", [f"(signal) {label}" for label in labels])
    attributes = [p.name.replace(".", "_") for p in parameters(z)]
    for name in attributes:
        chain.register_buffer(f"{name}_params", torch.tensor([FLOAT]))
    # what hosts of before read
    for name, value in (("sampling_rate", chain.rate), ("full_latent_size", z + 1), ("latent_size", z + 1)):
        chain.register_buffer(name, torch.tensor(value))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is old, and what such hosts read
        scripted = torch.jit.script(chain)
    scripted.define(_METHODS.format(methods=list(METHODS), attributes=attributes, rate=chain.rate))
    for index, name in enumerate(attributes):
        scripted.define(_ATTRIBUTE.format(name=name, index=index))
    return scripted


def write(file: ModelFile, path: str | Path) -> None:
    """Write the file, whole or not at all."""
    scripted = script(file)
    with atomic(path) as temporary:
        scripted.save(str(temporary))
