"""What is printed, for people. File names and model files may hold anything: nothing in them is taken for markup."""

from __future__ import annotations

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
