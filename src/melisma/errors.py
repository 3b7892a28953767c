"""What a user of Melisma meets when something is wrong: an exception or a warning, each a sentence.

The kinds say what a program that calls Melisma can do about it: ask for another name (NotFound), get the file anew
(Damaged), give another value (BadValue), free space or permissions and try again (DiskError), or bring what is missing
from outside and try again (Unavailable). Nothing raises a bare MelismaError.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class MelismaError(ValueError):
    """Something given to Melisma cannot be used: one sentence that names the culprit and the remedy."""


class BadValue(MelismaError):
    """An argument, an option or an array is none that can be used: give another."""


class NotFound(MelismaError):
    """A file, a folder, a model or a part of one is not there under that name: give another name, or make it first."""


class Damaged(MelismaError):
    """A file is there and is not what it should be, or of a version that this Melisma does not read: get it anew."""


class DiskError(MelismaError):
    """The disk, or its permissions, refuse to read or to write: mend that and try again."""


class Unavailable(MelismaError):
    """Something outside Melisma is missing or taken: a package, the network, memory, a port, a run in another process."""


class MelismaWarning(UserWarning):
    """Something was done otherwise than asked, such as reading a damaged file as far as it goes: one sentence."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """`with extra("train"):` import what `pip install melisma` alone does not bring; Unavailable names what is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "melisma"):
            raise
        small = "; for PyTorch without gigabytes of CUDA first install its CPU build, as pytorch.org says for your system"
        what = f"this needs {missing}, which is not installed: pip install 'melisma[{name}]'"
        raise Unavailable(what + (small if missing == "torch" else "")) from error
