"""The commands for hosts into which Melisma is put and no more: SuperCollider and Csound."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from ..system.terminal import say

supercollider = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Melisma in SuperCollider.")

csound = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Melisma in Csound.")

_Folder = Annotated[
    Path | None, typer.Option("--to", metavar="FOLDER", help="Where. If not said, where it looks for what you install.")
]


@supercollider.command("install")
def install_units(folder: _Folder = None) -> None:
    """Put the units, their classes, help, examples and the published models where SuperCollider finds them.

    On Linux that is ~/.local/share/SuperCollider/Extensions/Melisma, on macOS that folder in ~/Library/Application Support; --to
    names another. It says where before it writes. Your own files there, and what you have changed, stay.
    """
    from ..hosts import supercollider as host

    host.units()
    say(f"writing into {host.target(folder)}")
    host.install(folder)
    say("In SuperCollider, recompile the class library and boot the server anew; then look at the help of Melisma.")
    if folder is not None:
        say("That folder must be among those that it reads: sclang's class library paths, and scsynth's -U.")


@supercollider.command("path")
def path_of_units(folder: _Folder = None) -> None:
    """Where they lie, or would lie."""
    from ..hosts import supercollider as host

    say(str(host.target(folder)))


@csound.command("install")
def install_opcode(folder: _Folder = None) -> None:
    """Put the opcode, examples and the published models where Csound finds them.

    They lie in ~/.local/lib/csound/melisma (on macOS in ~/Library/csound), with a link to the opcode where Csound looks; --to
    names another folder, and makes no link. It says where before it writes. Your own files there, and what you changed, stay.
    """
    from ..hosts import csound as host

    host.opcode()
    say(f"writing into {host.target(folder)}")
    place = host.install(folder)
    if folder is None:
        say(f"{host.linked()} leads to it: Csound has the opcode melisma now.")
    else:
        say(f"Tell Csound: csound --opcode-lib={shlex.quote(str(place / host.opcode().name))}")


@csound.command("path")
def path_of_opcode(folder: _Folder = None) -> None:
    """Where they lie, or would lie."""
    from ..hosts import csound as host

    say(str(host.target(folder)))
