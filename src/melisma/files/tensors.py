"""Tensors by name and shape, declared: rows that Python evaluates (shapes.py) and `make generate` writes as C++."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


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


def conv(name: str, channels_in: str, channels_out: str, kernel: str) -> list[Tensors]:
    return [Tensors(f"{name}.conv.weight", (channels_out, channels_in, kernel)), Tensors(f"{name}.conv.bias", (channels_out,))]


def linear(name: str, width_in: str, width_out: str) -> list[Tensors]:
    return [Tensors(f"{name}.weight", (width_out, width_in)), Tensors(f"{name}.bias", (width_out,))]


def network(name: str, channels: str, width: str, blocks: str, of: str) -> list[Tensors]:
    """A convolution of kernel 3 and ConvNeXt blocks."""
    block = f"{name}.{{i + 1}}"
    rows = [Tensors(f"{block}.depth.conv.weight", (width, "1", f"{of}.kernel")), Tensors(f"{block}.depth.conv.bias", (width,))]
    rows += [Tensors(f"{block}.{part}", (width,)) for part in ("norm.weight", "norm.bias", "scale")]
    inner = f"{of}.expansion * {width}"
    rows += linear(f"{block}.up", width, inner) + linear(f"{block}.down", inner, width)
    return conv(f"{name}.0", channels, width, "3") + each(rows, ("i", blocks))


def each(rows: Iterable[Tensors], *loops: tuple[str, str], vocoder: str = "") -> list[Tensors]:
    """The rows in loops around their own, or as those of a kind of vocoder."""
    return [Tensors(row.name, row.shape, (*loops, *row.loops), vocoder) for row in rows]
