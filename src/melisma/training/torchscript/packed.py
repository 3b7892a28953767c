"""A reference layer as a trace with its state packed into one tensor."""

from __future__ import annotations

import math
import warnings
from typing import Any

import torch
from torch import Tensor, nn

from ..layers import State, Streaming


class Packed(nn.Module):
    """A causal layer's step: x (B, C, L) and packed state (B, S) → y and the state after it."""

    def __init__(self, layer: Streaming):
        super().__init__()
        self.layer = layer
        self.form = _form(layer.initial(1))

    def initial(self) -> Tensor:
        """The state before the first frame, (1, S)."""
        return _pack(self.layer.initial(1), 1)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        y, after = self.layer.step(x, _unpack(self.form, state)[0])
        return y, _pack(after, x.shape[0])


def traced(module: nn.Module, *examples: Tensor) -> Any:
    """The module as a trace, for any number of batches and frames."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of branches that are not traced, such as that of no frames
        return torch.jit.trace(module, examples, check_trace=False)


def _form(state: State) -> Any:
    """A state's shapes but for the batch: None, a tuple, or a list of them."""
    if state is None:
        return None
    return [_form(part) for part in state] if isinstance(state, list) else tuple(state.shape[1:])


def _pack(state: State, batch: int) -> Tensor:
    found: list[Tensor] = []

    def walk(part: State) -> None:
        if isinstance(part, list):
            for inner in part:
                walk(inner)
        elif part is not None and math.prod(part.shape[1:]):
            found.append(part.reshape(batch, math.prod(part.shape[1:])))

    walk(state)
    return torch.cat(found, 1) if found else torch.zeros(batch, 0)


def _unpack(form: Any, packed: Tensor, at: int = 0) -> tuple[State, int]:
    """The state from its place on, and the place behind it."""
    if form is None:
        return None, at
    if isinstance(form, list):
        parts = []
        for inner in form:
            part, at = _unpack(inner, packed, at)
            parts.append(part)
        return parts, at
    size = math.prod(form)
    return packed[:, at : at + size].reshape(packed.shape[0], *form), at + size
