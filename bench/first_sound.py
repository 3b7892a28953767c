"""How long it takes from a clone to the first sound, step by step: `git clone`, `make setup`, `make demo`.

python bench/first_sound.py              clones the checkout that this lies in, into a folder that is removed afterwards
python bench/first_sound.py --cold       without pip's cache, as on a machine that never saw a package of it
python bench/first_sound.py --readme     and writes them into the README, which has them from nowhere else

Say what machine it was, how busy and on what line; on a machine with other work the figures are of no use.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cold", action="store_true", help="pip's cache is empty")
    parser.add_argument("--readme", action="store_true", help="write the figures into the README")
    options = parser.parse_args()
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV", "MELISMA_HOME")}
    environment |= {"PYTHONUNBUFFERED": "1"} | ({"PIP_NO_CACHE_DIR": "1"} if options.cold else {})
    with tempfile.TemporaryDirectory() as folder:
        place, begun = Path(folder) / "melisma", time.monotonic()
        environment |= {"MELISMA_HOME": str(Path(folder) / "home")}
        load = f", load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else ""
        machine = f"{os.cpu_count()} cores{load}, pip's cache {'empty' if options.cold else 'as it was'}"
        print(f"{machine}\n   total     step")
        before, reached = begun, {}

        def told(text: str) -> None:
            nonlocal before
            now = time.monotonic()
            print(f"{now - begun:7.1f} s {now - before:6.1f} s  {text}", flush=True)
            before = now
            if text.startswith("… To hear already"):
                reached["first sound"] = now - begun

        def done(what: str, text: str) -> None:
            told(text)
            reached[what] = before - begun

        subprocess.run(["git", "clone", "-q", ROOT, place], check=True)
        done("clone", "git clone")
        for target in ("setup", "demo"):
            command = ["make", "-s", target]
            with subprocess.Popen(command, cwd=place, env=environment, stdout=subprocess.PIPE, text=True) as running:
                assert running.stdout is not None
                for line in running.stdout:  # a step says what it is when it begins: its time is that up to the next line
                    told(f"… {line.rstrip()[:90]}")
            if running.returncode:
                raise SystemExit(f"make {target} failed with {running.returncode}")
            done(target, f"make {target} is done")
        page = place / "out" / "demo" / "index.html"
        if not page.is_file():
            raise SystemExit(f"there is no {page}")
        if options.readme:
            (ROOT / "README.md").write_text(told_in((ROOT / "README.md").read_text("utf-8"), reached, machine), "utf-8")


def told_in(readme: str, reached: dict[str, float], machine: str) -> str:
    """The README with the seconds at which each step was reached."""
    steps = {"clone": "cloned", "setup": "set up", "first sound": "the first sound", "demo": "the whole page"}
    said = ", ".join(f"{words} after {reached[step]:.0f} s" for step, words in steps.items())
    said = f"From `git clone` on, counted here ({machine}): {said}."
    text = f"<!-- times: python bench/first_sound.py --readme -->\n{said}\n<!-- end of the times -->"
    readme, count = re.subn(r"<!-- times: .*?<!-- end of the times -->", lambda _: text, readme, flags=re.DOTALL)
    if count != 1:
        raise SystemExit("README.md has no place for the times: <!-- times: … --> and <!-- end of the times -->")
    return readme


if __name__ == "__main__":
    main()
