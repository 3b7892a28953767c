"""The command `melisma`. Each command is one function; what it prints is for people, errors are one sentence.

A command checks what it can before it begins to work: names, formats, folders to write in. Then it reads, computes, writes.
The commands lie in a file for each subject. How a command line is run: main.py.
"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from ..system.terminal import say
from .files import guarded

# each command and the file of this folder it lies in, in the order of the list that `melisma --help` shows
COMMANDS = {
    "demo": "pages",
    "models": "models",
    "info": "models",
    "space": "models",
    "encode": "paths",
    "decode": "paths",
    "edit": "paths",
    "operators": "paths",
    "transfer": "sounds",
    "play": "sounds",
    "live": "perform",
    "interpolate": "sounds",
    "mix": "sounds",
    "sample": "sounds",
    "web": "pages",
    "studio": "pages",
    "render": "pages",
    "prepare": "train",
    "train": "train",
    "evaluate": "train",
    "export": "leaving",
    "push": "leaving",
    "feedback": "live",
}
GROUPS = {"pd": "live", "plugin": "plugin", "supercollider": "installing", "csound": "installing"}


def _version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        say(f"melisma {__version__}")
        raise typer.Exit()


def _melisma(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")] = False,
) -> None:
    """Melisma learns the timbre of a folder of sounds and lets a musician play it.

    Sounds come in any format, rate and length, mono or stereo; what comes out has the same rate and length.
    """


def application(word: str | None = None) -> typer.Typer:
    """The command line's application. word: its first one; of a command that is known only that command's file is imported."""
    app = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,  # help is plain text: brackets in it are brackets
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_melisma)
    alone = word in COMMANDS or word in GROUPS
    for name, file in COMMANDS.items():
        if not alone or name == word:
            app.command(name)(guarded(getattr(import_module(f".{file}", __package__), name)))
    for name, file in GROUPS.items():
        if not alone or name == word:
            app.add_typer(getattr(import_module(f".{file}", __package__), name), name=name)
    return app
