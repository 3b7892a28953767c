"""The command for the plug-ins: VST3, CLAP and LV2."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from ..system.terminal import say

plugin = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Melisma in a DAW: VST3, CLAP and LV2.")


class Format(enum.StrEnum):
    """What hosts call it."""

    VST3 = "vst3"
    CLAP = "clap"
    LV2 = "lv2"


_Formats = Annotated[list[Format] | None, typer.Argument(metavar="[FORMAT]...", help="vst3, clap, lv2; all if not said.")]
_Folder = Annotated[
    Path | None, typer.Option("--to", metavar="FOLDER", help="Where. If not said, where hosts look for what you install.")
]


@plugin.command()
def install(formats: _Formats = None, folder: _Folder = None) -> None:
    """Put the plug-ins and the published models where DAWs find them.

    On Linux that is ~/.vst3, ~/.clap and ~/.lv2, on macOS ~/Library/Audio/Plug-Ins; --to names another folder, with one for each
    format in it. It says where before it writes. Your own files there, and what you have changed, stay.
    """
    from ..hosts.plugin import install as plugins

    plugins.binaries()
    for format in _names(formats):
        say(f"writing into {plugins.target(format, folder)}")
        plugins.install(format, folder)
    say("In your DAW, look for new plug-ins: Melisma is an effect, Melisma Instrument plays from a keyboard.")


@plugin.command()
def path(formats: _Formats = None, folder: _Folder = None) -> None:
    """Where the plug-ins lie, or would lie."""
    from ..hosts.plugin import install as plugins

    for format in _names(formats):
        say(str(plugins.target(format, folder)))


def _names(formats: list[Format] | None) -> list[str]:
    return [one.name for one in formats or Format]
