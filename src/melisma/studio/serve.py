"""`melisma studio`: take the folder, start the server, say its address, open the page."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from ..control.osc import Listener
from ..errors import Unavailable
from ..system.browser import open_page
from ..system.lock import Taken, locked, note
from ..system.terminal import say
from . import bugs
from .library import Library
from .osc import StudioSurface
from .server import Studio

PATIENCE = 5.0  # seconds until the owner of the folder, who may be starting, has an address


def serve(port: int = 0, browser: bool = True, osc: int | None = None) -> None:
    """Serve until Ctrl-C. port 0: any that is free; osc: a UDP port, the same.

    Where a studio has the session open already, say its address instead.
    """
    library = Library()
    file = library.folder / "lock"
    with contextlib.ExitStack() as held:
        try:
            lock = held.enter_context(locked(file))
        except Taken:
            return _join(file, browser)
        library.sweep()
        listening = held.enter_context(_listening(port))
        studio = Studio(library, listening.getsockname()[1], _token(library.folder))
        config = uvicorn.Config(
            studio.app(), log_level="warning", access_log=False, ws="websockets-sansio", ws_max_size=64 << 20,
            ws_per_message_deflate=False, timeout_graceful_shutdown=1, server_header=False, log_config=None,
        )  # fmt: skip
        listener = None if osc is None else Listener(StudioSurface(studio), osc)
        if listener:
            held.callback(listener.close)
        lock.note(studio.address)
        if listener:
            say(f"OSC is heard at 127.0.0.1, UDP port {listener.port}.")
        say("The studio is open on this machine at")
        say(studio.address)
        say("Ctrl-C closes it; the session is kept.")
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_Server(config, studio.address if browser else None).serve([listening]))


class _Server(uvicorn.Server):
    """Opens the page once there is somebody to answer it."""

    def __init__(self, config: uvicorn.Config, page: str | None):
        super().__init__(config)
        self._page = page

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        bugs.listen(asyncio.get_running_loop())
        await super().startup(sockets)
        if self._page and self.started:
            open_page(self._page)


def _join(file: Path, browser: bool) -> None:
    """Say the address of the studio that has the folder."""
    deadline = time.monotonic() + PATIENCE
    while not _answers(address := note(file)):
        if time.monotonic() > deadline:
            raise Unavailable(
                f"another process has {file.parent} open, and it is no studio that can be reached: "
                "close it, or set MELISMA_HOME to another folder"
            )
        time.sleep(0.05)
    say("A studio is open already at")
    say(address)
    if browser:
        open_page(address)


def _answers(address: str) -> bool:
    """Whether a server listens there. One that is busy, or was stopped, does: the system takes calls for it."""
    found = re.fullmatch(r"http://127\.0\.0\.1:([0-9]{1,5})/\?token=[\w-]+", address)
    if not found:
        return False
    try:
        socket.create_connection(("127.0.0.1", int(found[1])), timeout=3).close()
    except (OSError, OverflowError):
        return False
    return True


def _token(folder: Path) -> str:
    """What lets a page in, in a file that only this user reads: a page that is open goes on when the studio starts again."""
    file = folder / "token"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if file.stat().st_mode & 0o077 == 0 and re.fullmatch(r"[\w-]{32,64}", token := file.read_text()):
            return token
    token = secrets.token_urlsafe(24)
    with contextlib.suppress(OSError):  # a full disk: the token lasts as long as we do
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(token)
    return token


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
            raise Unavailable(f"port {port} cannot be used ({reason}): choose another with --port, or 0 for any") from error
        yield listening
    finally:
        listening.close()
