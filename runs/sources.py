"""Sound data for the published models: packages in, folders of sound files with recorded licences out.

    python runs/sources.py NAME …         strings, screams, singing, speech, varied, bells, birds, drums
                                          elsewhere-strings, elsewhere-screams, elsewhere-singing, elsewhere-speech

Packages come from Debian (`apt-get download`, no root needed) and npm (`npm pack`). They are kept in
`$MELISMA_HOME/packages` (default `~/.cache/melisma`), so a second run needs no network. The result,
`$MELISMA_HOME/data/NAME/`, holds

    train/**/*.flac       what is trained on              held/**/*.flac       what is kept from training, whole files
    sources.json          one record for every file       LICENCES.md          totals by source and licence

(the sets of datasets/elsewhere.py have no train and held: nothing is ever trained on them).

Every file is mono, 44.1 kHz, and has exactly one licence. The same packages give the same files: all choices are seeded
or hashed. `runs/datasets/` has a module for each set, which says how it is made.
"""

import argparse
import importlib
import json
import shutil
from pathlib import Path

from datasets.provenance import licence_table, summary

from melisma.system.home import home

ELSEWHERE = tuple(f"elsewhere-{domain}" for domain in ("strings", "screams", "singing", "speech"))
NAMES = ("strings", "screams", "speech", "singing", "varied", "bells", "birds", "drums", *ELSEWHERE)


def make(name: str) -> Path:
    """Build $MELISMA_HOME/data/NAME afresh; an old one is replaced only when the new one is complete.

    Sets that it draws on are built first if they are not there.
    """
    module, _, domain = name.partition("-")
    dataset = importlib.import_module(f"datasets.{module}")
    for other in getattr(dataset, "NEEDS", ()):
        if not (home() / "data" / other).exists():
            make(other)
    final = home() / "data" / name
    root = final.with_name(f"{name}.part")
    shutil.rmtree(root, ignore_errors=True)
    records, dropped = dataset.make(root, *([domain] if domain else []))
    (root / "sources.json").write_text(json.dumps({"dropped": dropped, "files": records}, indent=1, ensure_ascii=False))
    (root / "LICENCES.md").write_text(licence_table(name, records))
    shutil.rmtree(final, ignore_errors=True)
    root.rename(final)
    print("left out:", ", ".join(f"{n} {why}" for why, n in dropped.items()) or "nothing")
    return final


def main() -> None:
    parser = argparse.ArgumentParser(description="Turn packages into folders of sounds with recorded licences.")
    parser.add_argument("names", nargs="+", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    for name in sorted(parser.parse_args().names, key=NAMES.index):  # those that others draw on first, so that none is made twice
        root = make(name)
        print(summary(root), (root / "LICENCES.md").read_text(), root, sep="\n\n")


if __name__ == "__main__":
    main()
