"""Screams: voices of people and beasts in free games, dying, hurt, falling, leaping.

Every file is a few tenths of a second to a few seconds long, recorded for its game, some with effects on them. A voice
is a character: whoever lent it may have lent another one too, which the packages do not tell. Robots and the
penguin are left out, and so are drowning (water) and taunts (speech). As there is little, what is trained on comes twice more,
played slower and faster; that is recorded as derived.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from .cleaning import RATE, resampled
from .gather import Clip, Package, chosen, from_debian, placed, without_share_alike

OPENARENA = re.compile(
    r"sound/player/(?!penguin|skelebot|announcer|footsteps)(\w+)/(death|pain|fall|falling|gasp|jump)\w*\.(?:wav|ogg)"
)
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


MOVED = (-5, "a fourth lower"), (3, "a minor third higher")  # semitones; training clips only
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
    clips, apart = without_share_alike(clips)
    clips, held, dropped = chosen(clips, least_bandwidth=8000)
    moved = [played(clip, *how) for clip in clips if clip.voice not in held for how in MOVED]
    return placed([*clips, *moved], root, held), dropped + apart


def played(clip: Clip, semitones: int, words: str) -> Clip:
    """The clip played at another speed: another throat, so to say, as nothing else is free to be had."""
    audio = resampled(clip.audio, RATE * 2 ** (semitones / 12))
    return replace(clip, audio=audio, kind=f"derived: played {words}", mark=f"{semitones:+d}")
