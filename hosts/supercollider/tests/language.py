"""What needs SuperCollider's language: its classes compile, its help and examples parse, and it makes the synth definitions in
defs/, which tests/hosts/test_supercollider.py plays where there is no sclang. Run this after every change of classes/.

python hosts/supercollider/tests/language.py     needs sclang (Debian: apt install supercollider-language)
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent
DEFS = HERE / "defs"
MADE_OF = DEFS / "made_of.txt"
LIBRARY = "/usr/share/SuperCollider/SCClassLibrary"


def classes_digest() -> str:
    """What the definitions are made of."""
    return hashlib.sha256((SOURCE / "classes" / "Melisma.sc").read_bytes() + (HERE / "language.scd").read_bytes()).hexdigest()


def main() -> None:
    if not shutil.which("sclang"):
        raise SystemExit("there is no sclang here: apt install supercollider-language")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "library.yaml"
        library.write_text(f"includePaths:\n- {SOURCE / 'classes'}\n- {LIBRARY}\nexcludePaths: []\npostInlineWarnings: true\n")
        made = Path(folder) / "defs"
        made.mkdir()
        quiet = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1", "XDG_RUNTIME_DIR": folder, "HOME": folder}
        done = subprocess.run(
            ["sclang", "-l", library, HERE / "language.scd"], capture_output=True, text=True, timeout=300,
            env=os.environ | quiet | {"MELISMA_DEFS": str(made), "MELISMA_SOURCE": str(SOURCE)},
        )  # fmt: skip
        said = done.stdout + done.stderr
        if "DONE" not in said or "WRONG" in said or "ERROR" in said or "INDICES [ 1, 2 ]" not in said:
            raise SystemExit(said)
        shutil.rmtree(DEFS, ignore_errors=True)
        shutil.copytree(made, DEFS)
    MADE_OF.write_text(classes_digest() + "\n")
    print(*sorted(file.name for file in DEFS.iterdir()))


if __name__ == "__main__":
    sys.exit(main())
