"""What nobody foresaw, in the studio: one sentence on stderr and a report in a file, as the command does; the studio goes on."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..system import faults
from ..system.terminal import warn

_told: dict[tuple[object, ...], str] = {}
_lock = threading.Lock()


def told(error: BaseException) -> str:
    """Tell it, once for each place in the program that it comes from → the sentence for the page."""
    with _lock:
        if (place := _place(error)) not in _told:
            _told[place] = faults.sentence(error)
            warn("melisma", _told[place], "red")
        return _told[place]


def _place(error: BaseException) -> tuple[object, ...]:
    trace = error.__traceback__
    place: tuple[object, ...] = ()
    while trace is not None:
        place, trace = (trace.tb_frame.f_code, trace.tb_lineno), trace.tb_next
    return type(error), *place


def answer(request: Request, error: Exception) -> Response:
    """For a request; the framework raises the error again, and it comes to `listen`'s handler."""
    return JSONResponse({"message": told(error)}, 500)


def listen(loop: asyncio.AbstractEventLoop) -> None:
    """What the server and the event loop would log is told, too."""
    logger = logging.getLogger("uvicorn")
    logger.handlers, logger.propagate = [_Log()], False
    loop.set_exception_handler(_in_the_loop)


class _Log(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, Exception):
            told(error)
        else:  # such as of a request that is none: for a report alone
            os.write(2, f"{record.name}: {record.getMessage()}\n".encode(errors="replace"))


def _in_the_loop(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if isinstance(error := context.get("exception"), Exception) and not isinstance(error, OSError):  # a page that went away
        told(error)
