"""The commands by which a model leaves Melisma: for another host, or for others to find."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ..errors import BadValue, Unavailable, extra
from ..system.terminal import busy, say
from .files import Writes
from .options import ModelIn

TARGETS = {"nnc": ".ts", "neutone": ".nm"}


def export(
    model: ModelIn,
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write: NAME.ts, or NAME.nm for Neutone."), Writes()],
    to: Annotated[
        str, typer.Option("--to", metavar="HOST", help="nnc: TorchScript for nn~, in Max and Pure Data. neutone: for Neutone FX.")
    ] = "nnc",
    latent: Annotated[int, typer.Option(metavar="N", min=1, help="The latent that Neutone's fourth knob moves.")] = 1,
) -> None:
    """A model for nn~ or Neutone, with its streaming state."""
    from ..files import modelfile
    from ..store import pretrained
    from ..system.atomic import check_target

    if to not in TARGETS:
        raise BadValue(f"--to is {to!r}: choose one of {', '.join(TARGETS)}")
    check_target(target, [TARGETS[to]])
    file = modelfile.load(pretrained.locate(model))
    if to == "neutone":
        with extra("neutone"), _loads("torchaudio"):
            from ..training.torchscript import neutone
        with busy(f"writing {target}; Neutone's own checks play some sounds, which takes a minute or more"):
            neutone.write(file, target, latent)
        told = "for Neutone FX"
    else:
        with extra("train"):
            from ..training.torchscript import nnc
        with busy(f"writing {target}"):
            nnc.write(file, target)
        told = f"for nn~: methods {', '.join(nnc.METHODS)}"
    say(f"{target}: {target.stat().st_size / 1e6:.1f} MB, model {file.name} {told}")


def push(
    model: ModelIn,
    address: Annotated[str, typer.Argument(metavar="hf://OWNER/REPO", help="Where to put it; made if it is not there.")],
    private: Annotated[bool, typer.Option("--private", help="A new repository is yours alone to see.")] = False,
    dataset: Annotated[
        list[str] | None, typer.Option(metavar="OWNER/NAME", help="A data set of the Hub that it learnt from (repeatable).")
    ] = None,
) -> None:
    """A model and its card onto the Hugging Face Hub."""
    from ..store import push as pushing

    with busy(f"putting {model} at {address}"):
        found = pushing.push(model, address, private=private, datasets=dataset)
    say(f"{found} is its address: whoever has it hears this very file")


@contextmanager
def _loads(name: str) -> Iterator[None]:
    """A package that is there may still want libraries that are not."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{name} cannot be loaded ({error}): install PyTorch and {name} of one build, CPU or CUDA") from error
