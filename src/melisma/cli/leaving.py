"""The commands by which a model leaves Melisma: for another host, or for others to find."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import BadValue, extra
from ..system.terminal import busy, say
from .files import Writes
from .options import ModelIn

TARGETS = {"nnc": ".ts"}


def export(
    model: ModelIn,
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write: NAME.ts for nn~."), Writes()],
    to: Annotated[str, typer.Option("--to", metavar="HOST", help="nnc: TorchScript for nn~, in Max and Pure Data.")] = "nnc",
) -> None:
    """Write a model for a host that is not Melisma's, with its streaming state in it."""
    from ..files import modelfile
    from ..store import pretrained
    from ..system.atomic import check_target

    if to not in TARGETS:
        raise BadValue(f"--to is {to!r}: choose one of {', '.join(TARGETS)}")
    check_target(target, [TARGETS[to]])
    file = modelfile.load(pretrained.locate(model))
    with extra("train"):
        from ..training.torchscript import nnc
    with busy(f"writing {target}"):
        nnc.write(file, target)
    say(f"{target}: {target.stat().st_size / 1e6:.1f} MB, model {file.name} for nn~: methods {', '.join(nnc.METHODS)}")
