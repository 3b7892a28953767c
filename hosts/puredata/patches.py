"""Writes patches/*.pd, which is what musicians open, from sheets/: python hosts/puredata/patches.py."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))  # what sheets say of models is declared there

from sheets.crossfade import crossfade
from sheets.feedback import feedback
from sheets.help import helps
from sheets.midi import midi
from sheets.playing import lane, playing
from sheets.sheet import Sheet
from sheets.transfer import transfer

OUT = Path(__file__).resolve().parent / "patches"


def all_patches() -> dict[str, Sheet]:
    return {
        "feedback": feedback(), "playing": playing(), "melisma.lane": lane(), "transfer": transfer(), "crossfade": crossfade(),
        "midi": midi(), **helps(),
    }  # fmt: skip


def main() -> None:
    OUT.mkdir(exist_ok=True)
    for name, sheet in all_patches().items():
        (OUT / f"{name}.pd").write_text(sheet.body() + "\n", "utf-8")


if __name__ == "__main__":
    main()
