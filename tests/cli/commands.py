"""Commands as they are typed: in this process or in another, and sounds for them."""

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import soundfile

RATE = 16000  # the tiny model's


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    def refuses(self, *words):
        """One sentence, exit status 1, and nothing else; it names the culprit."""
        assert self.code == 1 and self.out == "", self
        assert self.err.startswith("melisma: ") and self.err.count("\n") == 1, self.err
        for word in words:
            assert word in self.err, self.err


def command(*arguments, before=""):
    """The command as a process of its own; `before` is Python that runs in it first."""
    code = f"{before}\nfrom melisma.cli.main import main; main()"
    return [sys.executable, "-c", code, *(str(a) for a in arguments)]


def process(*arguments, before="") -> Said:
    done = subprocess.run(command(*arguments, before=before), capture_output=True, encoding="utf-8", timeout=600)
    return Said(done.returncode, done.stdout, done.stderr)


def tone(seconds=0.4, rate=RATE, hz=440.0):
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def save(file, samples, rate=RATE, **more):
    soundfile.write(file, samples, rate, **more)
    return file
