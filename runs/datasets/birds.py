"""Birds: calls of some twenty species and some dawn choruses, from a drawing program for children and a game.

One of the three folders of `runs/own_folders.py`; no published model has heard them. As there is little, what is
trained on comes twice more, played slower and faster.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from .gather import Package, chosen, from_debian, placed
from .screams import MOVED, WESNOTH_SAYS, played

TUXPAINT = re.compile(r".*/stamps/animals/birds/.*/?([a-z]+)(?:_(?!desc)\w+)?\.ogg")
WESNOTH = re.compile(r".*/core/sounds/ambient/(birds\d)\.ogg")


def of(pattern: re.Pattern):
    """What names the bird of a file."""
    return lambda name: match[1] if (match := pattern.fullmatch(name)) and "_desc" not in name else None


def make(root: Path) -> tuple[list[dict], Counter]:
    """Fill the folder; a record for each file, and what was left out."""
    wesnoth = Package("wesnoth-1.16-data", "GPL-2+", "David White and the Wesnoth contributors", WESNOTH_SAYS)
    clips = [*from_debian(Package("tuxpaint-stamps-default"), of(TUXPAINT), 22050), *from_debian(wesnoth, of(WESNOTH))]
    clips, held, dropped = chosen([replace(clip, voice=f"bird-{clip.voice}") for clip in clips], least_bandwidth=5000)
    moved = [played(clip, *how) for clip in clips if clip.voice not in held for how in MOVED]
    return placed([*clips, *moved], root, held), dropped
