"""A run's checkpoint: written whole or not at all, read only if it is undamaged and of this run, by one process at a time."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import torch

from ..errors import BadValue, Damaged, DiskError, MelismaError, Unavailable
from ..files.config import ModelConfig

_STATE, _HALF = "state.pt", ".tmp"


def locked(folder: Path) -> IO[str]:
    """The folder's lock: two processes that train in one folder would overwrite one another's checkpoints."""
    file = open(folder / "lock", "w")
    try:
        import fcntl
    except ImportError:  # Windows
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise Unavailable(f"another process is training in {folder}: wait for it, stop it, or choose another --name") from None
    return file


def sweep(runs: Path) -> None:
    """Remove the half-written checkpoints that killed processes left in any run's folder."""
    for half in runs.glob(f"*/{Path(_STATE).with_suffix(_HALF)}"):
        with suppress(MelismaError, OSError):  # somebody trains there
            lock = locked(half.parent)
            half.unlink(missing_ok=True)
            lock.close()


def save(path: Path, state: dict[str, Any]) -> None:
    temporary = path.with_suffix(_HALF)  # one name, so that what a kill leaves is overwritten; the folder is locked
    try:
        with open(temporary, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, RuntimeError) as error:  # torch's own writer reports a full disk as a RuntimeError
        temporary.unlink(missing_ok=True)
        raise DiskError(f"cannot write {path} ({error}): free some space, then go on with --resume") from error


def load(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        with zipfile.ZipFile(path) as parts:  # torch.load does not look at the checksums
            if bad := parts.testzip():
                raise ValueError(bad)
        return torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:
        raise _unfit(path, error) from None


def _unfit(path: Path, error: Exception) -> MelismaError:
    return Damaged(f"cannot resume from {path} ({error.__class__.__name__}): delete it to start again")


@contextmanager
def fitting(path: Path) -> Iterator[None]:
    """What a checkpoint holds is put in place here: MelismaError if it does not fit."""
    try:
        yield
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise _unfit(path, error) from None


def check(saved: Any, path: Path, config: ModelConfig, wanted_stages: Sequence[str], sounds: str) -> int:
    """The stage that a checkpoint goes on with; MelismaError if it is of other networks, stages or sounds, or none."""
    with fitting(path):
        trained, at, stages = ModelConfig.from_dict(saved["config"]), saved["stage"], saved.get("stages", list(wanted_stages))
        wanted = {"model", "stage_state", "optimizers", "step", "elapsed", "finished", "sounds", "looked", "best"}
        if not wanted <= saved.keys() or type(at) is not int or at < 0:
            raise KeyError(path)
    if not trained.fits(config):
        raise BadValue(f"{path} was trained with another configuration: choose another --name")
    if stages != list(wanted_stages):
        listed = ", ".join(map(str, stages))
        raise BadValue(f"{path} is of a run with the stages {listed}: go on with the same, or choose another --name")
    if saved["sounds"] != sounds:
        raise BadValue(f"{path} was trained on other sounds: resume with the same folder, or choose another --name")
    return at
