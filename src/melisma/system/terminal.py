"""What is printed, for people. File names and model files may hold anything: nothing in them is taken for markup.

rich is imported where something has a style or moves: what is a plain line should not wait for it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import Console


@functools.cache
def _console(stderr: bool) -> Console:
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False, stderr=stderr)


def out() -> Console:
    """stdout, for tables and styles."""
    return _console(False)


def err() -> Console:
    """stderr, the same."""
    return _console(True)


def say(text: str, style: str = "") -> None:
    """A line on stdout, never broken: it may be piped."""
    if not style:
        print(printable(text), flush=True)  # who reads along does not wait
        return
    from rich.text import Text

    out().print(Text(printable(text), style), soft_wrap=True)


def warn(word: str, text: str, style: str) -> None:
    """A line on stderr, after a word that says what kind of line it is."""
    from rich.text import Text

    err().print(Text.assemble((f"{word}: ", style), printable(text)), soft_wrap=True)


def printable(text: str) -> str:
    """The text without what could steer a terminal or not be written to it (file names may be no Unicode at all)."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)


@contextmanager
def busy(text: str) -> Iterator[Callable[[str], None]]:
    """A spinner while something is worked on, where there is a terminal: call it with what is worked on next."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.text import Text

    with err().status(Text(printable(text))) as status:
        yield lambda text: status.update(Text(printable(text)))


@contextmanager
def bar(text: str) -> Iterator[Callable[[float, str], None]]:
    """A progress bar, where there is a terminal: call it with the share that is done and the name of what is next."""
    from rich.progress import BarColumn, Progress, TextColumn

    share = TextColumn("{task.percentage:.0f} % {task.fields[name]}", markup=False)
    columns = (TextColumn("{task.description}"), BarColumn(), share)
    with Progress(*columns, console=err(), transient=True, disable=not err().is_terminal) as progress:
        task = progress.add_task(text, total=1.0, name="")
        yield lambda share, name: progress.update(task, completed=share, name=printable(name))
