"""The file of a latent path, `NAME.npz`: NumPy's own format, an array for each field. Nothing in it is run."""

from __future__ import annotations

import math
import os
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadValue, Damaged, DiskError, MelismaError, NotFound
from ..latent import LatentPath
from ..system.atomic import atomic
from ..system.inputs import note_input

FORMAT = 2  # 1 knew no layers; a path without them is written as 1, which every version reads
_MOST_BANDS = 1024
_LIMIT = 1 << 30  # bytes of one array: an hour of 128 dimensions at 500 frames a second fits
_ENTRIES: dict[str, tuple[str, int]] = {  # name → dtype (U: text of any length), number of axes
    "format": ("<i8", 0),
    "values": ("<f4", 2),
    "loudness": ("<f4", 1),
    "rate": ("<f8", 0),
    "length": ("<i8", 0),
    "source_rate": ("<i8", 0),
    "model": ("U", 0),
    "ranges": ("<f4", 2),
    "timbre": ("<i8", 1),
    "layers": ("|u1", 1),  # zlib of int8 (M, N): those columns that differ from the one before, less that one
    "layers_at": ("<i8", 1),  # (N,): the frame that each begins with
    "layers_bands": ("<i8", 0),  # M
}
_LAYERS = ("layers", "layers_at", "layers_bands")
_OPTIONAL = ("ranges", "timbre", *_LAYERS)


def save(path: LatentPath, file: str | os.PathLike[str]) -> None:
    """Write a path as .npz, whole or not at all: an uncompressed archive with an array for each field and its `format`."""
    arrays: dict[str, Any] = {
        "format": np.int64(1 if path.layers is None else FORMAT),
        "values": path.values,
        "loudness": path.loudness,
        "rate": np.float64(path.rate),
        "length": np.int64(path.length),
        "source_rate": np.int64(path.source_rate),
        "model": np.str_(path.model),
    }
    if path.ranges is not None:
        arrays["ranges"] = path.ranges
    if path.timbre is not None:
        arrays["timbre"] = np.array(path.timbre, np.int64)
    if path.layers is not None:
        arrays |= _packed(path.layers)
    with atomic(file) as temporary, open(temporary, "wb") as out:
        np.savez(out, **arrays)


def load(file: str | os.PathLike[str]) -> LatentPath:
    """Read a path that `save` wrote. Nothing in the file is run, and no size is believed before it is checked.

    MelismaError says what is wrong with a file that is none, is damaged, or comes from a newer version.
    """
    name = Path(file)
    if not name.is_file():
        raise NotFound(f"{file} is not a file; give a latent path that `melisma encode` wrote")
    note_input(name)
    try:
        with zipfile.ZipFile(name) as archive:
            entries = _read_archive(archive, name.stat().st_size, str(file))
    except MelismaError:
        raise
    except OSError as error:
        raise DiskError(f"{file} cannot be opened: {error.strerror or error}; check its permissions") from error
    except MemoryError:
        raise
    except Exception as error:  # zipfile and the header's parser raise a dozen kinds on damaged bytes
        raise Damaged(f"{file} is not a latent path, or is damaged; encode the sound again") from error
    try:
        return LatentPath(
            entries["values"],
            entries["loudness"],
            float(entries["rate"]),
            int(entries["length"]),
            int(entries["source_rate"]),
            str(entries["model"]),
            entries.get("ranges"),
            None if (timbre := entries.get("timbre")) is None else tuple(timbre.tolist()),
            _unpacked(entries),
        )
    except MelismaError as error:
        raise Damaged(f"{file} is damaged: {error}; encode the sound again") from error


def _packed(layers: np.ndarray) -> dict[str, Any]:
    """Layers (M, L), which mostly stand still, as entries of a file."""
    at = np.concatenate([[0], np.flatnonzero((layers[:, 1:] != layers[:, :-1]).any(0)) + 1])
    columns = layers[:, at]
    moves = np.diff(columns, axis=1, prepend=np.zeros((len(layers), 1), np.int8))  # round the clock of 8 bits, and back
    packed = np.frombuffer(zlib.compress(moves.tobytes(), 6), np.uint8)
    return {"layers": packed, "layers_at": at.astype(np.int64), "layers_bands": np.int64(len(layers))}


def _unpacked(entries: dict[str, np.ndarray]) -> np.ndarray | None:
    """The layers frame by frame, int8 (M, L)."""
    here = [name in entries for name in _LAYERS]
    if not any(here):
        return None
    wrong = BadValue("its layers do not fit together")
    if not all(here):
        raise wrong
    bands, at, frames = int(entries["layers_bands"]), entries["layers_at"], entries["loudness"].shape[0]
    lengths = np.diff(at, append=frames)
    if not 0 < bands <= _MOST_BANDS or not at.size or at[0] != 0 or (lengths <= 0).any():
        raise wrong
    reader = zlib.decompressobj()
    try:
        moves = reader.decompress(entries["layers"].tobytes(), bands * len(at) + 1)  # never more than it says
    except zlib.error:
        raise wrong from None
    if len(moves) != bands * len(at) or not reader.eof:
        raise wrong
    columns = np.cumsum(np.frombuffer(moves, np.int8).reshape(bands, -1), axis=1, dtype=np.int8)
    return np.repeat(columns, lengths, axis=1)


def _read_archive(archive: zipfile.ZipFile, size: int, file: str) -> dict[str, np.ndarray]:
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if "format" not in members:
        raise Damaged(f"{file} is not a latent path (it has no format); encode a sound to get one")
    version = int(_read_member(archive, "format", members["format"], size, file))
    if not 1 <= version <= FORMAT:
        raise Damaged(f"{file} is of format {version}, and this version of Melisma reads formats 1 to {FORMAT}; update Melisma")
    if missing := sorted(set(_ENTRIES) - set(_OPTIONAL) - set(members)):
        raise Damaged(f"{file} is damaged: {missing[0]} is missing; encode the sound again")
    if unknown := sorted(set(members) - set(_ENTRIES)):
        raise Damaged(f"{file} is not a latent path: it holds an unknown entry {unknown[0][:40]!r}; encode the sound again")
    return {name: _read_member(archive, name, info, size, file) for name, info in members.items()}


def _read_member(archive: zipfile.ZipFile, name: str, info: zipfile.ZipInfo, size: int, file: str) -> np.ndarray:
    dtype, axes = _ENTRIES[name]
    if info.compress_type != zipfile.ZIP_STORED:
        raise Damaged(f"{file} is compressed; write it with numpy.savez, not savez_compressed")
    if info.file_size != info.compress_size or info.file_size > min(size, _LIMIT if axes else 1 << 16):
        raise Damaged(f"{file} is damaged: {name} claims {info.file_size} bytes; encode the sound again")
    data = BytesIO(archive.read(info))
    if np.lib.format.read_magic(data) != (1, 0):  # what numpy writes for every type used here
        raise Damaged(f"{file} is damaged: {name} is no array; encode the sound again")
    shape, by_columns, claimed = np.lib.format.read_array_header_1_0(data)
    fits = claimed.kind == "U" if dtype == "U" else claimed == np.dtype(dtype)
    if not fits or len(shape) != axes or math.prod(shape) * claimed.itemsize != info.file_size - data.tell():
        raise Damaged(f"{file} is damaged: {name} is {claimed} of shape {shape}; encode the sound again")
    return np.frombuffer(data.read(), claimed).reshape(shape, order="F" if by_columns else "C")
