"""The tensors of a model file, by name, as its configuration implies them: the layer table in docs/reference/model-file.md.

TENSORS is the one declaration: Python evaluates it here, and `make generate` writes it as C++ for the core.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from .bands import mel_filterbank
from .config import MelganConfig, ModelConfig

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Tensors:
    """A tensor, or one for each count of `loops`. Expressions are whole numbers of the configuration (`vae.kernel`), `kept`,
    `bands`, `bins` and the loops' counters, which begin at 0; `name` holds some in braces.

    vocoder: the kind that has it; none: every model.
    """

    name: str
    shape: tuple[str, ...]
    loops: tuple[tuple[str, str], ...] = ()
    vocoder: str = ""


def _conv(name: str, channels_in: str, channels_out: str, kernel: str) -> list[Tensors]:
    return [Tensors(f"{name}.conv.weight", (channels_out, channels_in, kernel)), Tensors(f"{name}.conv.bias", (channels_out,))]


def _linear(name: str, width_in: str, width_out: str) -> list[Tensors]:
    return [Tensors(f"{name}.weight", (width_out, width_in)), Tensors(f"{name}.bias", (width_out,))]


def _network(name: str, channels: str, width: str, blocks: str, of: str) -> list[Tensors]:
    """A convolution of kernel 3 and ConvNeXt blocks."""
    block = f"{name}.{{i + 1}}"
    rows = [Tensors(f"{block}.depth.conv.weight", (width, "1", f"{of}.kernel")), Tensors(f"{block}.depth.conv.bias", (width,))]
    rows += [Tensors(f"{block}.{part}", (width,)) for part in ("norm.weight", "norm.bias", "scale")]
    inner = f"{of}.expansion * {width}"
    rows += _linear(f"{block}.up", width, inner) + _linear(f"{block}.down", inner, width)
    return _conv(f"{name}.0", channels, width, "3") + _each(rows, ("i", blocks))


def _each(rows: Iterable[Tensors], *loops: tuple[str, str], vocoder: str = "") -> list[Tensors]:
    return [Tensors(row.name, row.shape, (*loops, *row.loops), vocoder) for row in rows]


def _phase() -> list[Tensors]:
    rows = _network("vocoder", "bands", "vocoder.width", "vocoder.blocks", "vocoder")
    rows += [Tensors(f"vocoder.norm.{part}", ("vocoder.width",)) for part in ("weight", "bias")]
    return _each(rows + _linear("vocoder.magnitude", "vocoder.width", "bins"), vocoder="phase")


def _melgan() -> list[Tensors]:
    """Names count the activations, which have no tensors, too."""
    ratios, dilations = "len(vocoder.ratios)", "len(vocoder.dilations)"
    step = f"r * ({dilations} + 2)"  # of a ratio: an activation, the upsampling, then residuals
    rows = _conv("vocoder.0", "bands", "vocoder.width", "vocoder.kernel")
    up = _conv(f"vocoder.{{{step} + 2}}.conv", "(vocoder.width >> r)", "(vocoder.width >> (r + 1)) * vocoder.ratios[r]", "2")
    rows += _each(up, ("r", ratios))
    inner = "(vocoder.width >> (r + 1))"
    place = f"vocoder.{{{step} + 3 + d}}"
    residual = _conv(f"{place}.1", inner, inner, "3") + _conv(f"{place}.3", inner, inner, "1")
    rows += _each(residual, ("r", ratios), ("d", dilations))
    last = f"vocoder.{{{ratios} * ({dilations} + 2) + 2}}"
    rows += _conv(last, f"(vocoder.width >> {ratios})", "1", "vocoder.kernel")
    return _each(rows, vocoder="melgan")


TENSORS: tuple[Tensors, ...] = (
    Tensors("calibration.mean", ("vae.latents",)),
    Tensors("calibration.forth", ("kept", "vae.latents")),
    Tensors("calibration.back", ("vae.latents", "kept")),
    *_network("encoder", "bands", "vae.encoder_width", "vae.encoder_blocks", "vae"),
    *_conv("encoder.{vae.encoder_blocks + 1}", "vae.encoder_width", "2 * vae.latents", "1"),
    *_network("decoder", "vae.latents + 1", "vae.decoder_width", "vae.decoder_blocks", "vae"),
    *_conv("decoder.{vae.decoder_blocks + 1}", "vae.decoder_width", "bands", "1"),
    *_phase(),
    *_melgan(),
)


def expected(config: ModelConfig, kept: int) -> Shapes:
    """Names → shapes of all tensors of a model whose calibration keeps `kept` latents; ValueError if that cannot be."""
    analysis, vocoder = config.analysis, config.vocoder
    if analysis.hop * 2 > analysis.frame or analysis.frame % analysis.hop:
        raise ValueError(f"a frame of {analysis.frame} samples does not hold two or more whole hops of {analysis.hop}")
    bands = mel_filterbank(analysis).shape[0]
    if isinstance(vocoder, MelganConfig):
        if math.prod(vocoder.ratios) != analysis.hop or vocoder.width >> len(vocoder.ratios) == 0:
            raise ValueError(
                f"melgan ratios {vocoder.ratios} do not multiply to the hop {analysis.hop}, or halve its width to nothing"
            )
    known = {"vae": config.vae, "vocoder": vocoder, "kept": kept, "bands": bands, "bins": analysis.frame // 2 + 1, "len": len}
    return {
        _named(row.name, here): tuple(_value(axis, here) for axis in row.shape)
        for row in TENSORS
        if row.vocoder in ("", vocoder.kind)
        for here in _counted(row.loops, known)
    }


def _named(name: str, known: dict[str, Any]) -> str:
    return re.sub(r"\{(.*?)\}", lambda expression: str(_value(expression[1], known)), name)


def _counted(loops: tuple[tuple[str, str], ...], known: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not loops:
        yield known
        return
    (counter, end), *rest = loops
    for i in range(_value(end, known)):
        yield from _counted(tuple(rest), known | {counter: i})


def _value(expression: str, known: dict[str, Any]) -> int:
    return int(eval(_code(expression), {"__builtins__": {}}, known))  # of TENSORS alone, never of a file


@functools.cache
def _code(expression: str) -> CodeType:
    return compile(expression, "TENSORS", "eval")
