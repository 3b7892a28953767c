"""Between the PyTorch reference and the model file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from ..files import modelfile
from ..files.modelfile import ModelFile
from ..files.weights import in_bytes
from .reference import Reference

GOLDEN_FRAMES = 32  # in more, of short hops, rounding turns enough phases for a sound pair to look damaged


def public(name: str) -> str:
    """A parameter's name in the file: without the containers that only PyTorch has."""
    return name.replace("body.layers.", "")


def tensors(model: Reference) -> dict[str, np.ndarray]:
    """The model's tensors under their public names."""
    return {public(name): value.detach().float().cpu().numpy() for name, value in model.state_dict().items()}


def from_file(file: ModelFile) -> Reference:
    """The reference with the file's weights, ready to run."""
    model = Reference(file.config, kept=file.tensors["calibration.forth"].shape[0])
    names = {public(name): name for name in model.state_dict()}
    model.load_state_dict({names[name]: torch.from_numpy(value.copy()) for name, value in file.tensors.items()})
    return model.eval()


@torch.no_grad()
def to_file(
    model: Reference,
    name: str,
    latents: dict[str, Any],
    training: dict[str, Any],
    evaluation: dict[str, Any] | None = None,
    bits: int = 16,
) -> ModelFile:
    """A trained model's file, its matrices in 8 or 16 bits; its golden pair is made by the weights as the file rounds them."""
    kept = modelfile.rounded(tensors(model))
    file = ModelFile(name, model.config, kept, latents, latency=latency(model), training=training, evaluation=evaluation or {})
    file = in_bytes(file) if bits == 8 else file
    reader, hop = from_file(file).double(), model.config.analysis.hop  # in double precision, as Engine reads
    rng = np.random.default_rng(0)
    time = np.arange(GOLDEN_FRAMES * hop) / model.config.analysis.sample_rate
    sound = 0.2 * np.sin(2 * np.pi * (220 + 200 * time) * time) + 0.1 * np.sin(2 * np.pi * 1234 * time) * (time % 0.1 < 0.05)
    sound = (sound + 0.01 * rng.standard_normal(len(time))).astype(np.float32)
    output = reader(torch.from_numpy(sound).double()[None, None])[0, 0].float().numpy()
    return replace(file, golden=(sound, output))


def latency(model: Reference) -> int:
    """Samples from a sound at a stream's input to that sound at its output, blocks of any size: the overlap and one hop."""
    return model.delay + model.config.analysis.hop
