"""The tables of the reference that are made from the program: commands, operators, parameters.

python docs/tables.py          writes docs/reference/{commands,operators,parameters}.md; a test refuses pages that are old
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

import melisma
from melisma.cli.app import application
from melisma.control.osc import NOTES, ROOT
from melisma.control.table import Table
from melisma.latent.notes import EXCITER
from melisma.latent.operators import OPERATORS
from melisma.studio.osc import PLACES

REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- written by docs/tables.py -->"
ENDS = """It ends with 0 when the work is done, also where nobody reads what it says; 1 with a sentence that names what to mend;
2 when it is called wrongly; 130, 143 or 129 when Ctrl-C, SIGTERM or SIGHUP stopped it; 70 for a bug of Melisma, with the file
that tells of it (in `bugs` of its folder, or among the temporary files). `python -m melisma` is the same command."""


def pages() -> dict[Path, str]:
    """Each page's file and text."""
    return {REFERENCE / f"{name}.md": page() for name, page in PAGES.items()}


def commands() -> str:
    """Every command with what it takes."""
    about = "`melisma COMMAND --help` says the same. `-m` and `--model` take a name, a file or an address."
    parts = ["# The command", NOTE, about, ENDS]
    for name, command in _leaves(typer.main.get_command(application())):
        lines = [f"## {name}", _plain(command.help), _usage(name, command)]
        rows = [(_names(p), _plain(getattr(p, "help", "")), _default(p)) for p in command.params if p.name != "help"]
        parts += [*lines, table(("", "", "if not said"), rows)] if rows else lines
    return "\n\n".join(parts) + "\n"


def operators() -> str:
    """Every operator of a latent path."""
    parts = ["# Operators", NOTE, _plain(OPERATORS_ABOUT)]
    for operator in OPERATORS.values():
        rows = [(f"`{p.name}`", p.unit, _range(p.minimum, p.maximum), _value(p.default), p.summary) for p in operator.parameters]
        parts += [f"## {operator.name}", f"{operator.summary[:1].upper()}{operator.summary[1:]}."]
        parts += [table(("parameter", "unit", "range", "if not said", ""), rows)] if rows else []
        if not operator.selection:
            parts.append("Takes no latents and no range of time.")
    return "\n\n".join(parts) + "\n"


def parameters() -> str:
    """What a stream lets be turned, in every host."""
    rows, seen = [], set()
    for p in melisma.load("strings")._engine.model.parameters:
        name = re.sub(r"\.\d+$", ".N", p.name)  # one row for all latents
        if name not in seen:
            values = (p.unit, _range(_short(p.minimum), _short(p.maximum)), _value(_short(p.default)))
            rows.append((f"`{name}`", *values, p.summary + (", whole numbers only" if p.whole else "")))
        seen.add(name)
    about = """A stream's parameters have the same names and ranges in every host: `set NAME VALUE` in Pure Data, `melisma_set`
    in C. N counts latents from 1, the one that matters most first. Values are reached smoothly."""
    own = [(f"`{p.name}`", p.unit, _range(p.minimum, p.maximum), _value(p.default), p.summary) for p in EXCITER]
    played = "The exciter's, which makes a sound of notes: `melisma play --set NAME=VALUE`, `melisma_exciter_set` in C."
    head = ("parameter", "unit", "range", "at first", "")
    parts = ["# Parameters", NOTE, _plain(about), table(head, rows), "## Of the exciter", played, table(head, own)]
    return "\n\n".join(parts) + "\n"


def osc() -> str:
    """Every address that OSC finds something at."""
    rows, seen = [], set()
    for row in Table(melisma.load("strings")._engine.model.parameters, EXCITER).values():
        address = re.sub(r"/latent/\d+/", "/latent/N/", row.address)
        if address not in seen:
            rows.append((f"`{address}`", row.unit, _range(_short(row.minimum), _short(row.maximum)), row.summary))
        seen.add(address)
    calls = [(f"`{ROOT}{name}`", f"`{takes}`" if takes else "", text) for name, (takes, text) in NOTES.items()]
    head = ("address", "unit", "range", "")
    parts = ["# OSC", NOTE, _plain(OSC_ABOUT), "## Parameters", table(head, rows)]
    parts += ["## Notes and questions", table(("address", "values", ""), calls), _plain(OSC_END)]
    places = [(f"`{ROOT}{p.name.replace('.', '/')}`", _range(p.minimum, p.maximum), p.summary) for p in PLACES]
    return "\n\n".join([*parts, "## In the studio", _plain(OSC_STUDIO), table(("address", "range", ""), places)]) + "\n"


PAGES = {"commands": commands, "operators": operators, "parameters": parameters, "osc": osc}
OSC_ABOUT = """`melisma live --osc PORT` and `melisma studio --osc PORT` hear OSC 1.0 over UDP at 127.0.0.1, this machine
alone. An address takes one number and turns the parameter; without a value it is answered, to whoever asked, by the same
address and what it stands at. N counts latents from 1. Numbers may be of any OSC type; they are kept within the range.
Bundles are taken at once."""
OSC_STUDIO = """The studio has `domain` (its slider), `fine`, `colour`, `latent/N/scale` and `latent/N/bias` (over the whole
sound) of these, `get` and `set`, and where its pucks are. The page does it as a hand would, once it is open, and keeps it as
a step that can be undone; `get` answers what the page saved last, some 0.3 s after something was turned."""
OSC_END = """What cannot be done is answered by `/melisma/error` and one sentence, and changes nothing. Channels are counted
from 1; without one it is the first."""
OPERATORS_ABOUT = """What edits a latent path: methods of `LatentPath`, `melisma edit --op NAME:PARAMETER=VALUE:…`, and the
studio's controls. Each also takes `latents` (which of them; all if not said) and `start` and `end` in seconds, unless it says
otherwise. In Python the latents are `dims`, counted from 0: `latents=1,3` is `dims=[0, 2]`."""


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table; columns that are empty in every row are left out."""
    keep = [i for i in range(len(head)) if any(row[i] for row in rows)]
    lines = [[head[i] for i in keep], ["---"] * len(keep), *[[row[i].replace("|", "\\|") for i in keep] for row in rows]]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _leaves(command: Any, name: str = "melisma") -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for word, sub in command.commands.items():
            yield from _leaves(sub, f"{name} {word}")
    else:
        yield name, command


def _usage(name: str, command: Any) -> str:
    arguments = [(p.metavar or p.name.upper()) for p in command.params if p.param_type_name == "argument"]
    return f"    {' '.join([name, *arguments, '[OPTIONS]'])}"


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or parameter.name.upper()}`"
    return ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))


def _default(parameter: Any) -> str:
    given = parameter.default
    return "" if parameter.required or given is None or callable(given) or given is False or given == () else _value(given)


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())


def _short(number: float) -> float:
    return number if float(number).is_integer() else float(f"{number:.6g}")


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None and high is None else f"from {low:g}" if high is None else f"{low:g} to {high:.10g}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else f"{value}"


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text)
        print(file.relative_to(REFERENCE.parents[1]))
