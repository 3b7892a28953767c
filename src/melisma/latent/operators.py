"""The operators: all that are methods of LatentPath, and how they are written as text.

`OPERATORS` has them with their parameters, units and ranges: what the command line, the studio and the tables of the
documentation read. `apply(path, "scale:latents=1,3:by=1.5", load)` is what `melisma edit --op` does. Text counts latents from 1
(`latents=1,3`). `dims=0,2`, counted from 0 as in Python, is the older name and still read.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from typing import Any

from ..errors import BadValue
from .declare import DIMS, START, Operator, Parameter, declared
from .methods import LatentPath
from .reading import split_points

OPERATORS = {
    found.name: found for method in vars(LatentPath).values() if (found := declared(method))
}  # in the order of the class
__all__ = ["ALIASES", "OPERATORS", "Operator", "Parameter", "apply", "parse", "written"]

ALIASES = {"set_loudness": "loudness", "freeze": "hold", "noise": "randomize"}  # other names that text may call them by

# --- operators as text --------------------------------------------------------------------------------------------------


def apply(path: LatentPath, text: str, open_path: Callable[[str], LatentPath]) -> LatentPath:
    """Apply an operator written as text: its name and `:parameter=value`s, such as `scale:latents=1,3-5:by=1.5`,
    `reverse:start=1:end=2`, `loudness:to=-20`, `loudness:to=0:-60,2.5:-10`, `interpolate:other=b.npz:curve=0.3`.

    latents are numbers from 1 and spans of them, or `none`; points are seconds:value; switches are yes or no. Values may
    carry their unit. `open_path` opens the paths that are named: `pathfile.load` where names are files of the user's own.
    MelismaError names the part that is wrong and says what would be right.
    """
    operator, values = parse(text)
    for parameter in operator.parameters:
        if parameter.kind == "path" and parameter.name in values:
            values[parameter.name] = open_path(values[parameter.name])
        elif parameter.kind == "paths" and parameter.name in values:
            values[parameter.name] = [open_path(name) for name in values[parameter.name]]
    if too_high := [row for row in values.get("dims") or () if row >= path.dimensions]:
        raise BadValue(f"{text!r} wants latent {too_high[0] + 1}; this path has the latents 1 to {path.dimensions}")
    edited: LatentPath = operator.function(path, **values)
    return edited


def parse(text: str) -> tuple[Operator, dict[str, Any]]:
    """The operator that a text names and the values it gives, as its function takes them; paths are left as names."""
    name, _, rest = text.strip().partition(":")
    name = ALIASES.get(name, name)
    if name not in OPERATORS:
        close = difflib.get_close_matches(name, OPERATORS, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise BadValue(f"unknown operator {name!r} in {text!r}; {hint}the operators are {', '.join(sorted(OPERATORS))}")
    operator = OPERATORS[name]
    allowed = {written(p): p for p in (*operator.parameters, *operator.selection)}
    values: dict[str, Any] = {}
    # split only where a parameter begins, as file names may hold colons
    for part in re.split(r":(?=\w+=)", rest) if rest else ():
        key, equals, value = part.partition("=")
        if not equals:
            raise BadValue(f"{part!r} in {text!r} is not written as parameter=value; {name} takes {', '.join(allowed)}")
        parameter = DIMS if key == DIMS.name and DIMS in operator.selection else allowed.get(key)
        if parameter is None:
            raise BadValue(f"{name} has no parameter {key!r} (in {text!r}); it takes {', '.join(allowed)}")
        if parameter.name in values:
            raise BadValue(f"{written(parameter)!r} is given twice in {text!r}; give it once")
        try:
            values[parameter.name] = _read_dims(value) if key == DIMS.name else _READERS[parameter.kind](value, parameter)
        except ValueError as error:
            raise BadValue(f"{part!r} in {text!r} is {error}") from error
    for parameter in operator.parameters:
        if parameter.required and parameter.name not in values:
            raise BadValue(f"{name} needs {parameter.name}=… ({parameter.summary}); {text!r} does not give it")
    return operator, values


def written(parameter: Parameter) -> str:
    """A parameter's name where people read it: Python's `dims`, counted from 0, are `latents` there, counted from 1."""
    return "latents" if parameter == DIMS else parameter.name


# Readers raise ValueError with what the text is (instead of what it should be); `parse` adds where it stands.


def _read_number(text: str, parameter: Parameter) -> float:
    bare = text.strip()
    if parameter.unit and bare.lower().endswith(parameter.unit.lower()):
        bare = bare[: -len(parameter.unit)].rstrip()
    try:
        number = float(bare)
    except ValueError:
        raise ValueError("not a number" + (f" in {parameter.unit}" if parameter.unit.isalpha() else "")) from None
    return _bounded(number, parameter)


def _read_integer(text: str, parameter: Parameter) -> int:
    if not re.fullmatch(r"\s*-?[0-9]{1,30}\s*", text):
        raise ValueError("not a whole number")
    return int(_bounded(int(text), parameter))


def _bounded(number: float, parameter: Parameter) -> float:
    low = -math.inf if parameter.minimum is None else parameter.minimum
    high = math.inf if parameter.maximum is None else parameter.maximum
    if not (math.isfinite(number) and low <= number <= high):
        raise ValueError(f"outside {low:g} to {high:g}" if math.isfinite(high) else f"not a number from {low:g} on")
    return number


def _read_switch(text: str, parameter: Parameter) -> bool:
    switch = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
    if text.strip().lower() not in switch:
        raise ValueError("neither yes nor no")
    return switch[text.strip().lower()]


def _read_latents(text: str, parameter: Parameter) -> list[int] | None:
    """Rows, counted from 0, of latents counted from 1."""
    rows = _read_list(text, "latents such as 1,3 or 1-4")
    if rows and 0 in rows:
        raise ValueError("counted from 0, but latents are counted from 1")
    return rows if rows is None else [row - 1 for row in rows]


def _read_dims(text: str) -> list[int] | None:
    """Rows as Python counts them, from 0: the older way to write them."""
    return _read_list(text, "dimensions such as 0,2 or 0-3")


def _read_list(text: str, wanted: str) -> list[int] | None:
    if text.strip().lower() in ("all", "none"):
        return None if text.strip().lower() == "all" else []
    numbers: list[int] = []
    for item in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,4})(?:-([0-9]{1,4}))?\s*", item)
        if not match:
            raise ValueError(f"no list of {wanted} (or all, or none)")
        first, last = int(match[1]), int(match[2] or match[1])
        if first > last:  # an empty span would leave the path as it was, without a word
            raise ValueError(f"counted down from {first} to {last}: write {last}-{first}")
        numbers.extend(range(first, last + 1))
    return numbers


def _read_points(text: str, parameter: Parameter) -> list[tuple[float, float]]:
    return [(_read_number(time, START), _read_number(value, parameter)) for time, value in split_points(text)]


def _read_curve(text: str, parameter: Parameter) -> float | list[tuple[float, float]]:
    return _read_points(text, parameter) if ":" in text or "/" in text else _read_number(text, parameter)


def _read_weights(text: str, parameter: Parameter) -> list[float]:
    return [_read_number(item, parameter) for item in text.split(",")]


def _read_path(text: str, parameter: Parameter) -> str:
    if not text.strip():
        raise ValueError("without the name of a file")
    return text


def _read_paths(text: str, parameter: Parameter) -> list[str]:
    return [_read_path(item, parameter) for item in text.split(",")]


_READERS: dict[str, Callable[[str, Parameter], Any]] = {
    "number": _read_number,
    "integer": _read_integer,
    "switch": _read_switch,
    "dimensions": _read_latents,
    "curve": _read_curve,
    "points": _read_points,
    "weights": _read_weights,
    "path": _read_path,
    "paths": _read_paths,
}
