"""No input of a command is ever its output, whatever option names it and by whatever name, link or hard link.

A command says which of its parameters name files that it writes (`Writes`). Every other one may name files that it reads: as a
whole, such as `IN` and `--loudness FILE`, or as a part of a text, such as `--op interpolate:other=FILE`; `Reads` adds what a text
stands for, such as a model's name. So a new option is guarded without a word.
"""

from __future__ import annotations

import functools
import os
import re
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BadValue


@dataclass(frozen=True)
class Writes:
    """In a parameter's annotation: it names a file that the command writes, by itself or as `of` says."""

    of: Callable[[Any], str | os.PathLike[str]] = Path


@dataclass(frozen=True)
class Reads:
    """In a parameter's annotation: the files that its value stands for, where it is no file's name."""

    of: Callable[[Any], Iterable[str | os.PathLike[str]]]


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command, which refuses to run where one of its outputs is one of its inputs, or is named twice."""
    annotations = typing.get_type_hints(command, include_extras=True)
    marks = {name: getattr(kind, "__metadata__", ()) for name, kind in annotations.items()}

    @functools.wraps(command)
    def checked(**values: Any) -> Any:
        outputs = dict(_outputs(values, marks))
        for name, value in values.items():
            if name not in outputs and value is not None:
                for file in _files(value, marks.get(name, ())):
                    for output in outputs.values():
                        if _same(file, output):
                            raise BadValue(f"{output} is what is read ({_called(name, marks)}): write to another file")
        for first, second in ((a, b) for a in outputs for b in outputs if a < b):
            if _same(outputs[first], outputs[second]) or os.path.realpath(outputs[first]) == os.path.realpath(outputs[second]):
                raise BadValue(f"{outputs[first]} is named twice, as {_called(first, marks)} and {_called(second, marks)}")
        return command(**values)

    return checked


def _outputs(values: dict[str, Any], marks: dict[str, tuple[Any, ...]]) -> Iterator[tuple[str, Path]]:
    for name, value in values.items():
        mark = next((mark for mark in marks.get(name, ()) if isinstance(mark, Writes)), None)
        if mark and value is not None:
            yield name, Path(mark.of(value))


def _files(value: Any, marks: tuple[Any, ...]) -> Iterator[str]:
    """All that a value may name: the whole of it, its parts, and what it stands for."""
    for one in value if isinstance(value, (list, tuple)) else [value]:
        if isinstance(one, (str, os.PathLike)):
            text = os.fspath(one)
            yield from (text, *re.split(r"[:=,]", text)) if isinstance(one, str) else (text,)
            for mark in marks:
                if isinstance(mark, Reads):
                    yield from (os.fspath(file) for file in mark.of(one))


def _same(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    try:
        return os.path.isfile(one) and os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


def _called(name: str, marks: dict[str, tuple[Any, ...]]) -> str:
    """The parameter as the command line has it: --loudness, or IN."""
    for mark in marks.get(name, ()):
        declared = [getattr(mark, "default", None), *(getattr(mark, "param_decls", None) or ())]  # Typer keeps the first apart
        if named := [text for text in declared if isinstance(text, str) and text.startswith("--")]:
            return named[0]
        if type(mark).__name__ == "ArgumentInfo":
            return mark.metavar or name.upper()
    return f"--{name.replace('_', '-')}"
