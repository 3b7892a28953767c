"""The sets of sounds that the published models' figures are of: `melisma evaluate MODEL --set held`, and runs/figures.py.

Two for each domain. *held*: files of the model's own sources, kept from training. *elsewhere*: sounds of its domain from sources
that nothing was ever trained on. runs/sources.py makes both from packages, into $MELISMA_HOME/data.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import soundfile

from ..errors import BadValue, NotFound
from ..files.modelfile import ModelFile
from ..system.home import home

SETS = {"held": "held out", "elsewhere": "elsewhere"}
DOMAINS = ("strings", "screams", "singing", "speech")
SECONDS, FILES = 5.0, 14  # of each file, and of a set; monophonic lines (mono_*) are all taken
KINDS = r"^(classic|low-latency)-"  # of published models, before the domain's name: store.pretrained.KINDS
LEAST = 1.0  # s: shorter files than ViSQOL can judge are left out of the held-out ones


def domain_of(file: ModelFile) -> str:
    """The domain whose sets a model is judged by: the one that it names, or is named after."""
    for name in (file.training.get("domain"), file.name, re.sub(KINDS, "", file.name)):
        if name in DOMAINS:
            return str(name)
    raise BadValue(f"there are sets for {', '.join(DOMAINS)}, and {file.name} is none of these: give a folder of sounds instead")


def sounds(domain: str, which: str) -> list[Path]:
    """The files of a set: of the held-out ones every monophonic line, others spread over all. NotFound says how to make it."""
    if which not in SETS:
        raise BadValue(f"there is no set {which!r}: choose {' or '.join(SETS)}")
    name = f"elsewhere-{domain}" if which == "elsewhere" else domain
    folder = home() / "data" / (name if which == "elsewhere" else f"{name}/held")
    files = sorted(folder.rglob("*.flac"))
    if not files:
        how = f"`python runs/sources.py {name}` in a checkout makes it, from Debian's and npm's packages"
        raise NotFound(f"the set {which} of {domain} is not in {folder}: {how}")
    if which == "elsewhere":
        return files
    others = [file for file in files if not is_line(file) and soundfile.info(file).duration > LEAST]
    picked = {others[int(i)] for i in np.linspace(0, len(others) - 1, min(FILES, len(others)))}
    return sorted(picked | {file for file in files if is_line(file)})


def probed(domain: str) -> Path | None:
    """The folder that the leak probe of a set is trained on, if it is there."""
    folder = home() / "data" / domain / "train"
    return folder if folder.is_dir() else None


def is_line(file: str | Path) -> bool:
    """Whether a file is a monophonic line."""
    return Path(file).name.startswith("mono_")
