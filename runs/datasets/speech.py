"""Speech: words, letters, syllables and some sentences in some twenty languages, spoken by volunteers for free software.

Which voices were chosen was measured (5 to 8 files of each): the quietest twentieth of a file at least 30 dB below its loudest
(room noise would be learnt with the voice), and sound above 12 kHz. That leaves out Tux Paint's Bulgarian, Catalan, Danish,
French and Dutch, KLettres' Hungarian and (beyond full scale) Setswana, KTuberling's French and Galician, and the levels of
Fillets recorded at 22 kHz. A voice is a language of a package: nearly always one person, which the packages do not say.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from .gather import Package, chosen, from_debian, placed

MOST = 6.0  # minutes of one voice
TUXPAINT = re.compile(r".*/stamps/.*_desc(?:_(be|el|es|lt|ro|ru))?\.ogg")
KLETTRES = re.compile(r".*/klettres/(ar|cs|da|de|en|en_GB|es|fr|he|it|lt|ml|nb|nds|nl|pt_BR|ru|uk)/\w+/[^/]*")
KTUBERLING = re.compile(r".*/ktuberling/sounds/(da|de|el|en|es|ga|lt|nn|ro|ru|sl|uk|wa)/[^/]*")
FILLETS = re.compile(r".*/sound/(?:fdto|hanoi|hole|nowall|rush)/cs/[^/]*")
NEXUIZ = re.compile(r"sound/(?:(tutorial)|player/([\w-]+)/coms)/[^/]*\.ogg")

FILLETS_SAYS = (
    "debian/copyright: 'This package is free software; you can redistribute it and/or modify it under the terms of the GNU "
    "General Public License … version 2 dated June, 1991', the whole package but its fonts"
)
NEXUIZ_SAYS = (
    "debian/copyright: 'Nexuiz is © 2002 - 2009 Alientrap, Lee Vermeulen … GNU General Public License … either version 2 of "
    "the License, or (at your option) any later version', the whole package"
)


def of(pattern: re.Pattern, prefix: str, otherwise: str = ""):
    """What names the voice of a file: `prefix` and what the pattern's groups hold."""

    def voice(name: str) -> str | None:
        match = pattern.fullmatch(name)
        return f"{prefix}-{next((g for g in match.groups() if g), otherwise)}" if match else None

    return voice


def make(root: Path) -> tuple[list[dict], Counter]:
    """Fill the folder; a record for each file, and what was left out."""
    clips = [
        *from_debian(Package("tuxpaint-stamps-default"), of(TUXPAINT, "tuxpaint", "en"), most=MOST),
        *from_debian(Package("klettres-data"), of(KLETTRES, "klettres"), most=MOST),
        *from_debian(Package("ktuberling-data"), of(KTUBERLING, "ktuberling"), most=MOST),
        *from_debian(
            Package("fillets-ng-data-cs", "GPL-2", "Ivo Danihelka, Pavel Danihelka, ALTAR interactive and others", FILLETS_SAYS),
            of(FILLETS, "fillets", "cs"),
        ),
        *from_debian(
            Package("nexuiz-data", "GPL-2+", "Alientrap, Lee Vermeulen and contributors", NEXUIZ_SAYS), of(NEXUIZ, "nexuiz")
        ),
    ]
    clips, held, dropped = chosen(clips)
    return placed(clips, root, held), dropped
