"""What a model file must hold beside its numbers being finite: latents, a map, tensors in their shapes, scales of 8 bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import Damaged
from .config import ModelConfig
from .limits import LONGEST_ROW, MOST_MAPPED
from .shapes import expected


def widen(types: dict[str, str], tensors: dict[str, np.ndarray], scales: dict[str, np.ndarray], version: int) -> None:
    """Widen the tensors of 8 bits, each by its scales; in place."""
    narrow = {name for name, kind in types.items() if kind == "I8"}
    if narrow and version < 2:
        raise Damaged("its format version is 1, which has no weights in 8 bits")
    if stray := sorted(narrow ^ {f"model.{name}" for name in scales}):
        raise Damaged(f"tensor {stray[0]} is in 8 bits without scales, or has scales without being in 8 bits")
    for name, scale in scales.items():
        value = tensors[name]
        if value.ndim < 2 or scale.shape != value.shape[:1] or not scale.size or value.size // scale.size > LONGEST_ROW:
            raise Damaged(f"tensor {name} of 8 bits has no scale for each row, or rows of more than {LONGEST_ROW} numbers")
        if types[f"scale.{name}"] != "F32":
            raise Damaged(f"the scales of tensor {name} are not of type F32")
        if not np.abs(scale).max() < 1e36:  # 127 of them are a finite number
            raise Damaged(f"tensor {name} holds numbers that are not finite")
        tensors[name] = value.astype(np.float32)
        tensors[name] *= scale.reshape(-1, *[1] * (value.ndim - 1))


def check_latents(latents: dict[str, Any], count: int) -> None:
    table = latents.get("percentiles")
    rows = table if isinstance(table, list) else []
    good = len(rows) == count and all(isinstance(row, list) and len(row) == 5 for row in rows)
    if not good or not all(type(v) in (int, float) and -1e9 < v < 1e9 for row in rows for v in row):  # finite, too
        raise Damaged(f"its latents have no 5 percentiles for each of {count} latents")
    timbre = latents.get("timbre", [])
    if not isinstance(timbre, list) or not all(type(row) is int and 0 <= row < count for row in timbre):
        raise Damaged(f"its latents of timbre are not rows of theirs, 0 to {count - 1}")
    if len(set(timbre)) < len(timbre):
        raise Damaged("its latents of timbre are named twice")
    check_map(latents.get("map"), count)


def check_map(entry: Any, count: int) -> None:
    """A map of the domain is two axes and some points, each a row with a number for each latent."""
    if entry is None:
        return
    tables = [entry.get(key) for key in ("axes", "points")] if isinstance(entry, dict) else [None, None]
    rows = [row for table in tables if isinstance(table, list) for row in table]
    good = len(rows) > 10 and all(isinstance(row, list) and len(row) == count for row in rows) and len(tables[0] or ()) == 2
    if not good or len(rows) > MOST_MAPPED or not all(type(v) in (int, float) and -1e6 < v < 1e6 for row in rows for v in row):
        raise Damaged(f"its map is not two axes and 9 to {MOST_MAPPED - 2} points of {count} numbers")


def check_shapes(config: ModelConfig, tensors: dict[str, np.ndarray]) -> None:
    """Every tensor that the configuration implies is there, in its shape, and no other."""
    kept = tensors.get("calibration.forth")
    if kept is None or kept.ndim != 2 or not 0 < kept.shape[0] <= config.vae.latents:
        raise Damaged("its calibration is missing or out of shape")
    try:
        wanted = expected(config, kept.shape[0])
    except ValueError as error:
        raise Damaged(str(error)) from None
    for name, shape in wanted.items():
        if name not in tensors:
            raise Damaged(f"tensor {name} is missing")
        if tensors[name].shape != shape:
            raise Damaged(f"tensor {name} has the shape {list(tensors[name].shape)}; the configuration wants {list(shape)}")
    if extra := sorted(set(tensors) - set(wanted)):
        raise Damaged(f"tensor {extra[0]} is not part of the model")
