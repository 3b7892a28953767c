"""What is printed, for people. File names and model files may hold anything: nothing in them is taken for markup."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

out = Console(markup=False, emoji=False, highlight=False)
err = Console(markup=False, emoji=False, highlight=False, stderr=True)


def say(text: str, style: str = "") -> None:
    """A line on stdout, never broken: it may be piped."""
    out.print(Text(printable(text), style), soft_wrap=True)


def warn(word: str, text: str, style: str) -> None:
    """A line on stderr, after a word that says what kind of line it is."""
    err.print(Text.assemble((f"{word}: ", style), printable(text)), soft_wrap=True)


def printable(text: str) -> str:
    """The text without what could steer a terminal or not be written to it (file names may be no Unicode at all)."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)


@contextmanager
def busy(text: str) -> Iterator[Callable[[str], None]]:
    """A spinner while something is worked on, where there is a terminal: call it with what is worked on next."""
    if not err.is_terminal:
        yield lambda text: None
        return
    with err.status(Text(printable(text))) as status:
        yield lambda text: status.update(Text(printable(text)))


@contextmanager
def bar(text: str) -> Iterator[Callable[[float, str], None]]:
    """A progress bar, where there is a terminal: call it with the share that is done and the name of what is next."""
    from rich.progress import BarColumn, Progress, TextColumn

    share = TextColumn("{task.percentage:.0f} % {task.fields[name]}", markup=False)
    columns = (TextColumn("{task.description}"), BarColumn(), share)
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(text, total=1.0, name="")
        yield lambda share, name: progress.update(task, completed=share, name=printable(name))
