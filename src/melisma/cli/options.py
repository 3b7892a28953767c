"""What the commands' arguments have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_MODEL = "A model's name, a .melisma file, or an hf:// address."
ModelOption = Annotated[str, typer.Option("--model", "-m", metavar="M", help=_MODEL)]
PathModelOption = Annotated[
    str | None, typer.Option("--model", "-m", metavar="M", help=f"{_MODEL[:-1]}; else the one that encoded the path.")
]
ModelIn = Annotated[str, typer.Argument(metavar="MODEL", help=_MODEL)]
SoundIn = Annotated[Path, typer.Argument(metavar="IN", help="A sound file: WAV, FLAC, OGG, MP3, AIFF, …")]
SoundOut = Annotated[Path, typer.Argument(metavar="OUT", help="The sound file to write; its suffix says the format.")]
PathIn = Annotated[Path, typer.Argument(metavar="PATH.npz", help="A latent path.")]
