"""Screams: voices of people and beasts in free games, dying, hurt, falling, leaping.

Every file is a few tenths of a second to a few seconds long, recorded for its game, some with effects on them. A voice
is a character: whoever lent it may have lent another one too, which the packages do not tell. Robots and the
penguin are left out, and so are drowning (water) and taunts (speech).
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from .recordings import Package, from_debian, write

OPENARENA = re.compile(r"sound/player/(?!penguin|skelebot|announcer|footsteps)(\w+)/(death|pain|fall|falling|gasp|jump)\w*\.wav")
NEXUIZ = re.compile(r"sound/player/([\w-]+)/(?:player/)?(death|pain|fall|falling|gasp|jump)\w*\.ogg")
WESNOTH = re.compile(
    r".*/core/sounds/((?:human|dwarf|elf|orc|troll|ogre|goblin|zombie|naga|merma?[ie]d?n?|drake|gryphon|wose|yeti|lich|wolf|horse)"
    r"[a-z-]*?)-(die|hit|shriek|growl)[-\d]*\.ogg"
)
UFOAI = re.compile(r"sound/(soldiers|civilians|aliens)/(?:(ortnok|taman)/)?(civ)?(fe)?(male|fem|die|hurt)\w*\.ogg")
MEGAGLEST = re.compile(
    r".*/(?!catapult|golem|airship|machine|orni|carpet|ghost_armor|chicken|cow|pig|sheep)(\w+?)_?(die|death|scream|pain)\d*\.(?:wav|ogg)"
)


def of(pattern: re.Pattern, prefix: str):
    """What names the voice of a file: `prefix` and the pattern's first group."""

    def voice(name: str) -> str | None:
        match = pattern.fullmatch(name)
        return f"{prefix}-{match[1].lower()}" if match else None

    return voice


def ufoai(name: str) -> str | None:
    match = UFOAI.fullmatch(name)
    if not match:
        return None
    people = ("civilian " if match[1] == "civilians" else "soldier ") + ("woman" if match[4] or match[5] == "fem" else "man")
    return f"ufoai-{match[2] or people}"


NEXUIZ_SAYS = (
    "debian/copyright: 'Nexuiz is © 2002 - 2009 Alientrap, Lee Vermeulen … GNU General Public License … either version 2 of "
    "the License, or (at your option) any later version', the whole package"
)
WESNOTH_SAYS = (
    "debian/copyright: 'the GNU General Public License version 2 or at your option any later version', the whole package; "
    "it names more than 20 authors and no terms for single sounds"
)


def make(root: Path) -> tuple[list[dict], Counter]:
    """Fill the folder; a record for each file, and what was left out."""
    clips = []
    for name in ("openarena-data", "openarena-081-players", "openarena-088-data"):
        clips += from_debian(Package(name), of(OPENARENA, "openarena"), 22050)
    clips += from_debian(
        Package("nexuiz-data", "GPL-2+", "Alientrap, Lee Vermeulen and contributors", NEXUIZ_SAYS), of(NEXUIZ, "nexuiz")
    )
    clips += from_debian(
        Package("wesnoth-1.16-data", "GPL-2+", "David White and the Wesnoth contributors", WESNOTH_SAYS), of(WESNOTH, "wesnoth")
    )
    clips += from_debian(Package("ufoai-sound", prefix="base/"), ufoai)
    clips += from_debian(Package("megaglest-data"), of(MEGAGLEST, "megaglest"))
    return write(clips, root, least_bandwidth=8000)
