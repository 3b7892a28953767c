"""Latent paths as a table in a file, CSV or Parquet: a row a frame, for pandas, R and their like."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..errors import BadValue, extra
from ..latent import LatentPath
from ..system.atomic import atomic, check_target

SUFFIXES = (".csv", ".parquet")
Add = Callable[[str, LatentPath], None]


@contextmanager
def writer(file: str | os.PathLike[str]) -> Iterator[Add]:
    """`with writer(file) as add: add("cat.wav", path)`: a table of as many paths as are added, one after another.

    Columns: `sound`, then those of `LatentPath.table`. The file is there, whole, when the block ends well; never is more than one
    path kept. The suffix says the format; Unavailable where Parquet's package is missing.
    """
    check_target(file, SUFFIXES)
    make = _csv if str(file).lower().endswith(".csv") else _parquet
    with atomic(file) as temporary, make(temporary) as add:
        yield _checked(add)


def _checked(add: Callable[[dict[str, Any]], None]) -> Add:
    columns: list[str] = []

    def checked(sound: str, path: LatentPath) -> None:
        name = sound.encode(errors="replace").decode()  # a file's name may be no Unicode
        table = {"sound": [name] * path.frames, **path.table()}
        if columns and columns != list(table):
            raise BadValue(
                f"{sound} has {path.dimensions} latents and the paths before it {len(columns) - 3}: use one model for all"
            )
        columns[:] = table
        add(table)

    return checked


@contextmanager
def _csv(file: os.PathLike[str]) -> Iterator[Callable[[dict[str, Any]], None]]:
    with open(file, "w", newline="", encoding="utf-8") as out:
        lines, begun = csv.writer(out), False

        def add(table: dict[str, Any]) -> None:
            nonlocal begun
            if not begun:
                lines.writerow(table)
            begun = True
            forms = ["%s", "%.6f", "%.3f", *["%.6g"] * (len(table) - 3)]
            rows = zip(*(column.tolist() if isinstance(column, np.ndarray) else column for column in table.values()), strict=True)
            lines.writerows([form % value for form, value in zip(forms, row)] for row in rows)

        yield add


@contextmanager
def _parquet(file: os.PathLike[str]) -> Iterator[Callable[[dict[str, Any]], None]]:
    with extra("table"):
        import pyarrow
        import pyarrow.parquet

    opened: list[Any] = []

    def add(table: dict[str, Any]) -> None:
        rows = pyarrow.table(table)
        if not opened:
            opened.append(pyarrow.parquet.ParquetWriter(file, rows.schema))
        opened[0].write_table(rows)

    try:
        yield add
    finally:
        for one in opened:
            one.close()
