"""How the command `melisma` begins and ends. Nothing large is imported before the outermost handler is in place."""

from __future__ import annotations

import sys

from ..system.memory import enough
from . import outermost


def run(arguments: list[str] | None = None) -> int:
    """Run a command line → its exit status. Whatever goes wrong is one sentence on stderr, never a traceback."""

    def work() -> int:
        enough()
        from ..system.inputs import inputs_stay
        from .app import application

        words = sys.argv[1:] if arguments is None else arguments
        with inputs_stay():
            application(words[0] if words else None)(arguments, prog_name="melisma")
        return 0

    return outermost.ended(work)


def main() -> None:
    """The command. A polite kill (SIGTERM, a closed terminal) is Ctrl-C: nothing is left half-written, training can resume."""
    sys.exit(outermost.command(run))


if __name__ == "__main__":
    main()
