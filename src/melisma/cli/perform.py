"""The command that plays on the machine's own sound card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..store import DEFAULT
from .files import Writes
from .sounds import setting


def live(
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="M", help=f"A model's name or file; if not said, the state's, or {DEFAULT}."),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Say which sound cards and MIDI ports there are.")] = False,
    heard: Annotated[
        str | None,
        typer.Option("--input", metavar="DEVICE", help="Number or part of a name, or none. If not said: none with --midi."),
    ] = None,
    played: Annotated[str | None, typer.Option("--output", metavar="DEVICE", help="Number or part of a name.")] = None,
    block: Annotated[int, typer.Option(min=16, max=8192, help="Samples that the card asks for at once.")] = 256,
    stereo: Annotated[bool, typer.Option("--stereo", help="Two channels of the input, each in its place.")] = False,
    midi: Annotated[
        str | None, typer.Option("--midi", metavar="PORT", help="A keyboard: number or part of a name; its knobs, too.")
    ] = None,
    osc: Annotated[
        int | None, typer.Option("--osc", metavar="PORT", min=0, max=65535, help="Hear OSC at this UDP port of this machine.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Turn a parameter of the stream or the exciter; again for more."),
    ] = None,
    learn: Annotated[
        list[str] | None, typer.Option("--learn", metavar="NAME", help="The next knob that moves turns it; again for more.")
    ] = None,
    knobs: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="A MIDI map of its own; else the one in your folder."), Writes()
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="FILE", help="Begin as it says, if it is there; at the end keep all in it."),
        Writes(),
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, max=86400, help="How long; else until Ctrl-C.")] = None,
) -> None:
    """Play a model on this machine's sound card.

    What is heard, or played on a MIDI keyboard, or both, goes through the model as it comes. It says how late it is, and at the
    end what it took of a core. For example:

    \b
    melisma live                                    # the microphone through the strings
    melisma live --midi 1 --model singing           # a keyboard
    melisma live --midi 1 --learn match --learn exciter.attack
    """
    from ..live import perform

    if listing:
        return perform.listing()
    told = tuple(setting(text) for text in settings or ())
    perform.perform(
        perform.Wanted(model, heard, played, block, stereo, midi, osc, told, knobs, tuple(learn or ()), state, seconds)
    )
