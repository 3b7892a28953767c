"""`melisma studio`: start the server, say its address, open the page."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import webbrowser

import uvicorn

from ..errors import MelismaError
from ..terminal import say
from .library import Library
from .server import Studio


def serve(port: int = 0, browser: bool = True) -> None:
    """Serve until Ctrl-C. port 0: any that is free."""
    with _listening(port) as listening:
        studio = Studio(Library(), listening.getsockname()[1])
        config = uvicorn.Config(
            studio.app(), log_level="warning", access_log=False, ws="websockets-sansio", ws_max_size=64 << 20,
            ws_per_message_deflate=False, timeout_graceful_shutdown=1, server_header=False,
        )  # fmt: skip
        say("The studio is open on this machine at")
        say(studio.address)
        say("Ctrl-C closes it; the session is kept.")
        if browser:
            webbrowser.open(studio.address)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(uvicorn.Server(config).serve([listening]))


@contextlib.contextmanager
def _listening(port: int):
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
