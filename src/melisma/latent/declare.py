"""What an operator declares of itself, beside the function that it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True)
class Parameter:
    """One control of an operator. Bounds are what a knob offers and `apply` takes; the functions take any finite value.

    rest: the number at which the operator does nothing, if the default does something.
    kind: number, integer, switch, dimensions, curve (a number or points), points, weights, path, paths.
    """

    name: str
    unit: str
    default: Any
    minimum: float | None
    maximum: float | None
    kind: str = "number"
    summary: str = ""
    required: bool = False
    rest: float | None = None


@dataclass(frozen=True)
class Operator:
    """An operator as hosts see it: call `function(path, **values)` with values of its parameters and its selection."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    selection: tuple[Parameter, ...]
    function: Callable[..., Any]


DIMS = Parameter("dims", "", None, 0, None, "dimensions", "which latents to act on; all if not said")
START = Parameter("start", "s", None, 0, None, "number", "where the range begins")
END = Parameter("end", "s", None, 0, None, "number", "where the range ends")
LOUDNESS = Parameter("loudness", "", False, None, None, "switch", "whether to act on the loudness as well")

_Function = TypeVar("_Function", bound=Callable[..., Any])


def operator(
    name: str, summary: str, *parameters: Parameter, selection: tuple[Parameter, ...] = (DIMS, START, END)
) -> Callable[[_Function], _Function]:
    """Declare a function (path, …) → path to be an operator; as a method of LatentPath it is in `OPERATORS`."""

    def enter(function: _Function) -> _Function:
        setattr(function, "operator", Operator(name, summary, parameters, selection, function))  # noqa: B010
        return function

    return enter


def declared(function: Any) -> Operator | None:
    """What a function declares of itself, if it is an operator."""
    found = getattr(function, "operator", None)
    return found if isinstance(found, Operator) else None
