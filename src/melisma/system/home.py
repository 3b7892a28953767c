"""Where Melisma keeps what it makes: prepared sets, runs, downloads."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """`$MELISMA_HOME`, by default ~/.cache/melisma. Everything in it can be made again from scripts."""
    return Path(os.environ.get("MELISMA_HOME") or Path.home() / ".cache" / "melisma").expanduser()
