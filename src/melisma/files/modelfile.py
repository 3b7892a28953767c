"""The model file `NAME.melisma`: one safetensors file with a JSON header. Specified in docs/reference/model-file.md.

Reading runs no code: the header is JSON, the rest is numbers, and every size is checked before it is believed.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadValue, Damaged, DiskError, MelismaError, NotFound
from ..system.atomic import atomic
from .config import ModelConfig

VERSIONS = (1, 2)  # that are read: see docs/reference/model-file.md. Written is the first that holds what there is to write
SUFFIX = ".melisma"
MOST_BYTES = 256 << 20
MOST_HEADER = 4 << 20
MOST_TENSORS = 4096
DEEPEST = 64  # levels of JSON
MOST_MAPPED = 4098  # rows of a map
LONGEST_ROW = 4096  # numbers of a row in 8 bits: what the core's sums in 32 bits hold
_TYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "I8": np.dtype("i1")}
_TENSOR_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"


@dataclass(frozen=True)
class ModelFile:
    """What a model file holds.

    tensors: names → float32 arrays (kept in 16 bits in the file where they are matrices). latents, training and
    evaluation: see docs/reference/model-file.md. golden: input and output waveforms of a short proof, float32 (T,) each.
    latency in samples at the model's rate. digest: SHA-256 of the file it was read from. scales: names → float32 (rows,),
    of those tensors that are whole numbers from −127 to 127 times a scale for each row, and so kept in 8 bits.
    """

    name: str
    config: ModelConfig
    tensors: dict[str, np.ndarray]
    latents: dict[str, Any]
    latency: int
    training: dict[str, Any] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=dict)
    golden: tuple[np.ndarray, np.ndarray] | None = None
    digest: str = ""
    scales: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """Of the format that holds it: 2 where there are weights in 8 bits."""
        return 2 if self.scales else 1

    @property
    def weight_bits(self) -> int:
        """In how many bits most of its weights are kept."""
        return 8 if self.scales else 16

    def figure(self, *keys: str) -> float | None:
        """A figure of the evaluation, such as figure("rows", "chain", "visqol"); None where there is none."""
        value: Any = self.evaluation
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return float(value) if type(value) in (int, float) and math.isfinite(value) else None


def save(model: ModelFile, path: str | Path) -> None:
    """Write the file, whole or not at all."""
    data = to_bytes(model)
    with atomic(path) as temporary:
        Path(temporary).write_bytes(data)


def to_bytes(model: ModelFile, exact: bool = False) -> bytes:
    """What `save` writes. exact: matrices are kept in 16 bits only where nothing is lost, whatever they came from."""
    from safetensors.numpy import save

    tensors = {f"model.{name}": _narrow(value, exact) for name, value in model.tensors.items() if name not in model.scales}
    for name, scale in model.scales.items():
        tensors[f"model.{name}"], tensors[f"scale.{name}"] = _whole(model.tensors[name], scale), np.asarray(scale, np.float32)
    if model.golden is not None:
        tensors["golden.input"], tensors["golden.output"] = (np.asarray(v, np.float32) for v in model.golden)
    header = {
        "format": "melisma",
        "version": model.version,
        "name": model.name,
        "config": model.config.to_dict(),
        "latents": model.latents,
        "latency": model.latency,
        "training": model.training,
        "evaluation": model.evaluation,
    }
    try:
        text = json.dumps(header, sort_keys=True, allow_nan=False)
    except ValueError:  # JSON has no NaN
        raise BadValue("a header entry holds a number that is not finite: say null instead") from None
    return save(tensors, metadata={"melisma": text})


def rounded(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors as a reader of the file will have them: matrices rounded to 16 bits."""
    return {name: _narrow(value).astype(np.float32) for name, value in tensors.items()}


def _narrow(value: np.ndarray, exact: bool = False) -> np.ndarray:
    value = np.ascontiguousarray(value, np.float32)
    if not np.isfinite(value).all():
        raise BadValue("a weight is not a finite number: the training has failed")
    if value.ndim < 2 or np.abs(value).max(initial=0) >= 6e4:
        return value
    narrow = value.astype(np.float16)
    return value if exact and not np.array_equal(narrow, value) else narrow


def _whole(value: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The whole numbers that a tensor is, times its scales."""
    rows = scale.reshape(-1, *[1] * (value.ndim - 1))
    whole = np.rint(value / rows)
    if np.abs(whole).max(initial=0) > 127 or not np.array_equal(whole.astype(np.float32) * rows, value):
        raise BadValue("weights are not whole numbers times their scales: they have changed since they were rounded to 8 bits")
    return whole.astype(np.int8)


def load(path: str | Path) -> ModelFile:
    """Read and check a model file. Raises MelismaError with one sentence for anything that is no intact model file."""
    path = Path(path)
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise BadValue(f"{path} is a folder, not a {SUFFIX} file")
        if not path.is_file():  # reading a pipe or a device could wait for ever
            raise BadValue(f"{path} is not an ordinary file")
        if size > MOST_BYTES:
            raise BadValue(f"{path} has {size >> 20} MiB; a {SUFFIX} file has at most {MOST_BYTES >> 20}")
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None
    except OSError as error:
        raise DiskError(f"cannot read {path}: {error.strerror}") from None
    try:
        return _parse(data)
    except MelismaError as error:
        raise Damaged(f"{path} is not an intact model file: {_printable(str(error))}") from None


def _printable(text: str) -> str:
    """What a hostile file says, on one line of a terminal."""
    return "".join(c if c.isprintable() else "?" for c in (text if len(text) < 250 else text[:250] + "…"))


def _parse(data: bytes) -> ModelFile:
    entries, metadata, body = _safetensors(data)
    header = _object(metadata.get("melisma", ""), "its melisma header")
    if header.get("format") != "melisma":
        raise Damaged("it does not say that its format is melisma")
    version = header.get("version")
    if type(version) is not int or version not in VERSIONS:  # true is not 1
        raise Damaged(f"its format version is {version!r}; this Melisma reads versions {' and '.join(map(str, VERSIONS))}")
    try:
        config = ModelConfig.from_dict(header.get("config"))
    except ValueError as error:
        raise Damaged(str(error)) from None
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, (kind, shape, begin, end) in entries.items():
        value = np.frombuffer(body, _TYPES[kind], count=(end - begin) // _TYPES[kind].itemsize, offset=begin).reshape(shape)
        value = value.astype(np.float32)
        if not np.isfinite(value).all():
            raise Damaged(f"tensor {name} holds numbers that are not finite")
        part, _, rest = name.partition(".")
        found.setdefault(part, {})[rest] = value  # what is of no part known here stays unread
    tensors, golden, scales = (found.get(part, {}) for part in ("model", "golden", "scale"))
    _scale({name: kind for name, (kind, *_) in entries.items()}, tensors, scales, version)
    _check_shapes(config, tensors)
    title, latency = header.get("name"), header.get("latency")
    if not isinstance(title, str) or not 0 < len(title) <= 100 or not title.isprintable():
        raise Damaged("it has no name")
    if type(latency) is not int or latency != config.analysis.frame:  # the overlap, frame − hop, and the hop that a stream holds
        raise Damaged(f"its latency is {latency!r}; frames of {config.analysis.frame} samples make it as many")
    parts: dict[str, dict[str, Any]] = {}
    for key in ("latents", "training", "evaluation"):
        parts[key] = header.get(key, {})
        if not isinstance(parts[key], dict):
            raise Damaged(f"its {key} entry is not an object")
    _check_latents(parts["latents"], tensors["calibration.forth"].shape[0])
    for key, entry in parts.items():
        try:
            json.dumps(entry, allow_nan=False)
        except ValueError:
            raise Damaged(f"its {key} entry holds a number that is not finite") from None
    pair = (golden["input"], golden["output"]) if {"input", "output"} <= set(golden) else None
    if golden and (pair is None or pair[0].ndim != 1 or pair[0].size == 0 or pair[0].shape != pair[1].shape):
        raise Damaged("its golden pair is not two waveforms of one length")
    return ModelFile(
        title, config, tensors, latency=latency, golden=pair, digest=hashlib.sha256(data).hexdigest(), scales=scales, **parts
    )


def _scale(types: dict[str, str], tensors: dict[str, np.ndarray], scales: dict[str, np.ndarray], version: int) -> None:
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
        tensors[name] = value * scale.reshape(-1, *[1] * (value.ndim - 1))


def _safetensors(data: bytes) -> tuple[dict[str, tuple[str, tuple[int, ...], int, int]], dict[str, str], memoryview]:
    """The entries (type, shape, begin, end), the metadata and the body of a safetensors file, all bounds checked."""
    if len(data) < 10:
        raise Damaged("it is cut short or empty")
    (length,) = struct.unpack("<Q", data[:8])
    if length > MOST_HEADER or length + 8 > len(data):
        raise Damaged("its header's length is absurd: it is damaged, cut short, or something else entirely")
    header = _object(data[8 : 8 + length], "its header")
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
        if not isinstance(kind, str) or kind not in _TYPES:
            raise Damaged(f"tensor {name} has the type {kind!r}; F32, F16 and I8 are read")
        if any(type(v) is not int or not 0 <= v <= MOST_BYTES for v in (*shape, begin, end)) or len(shape) > 4:
            raise Damaged(f"tensor {name} has an odd shape or place")
        count = 1
        for extent in shape:
            count *= extent
        if end - begin != count * _TYPES[kind].itemsize or end > len(body):
            raise Damaged(f"tensor {name} does not fit its place: the file is cut short or damaged")
        entries[name] = (kind, shape, begin, end)
        spans.append((begin, end))
    spans.sort()
    if any(a[1] > b[0] for a, b in zip(spans, spans[1:])):
        raise Damaged("two of its tensors overlap")
    return entries, metadata, body


def _object(text: str | bytes, what: str) -> dict[str, Any]:
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


def _check_latents(latents: dict[str, Any], count: int) -> None:
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
    _check_map(latents.get("map"), count)


def _check_map(entry: Any, count: int) -> None:
    """A map of the domain is two axes and some points, each a row with a number for each latent."""
    if entry is None:
        return
    tables = [entry.get(key) for key in ("axes", "points")] if isinstance(entry, dict) else [None, None]
    rows = [row for table in tables if isinstance(table, list) for row in table]
    good = len(rows) > 10 and all(isinstance(row, list) and len(row) == count for row in rows) and len(tables[0] or ()) == 2
    if not good or len(rows) > MOST_MAPPED or not all(type(v) in (int, float) and -1e6 < v < 1e6 for row in rows for v in row):
        raise Damaged(f"its map is not two axes and 9 to {MOST_MAPPED - 2} points of {count} numbers")


def _check_shapes(config: ModelConfig, tensors: dict[str, np.ndarray]) -> None:
    """Every tensor that the configuration implies is there, in its shape, and no other."""
    from .shapes import expected

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
