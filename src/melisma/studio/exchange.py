"""What requests say, and how they are answered: always with what was asked for, or with one sentence."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any
from urllib.parse import quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from ..errors import BadValue, MelismaError, NotFound
from .document import MOST_DOCUMENT, MOST_NAME, Session, SoundRef, Take
from .library import Incoming, Library
from .protocol import shown, text

PIECE = 1 << 20  # bytes that are written at once
Handler = Callable[[Request], Awaitable[Response]]


def answering(handler: Handler) -> Handler:
    """A MelismaError becomes an answer of one sentence."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except MelismaError as error:
            return JSONResponse({"message": printable(str(error))}, 400)
        except ClientDisconnect:  # a closed tab in the middle of an upload: there is nobody to tell
            return Response(status_code=400)
        except OSError as error:
            return JSONResponse({"message": f"the disk said: {error.strerror or error}"}, 500)

    return answer


def json(message: Any) -> Response:
    """A part of the protocol as an answer."""
    return Response(text(message), media_type="application/json")


def download(body: bytes, request: Request, kind: str) -> Response:
    """A file of the name that the request gives it."""
    name = quote(request.path_params["name"], errors="replace")
    return Response(body, media_type=kind, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"})


def sound(request: Request) -> SoundRef:
    """The sound that the path names by its hash."""
    if not re.fullmatch("[0-9a-f]{64}", digest := request.path_params["hash"]):
        raise BadValue(f"{shown(digest)} is no sound of the studio: sounds are named by 64 digits from 0 to f")
    return SoundRef(digest, "of this session")


def model(request: Request) -> str:
    """The name of the model that is asked for."""
    return request.query_params.get("model", "")


def called(request: Request, default: str) -> str:
    """What the page calls an upload: for people, never a file's name here."""
    name = unquote(request.headers.get("x-name", "")).replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in name if c.isprintable())[:MOST_NAME] or default


def chosen(session: Session, snapshot: str | None) -> Take:
    """The session's take, or that of a snapshot of it, counted from 0."""
    if snapshot is None:
        return session.take
    if not re.fullmatch("[0-9]{1,4}", snapshot) or int(snapshot) >= len(session.snapshots):
        raise NotFound(f"there is no snapshot {shown(snapshot)}: the session has {len(session.snapshots)}, counted from 0")
    return session.snapshots[int(snapshot)].take


def own_rate(request: Request) -> bool:
    """Whether a take is wanted at its model's rate, not at its input's."""
    asked = request.query_params.get("rate", "input")
    if asked not in ("input", "model"):
        raise BadValue(f"there is no rate {shown(asked)}: it is that of the input, or that of the model")
    return asked == "model"


def place(request: Request) -> tuple[int, float | None]:
    """A latent, counted from 0, and a moment in seconds, if one is given."""
    lane, at = request.query_params.get("lane", ""), request.query_params.get("at")
    if not re.fullmatch("[0-9]{1,4}", lane):
        raise BadValue(f"{shown(lane)} is no latent: they are counted from 0")
    if at is not None and not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,20})?", at):
        raise BadValue(f"{shown(at)} is no moment: say seconds")
    return int(lane), None if at is None else float(at)


def spot(request: Request) -> tuple[float, float]:
    """A place of the map."""
    found = [request.query_params.get(key, "") for key in "xy"]
    for given in found:
        if not re.fullmatch(r"(0(\.[0-9]{1,20})?|1(\.0{1,20})?)", given):
            raise BadValue(f"{shown(given)} is no place of the map: x and y go from 0 to 1")
    return float(found[0]), float(found[1])


@asynccontextmanager
async def received(request: Request, library: Library, most: int) -> AsyncIterator[Incoming]:
    """The request's body in a file, which is gone afterwards. MelismaError if it is larger than `most` bytes."""
    incoming = await run_in_threadpool(library.receive)
    try:
        waiting = bytearray()
        async for chunk in _body(request, most):
            waiting += chunk
            if len(waiting) >= PIECE:
                await run_in_threadpool(incoming.write, bytes(waiting))
                waiting.clear()
        await run_in_threadpool(incoming.write, bytes(waiting))
        yield incoming
    finally:
        await run_in_threadpool(incoming.close)


async def document(request: Request) -> bytes:
    """The request's body, JSON."""
    return b"".join([chunk async for chunk in _body(request, MOST_DOCUMENT)])


async def _body(request: Request, most: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise BadValue(f"{called(request, 'the upload')} is larger than {most >> 20} MiB, the most that the studio takes")
        yield chunk


def printable(sentence: str) -> str:
    """The sentence without what no answer can hold: half a surrogate pair."""
    return sentence.encode(errors="replace").decode()
