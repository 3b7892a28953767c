"""What the commands' arguments have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .files import Writes

_MODEL = "A model's name, a .melisma file, or an hf:// address."
ModelOption = Annotated[str, typer.Option("--model", "-m", metavar="M", help=_MODEL)]
PathModelOption = Annotated[
    str | None, typer.Option("--model", "-m", metavar="M", help=f"{_MODEL[:-1]}; else the one that encoded the path.")
]
ModelIn = Annotated[str, typer.Argument(metavar="MODEL", help=_MODEL)]
SoundIn = Annotated[Path, typer.Argument(metavar="IN", help="A sound file: WAV, FLAC, OGG, MP3, AIFF, …")]
SoundOut = Annotated[Path, typer.Argument(metavar="OUT", help="The sound file to write; its suffix says the format."), Writes()]
_FINE = "How much of the sound's fine structure is kept beside the latents: partials, so its pitch."
_COLOUR = "How much of the sound's own envelope is kept beside the latents: 0 leaves it to the domain."
FineOption = Annotated[float, typer.Option(min=0, max=1, help=_FINE)]
ColourOption = Annotated[float, typer.Option(min=0, max=1, help=_COLOUR)]
EditColourOption = Annotated[
    float | None, typer.Option(min=0, max=1, help=f"{_COLOUR[:-1]}. If not said: 1, and 0 where a match is among the operators.")
]
PathIn = Annotated[Path, typer.Argument(metavar="PATH.npz", help="A latent path.")]
