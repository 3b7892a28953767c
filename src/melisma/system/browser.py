"""Opening a page in the user's browser, without ever waiting for it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Any

# browsers that want the terminal, which is not theirs while we run in it
_TEXT = {"w3m", "lynx", "links", "links2", "elinks", "browsh", "carbonyl", "chawan", "cha", "www-browser"}


def open_page(address: str) -> None:
    """Open the address in a browser with windows, if there is one; returns at once.

    The browser is looked for and waited for by a process of its own that has no terminal: whatever it starts cannot
    read our keys, write over our lines or hold us up.
    """
    if not _has_windows():
        return
    quiet: dict[str, Any] = {stream: subprocess.DEVNULL for stream in ("stdin", "stdout", "stderr")}
    with suppress(OSError):  # no room for a process: the address was said
        process = subprocess.Popen([sys.executable, "-m", "webbrowser", address], start_new_session=True, **quiet)
        threading.Thread(target=process.wait, daemon=True).start()  # for as long as we live


def _has_windows() -> bool:
    """Whether the browser that Python would take first is none of the terminal's."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if Path(getattr(browser, "name", "")).name in _TEXT:
        return False
    # what is started with nothing but its name is a text browser, unless the user chose it
    return type(browser) is not webbrowser.GenericBrowser or bool(os.environ.get("BROWSER"))
