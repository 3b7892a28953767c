"""The tensors of a model file, by name, as its configuration implies them: the layer table in docs/reference/model-file.md.

TENSORS is the one declaration: Python evaluates it here, and `make generate` writes it as C++ for the core.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from types import CodeType
from typing import Any

from .bands import mel_filterbank
from .config import ModelConfig
from .tensors import Tensors, conv, network
from .vocoders import KINDS

Shapes = dict[str, tuple[int, ...]]


TENSORS: tuple[Tensors, ...] = (
    Tensors("calibration.mean", ("vae.latents",)),
    Tensors("calibration.forth", ("kept", "vae.latents")),
    Tensors("calibration.back", ("vae.latents", "kept")),
    *network("encoder", "bands", "vae.encoder_width", "vae.encoder_blocks", "vae"),
    *conv("encoder.{vae.encoder_blocks + 1}", "vae.encoder_width", "2 * vae.latents", "1"),
    *network("decoder", "vae.latents + 1", "vae.decoder_width", "vae.decoder_blocks", "vae"),
    *conv("decoder.{vae.decoder_blocks + 1}", "vae.decoder_width", "bands", "1"),
    *(tensors for kind in KINDS.values() for tensors in kind.tensors),
)


def expected(config: ModelConfig, kept: int) -> Shapes:
    """Names → shapes of all tensors of a model whose calibration keeps `kept` latents; ValueError if that cannot be."""
    analysis, vocoder = config.analysis, config.vocoder
    if analysis.hop * 2 > analysis.frame or analysis.frame % analysis.hop:
        raise ValueError(f"a frame of {analysis.frame} samples does not hold two or more whole hops of {analysis.hop}")
    bands = mel_filterbank(analysis).shape[0]
    KINDS[vocoder.kind].fits(analysis, vocoder)
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
