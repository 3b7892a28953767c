"""The tensors of a model file, by name, as its configuration implies them: the layer table in docs/reference/model-file.md."""

from __future__ import annotations

import math

from .bands import mel_filterbank
from .config import MelganConfig, ModelConfig, PhaseConfig

Shapes = dict[str, tuple[int, ...]]


def expected(config: ModelConfig, kept: int) -> Shapes:
    """Names → shapes of all tensors of a model whose calibration keeps `kept` latents; ValueError if that cannot be."""
    analysis, vae = config.analysis, config.vae
    if analysis.hop * 2 > analysis.frame or analysis.frame % analysis.hop:
        raise ValueError(f"a frame of {analysis.frame} samples does not hold two or more whole hops of {analysis.hop}")
    bands = mel_filterbank(analysis).shape[0]
    shapes: Shapes = {
        "calibration.mean": (vae.latents,),
        "calibration.forth": (kept, vae.latents),
        "calibration.back": (vae.latents, kept),
    }
    shapes |= _network("encoder", bands, vae.encoder_width, vae.encoder_blocks, vae.kernel, vae.expansion)
    shapes |= _conv(f"encoder.{vae.encoder_blocks + 1}", vae.encoder_width, 2 * vae.latents, 1)
    shapes |= _network("decoder", vae.latents + 1, vae.decoder_width, vae.decoder_blocks, vae.kernel, vae.expansion)
    shapes |= _conv(f"decoder.{vae.decoder_blocks + 1}", vae.decoder_width, bands, 1)
    if isinstance(config.vocoder, PhaseConfig):
        return shapes | _phase(config.vocoder, bands, analysis.frame // 2 + 1)
    if math.prod(config.vocoder.ratios) != analysis.hop or config.vocoder.width >> len(config.vocoder.ratios) == 0:
        raise ValueError(
            f"melgan ratios {config.vocoder.ratios} do not multiply to the hop {analysis.hop}, or halve its width to nothing"
        )
    return shapes | _melgan(config.vocoder, bands)


def _conv(name: str, channels_in: int, channels_out: int, kernel: int) -> Shapes:
    return {f"{name}.conv.weight": (channels_out, channels_in, kernel), f"{name}.conv.bias": (channels_out,)}


def _linear(name: str, width_in: int, width_out: int) -> Shapes:
    return {f"{name}.weight": (width_out, width_in), f"{name}.bias": (width_out,)}


def _network(name: str, channels: int, width: int, blocks: int, kernel: int, expansion: int) -> Shapes:
    """A convolution of kernel 3 and ConvNeXt blocks."""
    shapes = _conv(f"{name}.0", channels, width, 3)
    for i in range(1, blocks + 1):
        shapes |= {f"{name}.{i}.depth.conv.weight": (width, 1, kernel), f"{name}.{i}.depth.conv.bias": (width,)}
        shapes |= {f"{name}.{i}.norm.weight": (width,), f"{name}.{i}.norm.bias": (width,), f"{name}.{i}.scale": (width,)}
        shapes |= _linear(f"{name}.{i}.up", width, expansion * width) | _linear(f"{name}.{i}.down", expansion * width, width)
    return shapes


def _phase(config: PhaseConfig, bands: int, bins: int) -> Shapes:
    shapes = _network("vocoder", bands, config.width, config.blocks, config.kernel, config.expansion)
    shapes |= {"vocoder.norm.weight": (config.width,), "vocoder.norm.bias": (config.width,)}
    shapes |= _linear("vocoder.magnitude", config.width, bins)
    return shapes | (_linear("vocoder.turn", config.width, bins) if config.turns_phase else {})


def _melgan(config: MelganConfig, bands: int) -> Shapes:
    width, shapes, at = config.width, _conv("vocoder.0", bands, config.width, config.kernel), 1
    for ratio in config.ratios:
        at += 1  # the activation has no tensors
        shapes |= _conv(f"vocoder.{at}.conv", width, width // 2 * ratio, 2)
        width //= 2
        at += 1
        for _ in config.dilations:
            shapes |= _conv(f"vocoder.{at}.1", width, width, 3) | _conv(f"vocoder.{at}.3", width, width, 1)
            at += 1
    return shapes | _conv(f"vocoder.{at + 1}", width, 1, config.kernel)
