"""The commands for latent paths: from a sound to a file, edited, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import BadValue, Damaged, DiskError
from ..store import DEFAULT
from ..system.terminal import bar, busy, out, say
from .files import Writes
from .options import ColourOption, EditColourOption, FineOption, ModelOption, PathIn, PathModelOption, SoundOut

if TYPE_CHECKING:
    from ..latent import LatentPath


def encode(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A sound file, or a folder of them, searched at any depth.")],
    path: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="The latent path (.npz) or table (.csv, .parquet) to write; of a folder, a folder or table."
        ),
        Writes(),
    ],
    model: ModelOption = DEFAULT,
) -> None:
    """A sound's latent path, or those of a folder's sounds.

    A table has a row a frame: sound, time in seconds, loudness in dBFS, and the latents z1, z2 … For example:

    \b
    melisma encode cat.wav cat.npz
    melisma encode cat.wav cat.csv
    melisma encode sounds/ paths/           # paths/ gets the folders and names of sounds/
    melisma encode sounds/ all.parquet
    """
    from ..files import pathfile, tablefile
    from ..model import load
    from ..sound.audio import read
    from ..system.atomic import check_target

    table = path.suffix.lower() in tablefile.SUFFIXES
    if source.is_dir():
        return _encode_folder(source, path, model, table)
    check_target(path, [".npz", *tablefile.SUFFIXES])
    loaded, sound = load(model), read(source)
    with busy(f"encoding {source}"):
        encoded = loaded.encode(sound)
        if table:
            with tablefile.writer(path) as add:
                add(source.name, encoded)
        else:
            pathfile.save(encoded, path)
    say(f"{path}: {encoded.dimensions} latents, {encoded.frames} frames, {encoded.duration:.2f} s, by {encoded.model}")


def _encode_folder(source: Path, target: Path, model: str, table: bool) -> None:
    """Every sound of a folder that can be read; the others are named, and counted by the error that the command ends with."""
    from ..files import tablefile
    from ..model import load
    from ..sound.folder import sounds_in
    from ..system.atomic import check_target

    if table:
        check_target(target, tablefile.SUFFIXES)
    elif target.suffix.lower() == ".npz" or target.exists() and not target.is_dir():
        raise BadValue(f"{source} is a folder, {target} one file: its sounds go into a folder or a table (.csv, .parquet)")
    files = [file.relative_to(source) for file in sounds_in(source)]
    loaded, done, seconds = load(model), 0, 0.0
    with bar(f"encoding {source}") as progress, _written(target, files, table) as add:
        progress(0.0, str(files[0]))
        for name, encoded in loaded.encode_folder(source):
            add(name, encoded)
            done, seconds = done + 1, seconds + encoded.duration
            progress((files.index(name) + 1) / len(files), str(name))
        if not done:
            raise Damaged(f"no sound of {source} could be encoded")
    say(f"{target}: the latent paths of {done} sounds, {seconds:.1f} s, by {loaded.name}")
    if done < len(files):
        raise Damaged(f"{len(files) - done} of {len(files)} sounds of {source} are left out, named above")


@contextmanager
def _written(target: Path, files: list[Path], table: bool) -> Iterator[Callable[[Path, LatentPath], None]]:
    """What takes each path of a folder's sounds: a table's rows, or a file in a folder that mirrors the sounds'."""
    from ..files import pathfile, tablefile

    if table:
        with tablefile.writer(target) as add:
            yield lambda name, path: add(name.as_posix(), path)
        return
    # by what two files' paths would collide, on disks that tell no case, too
    stems = Counter(map(_stem, files))
    wholes = {str(file).casefold() for file in files}

    def save(name: Path, path: LatentPath) -> None:
        stem = _stem(name)
        # a.wav and a.flac beside each other keep their suffixes, and a.wav.flac keeps its own for theirs
        alone = stems[stem] == 1 and stem not in wholes
        own = name.with_suffix(".npz") if alone else name.with_name(f"{name.name}.npz")
        file = target / own
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DiskError(f"the folder {file.parent} cannot be made: {error.strerror}") from error
        pathfile.save(path, file)

    yield save


def _stem(file: Path) -> str:
    return str(file.with_suffix("")).casefold()


def decode(
    path: PathIn, target: SoundOut, model: PathModelOption = None, fine: FineOption = 1.0, colour: ColourOption = 1.0
) -> None:
    """A latent path's sound."""
    from ..files import pathfile
    from ..sound.formats import FORMATS
    from ..system.atomic import check_target

    check_target(target, FORMATS)
    _render(pathfile.load(path), target, model, fine, colour)


def edit(
    path: PathIn,
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The latent path (.npz) or sound file to write."), Writes()],
    op: Annotated[
        list[str] | None, typer.Option("--op", metavar="NAME:PARAMETER=VALUE:…", help="An operator; may be given again.")
    ] = None,
    model: PathModelOption = None,
    fine: FineOption = 1.0,
    colour: EditColourOption = None,
) -> None:
    """Apply operators to a latent path, in the order given.

    `melisma operators` lists them. For example:

    \b
    melisma edit cat.npz out.wav --op scale:by=1.5:latents=1,3 --op reverse
    melisma edit cat.npz out.npz --op interpolate:other=dog.npz:curve=0.5
    """
    from ..files import pathfile
    from ..latent import operators
    from ..sound.formats import FORMATS
    from ..system.atomic import check_target

    check_target(target, [".npz", *FORMATS])
    if not op:
        raise BadValue("nothing to do: give an operator, such as --op scale:by=1.5 (`melisma operators` lists them)")
    for text in op:
        operators.parse(text)
    edited = pathfile.load(path)
    for text in op:
        edited = operators.apply(edited, text, pathfile.load)
    if target.suffix.lower() == ".npz":
        pathfile.save(edited, target)
        say(f"{target}: {edited.dimensions} latents, {edited.frames} frames, {edited.duration:.2f} s")
    else:
        if colour is None:
            colour = 0.0 if any(text.partition(":")[0].strip() == "match" for text in op) else 1.0
        _render(edited, target, model, fine, colour)


def operators() -> None:
    """The operators of `melisma edit`, and their parameters."""
    from rich.table import Table
    from rich.text import Text

    from ..latent.operators import OPERATORS, Parameter, written

    def row(parameter: Parameter, *more: str) -> tuple[str, ...]:
        return f"  {written(parameter)}", parameter.unit, ", ".join(part for part in (parameter.summary, *more) if part)

    table = Table.grid(padding=(0, 2))
    shared: dict[str, Parameter] = {}
    for operator in OPERATORS.values():
        table.add_row(Text(operator.name, "bold"), "", Text(operator.summary, "bold"))
        for p in operator.parameters:
            bounds = f"{p.minimum:.10g} to {p.maximum:.10g}" if p.minimum is not None and p.maximum is not None else ""
            default = {True: "yes", False: "no"}[p.default] if p.kind == "switch" else p.default
            table.add_row(*row(p, bounds, "" if default is None else f"{default} if not said"))
        shared |= {written(p): p for p in operator.selection}
        if missing := [name for name in shared if name not in {written(p) for p in operator.selection}]:
            table.add_row("", "", f"takes no {' or '.join(missing)}")
    table.add_row(Text("all", "bold"), "", Text("take these too, unless it says otherwise", "bold"))
    for p in shared.values():
        table.add_row(*row(p))
    out().print(table)
    say("Written as NAME:PARAMETER=VALUE:…, such as scale:by=1.5:latents=1,3-5, reverse:start=1:end=2, loudness:to=0:-60,2.5:-10")


def _render(path: LatentPath, target: Path, model: str | None, fine: float, colour: float) -> None:
    """Decode a path with a model, or the one that encoded it, and write the sound."""
    from ..model import load
    from ..store import pretrained

    if not model and path.model not in pretrained.names():
        by = f"the model {path.model!r}, which is not known here" if path.model else "a model that it does not name"
        raise BadValue(f"the path was encoded by {by}: say with --model which one decodes it")
    loaded = load(model or path.model)
    with busy(f"playing through {loaded.name}"):
        sound = loaded.decode(path, fine=fine, colour=colour)
    sound.save(target)
    say(f"{target}: {path.duration:.2f} s at {path.source_rate} Hz, through {loaded.name}")
