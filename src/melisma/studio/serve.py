"""`melisma studio`: start the server, say its address, open the page."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import re
import secrets
import socket
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from ..errors import MelismaError
from ..system.terminal import say
from .library import Library
from .server import Studio


def serve(port: int = 0, browser: bool = True) -> None:
    """Serve until Ctrl-C. port 0: any that is free. Where a studio has the session open already, say its address instead."""
    library = Library()
    if address := _running(library.folder):
        _tell("A studio is open already at", address, browser)
        return
    with _listening(port) as listening:
        studio = Studio(library, listening.getsockname()[1], _token(library.folder))
        config = uvicorn.Config(
            studio.app(), log_level="warning", access_log=False, ws="websockets-sansio", ws_max_size=64 << 20,
            ws_per_message_deflate=False, timeout_graceful_shutdown=1, server_header=False,
        )  # fmt: skip
        with _noted(library.folder, studio.address), contextlib.suppress(KeyboardInterrupt):
            _tell("The studio is open on this machine at", studio.address, browser)
            say("Ctrl-C closes it; the session is kept.")
            asyncio.run(uvicorn.Server(config).serve([listening]))


def _tell(sentence: str, address: str, browser: bool) -> None:
    say(sentence)
    say(address)
    if browser:
        webbrowser.open(address)


def _token(folder: Path) -> str:
    """What lets a page in, in a file that only this user reads: a page that is open goes on when the studio starts again."""
    file = folder / "token"
    with contextlib.suppress(OSError):
        if file.stat().st_mode & 0o077 == 0 and re.fullmatch(r"[\w-]{32,64}", token := file.read_text()):
            return token
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(token := secrets.token_urlsafe(24))
    return token


@contextlib.contextmanager
def _noted(folder: Path, address: str) -> Iterator[None]:
    """The address in a file that only this user reads, for as long as it holds: two servers would save over each other."""
    file = folder / "address"
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(address)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _running(folder: Path) -> str:
    """The address of the studio that has this folder open; "" if there is none that answers."""
    try:
        address = (folder / "address").read_text().strip()
        found = re.fullmatch(r"http://127\.0\.0\.1:([0-9]{1,5})(/\?token=[\w-]+)", address)
        if not found:
            return ""
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=3)
        connection.request("GET", found[2])
        return address if connection.getresponse().status == 303 else ""
    except (OSError, ValueError, http.client.HTTPException):
        return ""


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        try:
            listening.bind(("127.0.0.1", port))
            listening.listen()
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise MelismaError(f"port {port} cannot be used ({reason}): choose another with --port, or 0 for any") from error
        yield listening
    finally:
        listening.close()
