"""Threads of the libraries that compute figures: one where several only wait for each other, as many after as before."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")


def on_one_thread(function: Callable[_Given, _Found]) -> Callable[_Given, _Found]:
    """Run a function without parallel loops. Where other work shares the cores (a training, say) the threads of small
    matrix products and shallow trees wait for each other a hundred times longer than they compute."""

    @wraps(function)
    def limited(*args: _Given.args, **kwargs: _Given.kwargs) -> _Found:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            return function(*args, **kwargs)

    return limited


@contextmanager
def threads_as_they_were() -> Iterator[None]:
    """ViSQOL runs on Numba, whose threading layer sets OpenMP's number of threads, which is PyTorch's too."""
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 0
    try:
        yield
    finally:
        if torch:
            torch.set_num_threads(before)
