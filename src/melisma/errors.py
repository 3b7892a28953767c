"""What a user of Melisma meets when something is wrong: one exception, one warning, each a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class MelismaError(ValueError):
    """Something given to Melisma cannot be used: one sentence that names the culprit and the remedy."""


class MelismaWarning(UserWarning):
    """Something was done otherwise than asked, such as reading a damaged file as far as it goes: one sentence."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """`with extra("train"):` import what `pip install melisma` alone does not bring; MelismaError names what is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "melisma"):
            raise
        raise MelismaError(f"this needs {missing}, which is not installed: pip install 'melisma[{name}]'") from error
