"""What a model file is made of: safetensors, a header of JSON and then numbers. Every size is checked before it is believed."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from ..errors import Damaged, MelismaError
from .limits import DEEPEST, MOST_BYTES, MOST_HEADER, MOST_TENSORS

TYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "I8": np.dtype("i1")}
_TENSOR_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"


def read(data: bytes) -> tuple[dict[str, tuple[str, tuple[int, ...], int, int]], dict[str, str], memoryview]:
    """The entries (type, shape, begin, end), the metadata and the body of a safetensors file, all bounds checked."""
    if len(data) < 10:
        raise Damaged("it is cut short or empty")
    (length,) = struct.unpack("<Q", data[:8])
    if length > MOST_HEADER or length + 8 > len(data):
        raise Damaged("its header's length is absurd: it is damaged, cut short, or something else entirely")
    header = json_object(data[8 : 8 + length], "its header")
    body = memoryview(data)[8 + length :]
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not isinstance(metadata.get("melisma", ""), str):
        raise Damaged("its metadata are not text")
    if len(header) > MOST_TENSORS:
        raise Damaged(f"it claims {len(header)} tensors")
    entries, spans = {}, []
    for name, entry in header.items():
        if not name or len(name) > 200 or any(c not in _TENSOR_NAME for c in name):
            raise Damaged("a tensor has an odd name")
        try:
            kind, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        except (TypeError, KeyError, ValueError):
            raise Damaged(f"tensor {name} is not described as safetensors does") from None
        if not isinstance(kind, str) or kind not in TYPES:
            raise Damaged(f"tensor {name} has the type {kind!r}; F32, F16 and I8 are read")
        if any(type(v) is not int or not 0 <= v <= MOST_BYTES for v in (*shape, begin, end)) or len(shape) > 4:
            raise Damaged(f"tensor {name} has an odd shape or place")
        count = 1
        for extent in shape:
            count *= extent
        if end - begin != count * TYPES[kind].itemsize or end > len(body):
            raise Damaged(f"tensor {name} does not fit its place: the file is cut short or damaged")
        entries[name] = (kind, shape, begin, end)
        spans.append((begin, end))
    spans.sort()
    if any(a[1] > b[0] for a, b in zip(spans, spans[1:])):
        raise Damaged("two of its tensors overlap")
    return entries, metadata, body


def json_object(text: str | bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except MelismaError as error:
        raise Damaged(f"{what} {error}") from None
    except (ValueError, RecursionError):
        raise Damaged(f"{what} is not JSON: it is damaged, or something else entirely") from None
    if not isinstance(value, dict):
        raise Damaged(f"{what} is not an object")
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
        level = [inner for inner in level if isinstance(inner, (dict, list))]
    if level:
        raise Damaged(f"{what} is nested deeper than {DEEPEST} levels")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; a name that is there twice would be read by one reader so and by another so."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise Damaged(f"has {next(name for name in names if names.count(name) > 1)} twice")
    return found
