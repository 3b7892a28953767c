"""Whether two checkouts make the same sounds, to the bit: every command that makes one, on the demo's sounds, in both.

    python runs/compare.py OLD NEW [--models strings speech]

OLD and NEW are checkouts whose core is compiled (`python core/build.py`). What differs is listed, command by command; the exit
status is how many. --new-options: what the newer one's sounding commands are given besides, where its defaults are others:

    python runs/compare.py OLD NEW --new-options="--fine 0 --colour 0"
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

SOUNDS = ("gpl/cat", "gpl/horse", "mit/voice", "cc0/bell", "cc0/drums", "strings/A", "strings/B")
# {s}: the sound, {t}: the next sound, {o}: what is compared; [new] is where the newer one's options go
COMMANDS = {
    "transfer": "transfer {s} {o}.wav -m {m} --match 0 [new]",
    "transfer, matched": "transfer {s} {o}.wav -m {m} --match 1 [new]",
    "transfer, level": "transfer {s} {o}.flac -m {m} --match 0 --loudness=-20dB [new]",
    "interpolate": "interpolate {s} {t} {o}.wav -m {m} [new]",
    "mix": "mix {s} {t} {o}.wav -m {m} --weights 2,1 [new]",
    "sample": "sample {o}.wav -m {m} --seconds 3 --seed 3",
    "decode": "encode {s} {o}.npz -m {m}; decode {o}.npz {o}.wav -m {m} [new]",
    "edit": "encode {s} {o}.npz -m {m}; edit {o}.npz {o}.wav -m {m} --op scale:by=1.5 --op randomize:seed=2 --op reverse [new]",
    "smooth, hold": "encode {s} {o}.npz -m {m}; edit {o}.npz {o}.wav -m {m} --op smooth:seconds=0.2 --op hold:at=1 [new]",
    "feedback": "feedback --freq 0:200,3:900 --q 0:2,3:20 --gain 0:0,1:4 --seconds 3 {o}.wav -m {m}",
}


def digest(checkout: Path, command: str, folder: Path, new: str) -> str:
    """Of the samples that the command line makes in that checkout; the error, which is like no other, where it makes none."""
    env = os.environ | {"PYTHONPATH": str(checkout / "src"), "MELISMA_HOME": str(folder / "home")}
    for part in command.replace("[new]", new).split(";"):
        done = subprocess.run([sys.executable, "-c", START, *shlex.split(part)], env=env, capture_output=True, text=True)
        if done.returncode:
            return f"{checkout.name}: {done.stderr.strip()[-200:]}"
    import soundfile

    file = next(f for f in folder.iterdir() if f.suffix in (".wav", ".flac"))
    samples, rate = soundfile.read(file, dtype="int32")
    file.unlink()
    return hashlib.sha256(samples.tobytes() + str((samples.shape, rate)).encode()).hexdigest()[:16]


START = """
import sys
try: from melisma.cli.main import main
except ImportError: from melisma.cli import main
sys.argv[0] = "melisma"
main()
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--models", nargs="+", default=["strings", "speech"])
    parser.add_argument("--new-options", default="", metavar="OPTIONS")
    options = parser.parse_args()
    sounds, count, different = [options.old.resolve() / "src/melisma/sounds" / f"{name}.flac" for name in SOUNDS], 0, 0
    for model in options.models:
        for name, command in COMMANDS.items():
            alone = "{s}" not in command
            for index, sound in enumerate(sounds[:1] if alone else sounds):
                found = []
                for checkout in (options.old.resolve(), options.new.resolve()):
                    with tempfile.TemporaryDirectory() as place:
                        filled = command.format(s=sound, t=sounds[(index + 1) % len(sounds)], o=Path(place) / "out", m=model)
                        extra = options.new_options if checkout == options.new.resolve() else ""
                        found.append(digest(checkout, filled, Path(place), extra))
                count, different = count + 1, different + (found[0] != found[1])
                if found[0] != found[1]:
                    print(f"{name} through {model}, {'' if alone else sound.stem}: {found[0]} | {found[1]}", flush=True)
    print(f"{count - different} of {count} are the same to the bit")
    return different


if __name__ == "__main__":
    sys.exit(main())
