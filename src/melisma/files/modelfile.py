"""The model file `NAME.melisma`: one safetensors file with a JSON header. Specified in docs/reference/model-file.md.

Reading runs no code: the header is JSON, the rest is numbers, and every size is checked before it is believed.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadValue, Damaged, DiskError, MelismaError, NotFound
from ..system.atomic import atomic
from . import checks, container
from .config import ModelConfig
from .limits import MOST_BYTES, VERSIONS

SUFFIX = ".melisma"


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
    source: bytes = field(default=b"", init=False, repr=False, compare=False)  # the bytes it was read from; `replace` drops them

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
    entries, metadata, body = container.read(data)
    header = container.json_object(metadata.get("melisma", ""), "its melisma header")
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
        dtype = container.TYPES[kind]
        value = np.frombuffer(body, dtype, count=(end - begin) // dtype.itemsize, offset=begin).reshape(shape)
        if kind != "I8":  # whole numbers are widened with their scales
            value = value.astype(np.float32)
            if not np.isfinite(value).all():
                raise Damaged(f"tensor {name} holds numbers that are not finite")
        part, _, rest = name.partition(".")
        found.setdefault(part, {})[rest] = value  # what is of no part known here stays unread
    tensors, golden, scales = (found.get(part, {}) for part in ("model", "golden", "scale"))
    checks.widen({name: kind for name, (kind, *_) in entries.items()}, tensors, scales, version)
    checks.check_shapes(config, tensors)
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
    checks.check_latents(parts["latents"], tensors["calibration.forth"].shape[0])
    for key, entry in parts.items():
        try:
            json.dumps(entry, allow_nan=False)
        except ValueError:
            raise Damaged(f"its {key} entry holds a number that is not finite") from None
    pair = (golden["input"], golden["output"]) if {"input", "output"} <= set(golden) else None
    if golden and (pair is None or pair[0].ndim != 1 or pair[0].size == 0 or pair[0].shape != pair[1].shape):
        raise Damaged("its golden pair is not two waveforms of one length")
    for tensor in tensors.values():
        tensor.setflags(write=False)  # they are what the bytes say, which the core is given
    digest = hashlib.sha256(data).hexdigest()
    file = ModelFile(title, config, tensors, latency=latency, golden=pair, digest=digest, scales=scales, **parts)
    object.__setattr__(file, "source", data)
    return file
