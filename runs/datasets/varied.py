"""Varied sound for the shared vocoder and VAE: the four domains, and other things from free games, a soundfont, a synth.

The domains' files are linked, not copied, with the split they have there: what a domain holds out is held out here. All else is
for training. Bells, birds and drums are left out, so that they stay unheard and can show what a start from these weights is
worth (issue 5's proof on a musician's own folder).
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from melisma.system.home import home

from .cleaning import resampled, without_pauses
from .gather import Clip, Package, chosen, from_debian, placed, without_share_alike
from .packages import debian_package, soundfont_samples
from .provenance import Source
from .screams import NEXUIZ_SAYS, WESNOTH_SAYS

NEEDS = ("strings", "screams", "singing", "speech")
UNHEARD = re.compile(
    r"(?i)bell|glock|celest|chime|bird|crow|gull|owl|drum|kick|snare|snr|tom\b|cym|crash|crsh|ride|hat|conga|bongo|perc"
)
OWN = re.compile(r"(?i)violin|viola|cello|celli|basses|vlns|vio[lz]|cell(atk|pzz|trm)|choir|voices|vox")  # a domain has them
PITCHED_SECONDS = 3.0  # of a soundfont's sample

OPENARENA = re.compile(r"sound/(weapons|world|items|movers|misc)/.*\.wav")
NEXUIZ = re.compile(r"sound/(weapons|misc|ambient|desertfactory|weather)/.*\.ogg")
WESNOTH = re.compile(
    r".*/sounds/(?!(?:human|dwarf|elf|orc|troll|ogre|goblin|zombie|naga|mer|drake|gryphon|wose|yeti|lich|wolf|horse)[a-z-]*-)"
    r"(.*)\.ogg"
)
UFOAI = re.compile(r"sound/(ambience|weapons|doors|impact|geoscape|misc|ugv)/.*\.ogg")
SONIC_PI = re.compile(r".*/samples/(ambi|bass|elec|glitch|guit|misc|vinyl)_.*\.flac")


def heard(pattern: re.Pattern, prefix: str) -> Callable[[str], str | None]:
    """What names the voice of a file: the package's name, if the pattern is met and it is nothing to be left unheard."""
    return lambda name: prefix if pattern.fullmatch(name) and not UNHEARD.search(Path(name).name) else None


def instruments() -> list[Clip]:
    """The beginnings of a soundfont's samples: one channel of each, what a domain has or must stay unheard left out."""
    name = "musescore-general-soundfont-lossless"
    folder, version = debian_package(name)
    source = Source(
        "soundfont", name, version, "MIT", "S. Christian Collins, Frank Wen, Michael Cowgill and others",
        "debian/copyright, the whole soundfont: 'MIT, parts PD or CC0'",
    )  # fmt: skip
    clips = []
    for sample, rate, _, read in soundfont_samples(next(folder.rglob("*.sf2"))):
        if rate < 32000 or sample.endswith(("-R", "(R)", "R ")) or UNHEARD.search(sample) or OWN.search(sample):
            continue
        audio = without_pauses(resampled(read()[: int(PITCHED_SECONDS * rate)], rate))
        clips.append(Clip(source, sample.replace("/", "-") + ".wav", "soundfont", audio))
    return clips


def things() -> list[Clip]:
    """Weapons, doors, machines, weather, ambience of games; a synth's samples."""
    nexuiz = Package("nexuiz-data", "GPL-2+", "Alientrap, Lee Vermeulen and contributors", NEXUIZ_SAYS)
    wesnoth = Package("wesnoth-1.16-data", "GPL-2+", "David White and the Wesnoth contributors", WESNOTH_SAYS)
    sonic_pi = Package("sonic-pi-samples", root="usr/share/sonic-pi/", prefix="etc/")
    return [
        *from_debian(Package("openarena-data"), heard(OPENARENA, "openarena")),
        *from_debian(nexuiz, heard(NEXUIZ, "nexuiz")),
        *from_debian(wesnoth, heard(WESNOTH, "wesnoth")),
        *from_debian(Package("ufoai-sound", prefix="base/"), heard(UFOAI, "ufoai"), most=15),
        *from_debian(sonic_pi, heard(SONIC_PI, "sonic-pi")),
    ]


def linked(name: str, root: Path) -> list[dict]:
    """The files of a domain as SPLIT/NAME/…; their records, which name them as they are called here."""
    there, records = home() / "data" / name, []
    for row in json.loads((there / "sources.json").read_text())["files"]:
        split, rest = row["file"].split("/", 1)
        path = root / split / name / rest
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(there / row["file"], path)
        except OSError:  # another file system
            shutil.copyfile(there / row["file"], path)
        kind = row.get("kind") or ("derived: phrases made of notes" if "phrases/" in rest else "real")
        records.append(row | {"file": f"{split}/{name}/{rest}", "kind": f"{name}, {kind}"})
    return records


def make(root: Path) -> tuple[list[dict], Counter]:
    """Fill the folder; a record for each file, and what was left out."""
    records = [record for name in NEEDS for record in linked(name, root)]
    clips, apart = without_share_alike(instruments() + things())
    clips, _, dropped = chosen(clips, least_bandwidth=7000)
    return records + placed(clips, root, held=set()), dropped + apart
