"""The commands that make pages or serve one, and what the studio saved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import NotFound
from ..system.terminal import busy, say
from .options import SoundOut


def demo(
    folder: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where to put it.")] = Path("out/demo"),
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="M", help="Of this model alone; else of all that are published.")
    ] = None,
) -> None:
    """A page to hear what the models do, with pictures."""
    from ..demo import make

    make(folder, model)


def web(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to put it.")],
    models: Annotated[
        list[str] | None, typer.Option("--model", "-m", metavar="M", help="With this model, more than once; else all published.")
    ] = None,
) -> None:
    """A page that plays, for a browser or any web server.

    Microphone, sounds and a keyboard through the models, in the browser itself; on a phone, too.
    """
    from ..hosts.web import write

    files = write(folder, models or ())
    say(f"{len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB. Open {files[0]}")


def studio(
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="PORT", help="Where to listen; 0 for any free port.")] = 8337,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Whether to open the page in the browser.")] = True,
    osc: Annotated[
        int | None, typer.Option("--osc", min=0, max=65535, metavar="PORT", help="Hear OSC at this UDP port of this machine.")
    ] = None,
) -> None:
    """The studio: bend the path of a sound with the mouse."""
    from ..studio.serve import serve

    serve(port, browser, osc)


def render(
    file: Annotated[Path, typer.Argument(metavar="SESSION", help="A session that the studio saved.")],
    target: SoundOut,
    snapshot: Annotated[str | None, typer.Option(metavar="NAME", help="One of its snapshots, not what it shows.")] = None,
    fine: Annotated[float | None, typer.Option(min=0, max=1, help="Another amount of fine structure than the session's.")] = None,
    colour: Annotated[float | None, typer.Option(min=0, max=1, help="Another amount of colour than the session's.")] = None,
) -> None:
    """A studio session's sound, the same to the bit."""
    import tempfile

    from msgspec.structs import replace

    from ..model import load
    from ..sound.formats import FORMATS
    from ..studio.library import Library
    from ..studio.session import sound
    from ..studio.sessionfile import unpack
    from ..system.atomic import check_target

    check_target(target, FORMATS)
    if not file.is_file():
        raise NotFound(f"{file} is not a file; give a session that the studio saved")
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder))
        session = unpack(library, file, str(file))
        takes = {one.name: one.take for one in session.snapshots}
        if snapshot is not None and snapshot not in takes:
            raise NotFound(f"{file} has no snapshot {snapshot!r}; it has {', '.join(takes) or 'none'}")
        take = session.take if snapshot is None else takes[snapshot]
        take = replace(take, fine=take.fine if fine is None else fine, colour=take.colour if colour is None else colour)
        with busy(f"playing {file}"):
            played = sound(take, library.open, load(take.model))
    played.save(target)
    say(f"{target}: {played.duration:.2f} s at {played.rate} Hz, through {take.model}")
