"""The studio's server: the page, its sounds, and one WebSocket for the session. For this machine alone.

Whoever wants something must have the token: the address that `melisma studio` prints carries it once, then a cookie
does. Requests for another host (DNS rebinding) or from another origin are refused, and nothing that the page says becomes the
name of a file: sounds are named by the hash of what they hold, and models by the list of those that are there.
"""

from __future__ import annotations

import secrets
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from pathlib import Path
from urllib.parse import quote, unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from ..errors import MelismaError, MelismaWarning
from ..sound.audio import resample, write
from . import session
from .connection import Connection
from .journal import Journal
from .library import MOST_BYTES, MOST_DOCUMENT, Library
from .models import Models
from .protocol import Session, SoundRef, Take, read, text
from .render import as_bytes

PAGE = Path(__file__).with_name("page")
EXAMPLES = Path(__file__).parents[1] / "sounds"
HEADERS = {  # isolation lets the page share memory with its audio thread; nothing is fetched from elsewhere
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
Handler = Callable[[Request], Awaitable[Response]]


class Studio:
    """What the server serves: a library, models, one session, and the page that has it in hand."""

    def __init__(self, library: Library, port: int, token: str | None = None):
        self.library, self.models, self.port = library, Models(), port
        self.token = token or secrets.token_urlsafe(24)
        self.cookie = f"melisma-{port}"  # cookies know no ports: two studios must not share one
        self.session: Session | None = library.restore()
        self.journal = Journal(library.folder / "history.jsonl", self.session)
        self.connection: Connection | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    def keep(self, session: Session, at: int, name: str | None) -> None:
        """Autosave the session and its place in the history: both are on the disk when this returns."""
        self.library.save(session)
        self.journal.keep(at, name, session)

    def app(self) -> ASGIApp:
        routes = [
            Route("/", self.index),
            Route("/api/sounds", _answering(self.add_sound), methods=["POST"]),
            Route("/api/examples/{name}", _answering(self.example), methods=["POST"]),
            Route("/api/sounds/{hash}/samples", _answering(self.samples)),
            Route("/api/sounds/{hash}/mel", _answering(self.mel)),
            Route("/api/take/samples", _answering(self.take_samples), methods=["POST"]),
            Route("/api/take/{name}", _answering(self.take_wav)),
            Route("/api/session", _answering(self.open_session), methods=["POST"]),
            Route("/api/session/{name}", _answering(self.save_session)),
            WebSocketRoute("/ws", self.socket),
            Mount("/assets", StaticFiles(directory=PAGE / "assets", check_dir=False)),
            Route("/{file:path}", self.missing),
        ]
        if not (PAGE / "assets").is_dir():
            routes = [route for route in routes if not isinstance(route, Mount)]
        return _Guard(Starlette(routes=routes), self)

    # --- the page ---

    async def index(self, request: Request) -> Response:
        """The page; an address with the token leaves it in a cookie."""
        if "token" in request.query_params:
            answer: Response = RedirectResponse("/", status_code=303)
            answer.set_cookie(self.cookie, self.token, httponly=True, samesite="strict")
            return answer
        page = PAGE / "index.html"
        if not page.is_file():
            return PlainTextResponse("the studio's page is not built: run `python studio/build.py`, or reinstall melisma", 500)
        return FileResponse(page)

    async def missing(self, request: Request) -> Response:
        return PlainTextResponse("there is nothing here", 404)

    async def socket(self, socket: WebSocket) -> None:
        """The session, for the page that came last."""
        connection = Connection(socket, self)
        previous, self.connection = self.connection, connection
        if previous:
            await previous.leave()
        try:
            await connection.run()
        finally:
            if self.connection is connection:
                self.connection = None

    # --- sounds ---

    async def add_sound(self, request: Request) -> Response:
        info = await self.library.add(_body(request, MOST_BYTES), _name(request, "sound"))
        return _json(info)

    async def example(self, request: Request) -> Response:
        found = {file.stem: file for file in examples()}
        name = request.path_params["name"]
        if name not in found:
            raise MelismaError(f"there is no example {name!r}")
        return _json(await run_in_threadpool(self.library.add_file, found[name]))

    async def samples(self, request: Request) -> Response:
        """A sound, mixed to one channel, at a model's rate: float32, little-endian."""
        ref, model = _ref(request), await run_in_threadpool(self.models.open, request.query_params.get("model", ""))

        def make() -> bytes:
            audio = self.library.open(ref)
            return resample(audio.samples[0], audio.rate, model.sample_rate).astype("<f4").tobytes()

        return Response(await run_in_threadpool(make), media_type="application/octet-stream")

    async def mel(self, request: Request) -> Response:
        """A sound's log-mel as a model hears it: a byte a band, a frame's bands together."""
        ref, model = _ref(request), await run_in_threadpool(self.models.open, request.query_params.get("model", ""))
        body = await run_in_threadpool(lambda: as_bytes(model.mel(self.library.open(ref))).tobytes())
        return Response(body, media_type="application/octet-stream")

    # --- takes ---

    async def take_samples(self, request: Request) -> Response:
        """A take's sound at its model's rate: float32, little-endian."""
        take: Take = read(await _whole(request), Take)  # type: ignore[assignment]

        def make() -> bytes:
            model = self.models.open(take.model)
            path = session.paths(take, self.library.open, model)[2]
            return b"".join(piece.astype("<f4").tobytes() for piece in session.pieces(path, model))

        return Response(await run_in_threadpool(make), media_type="application/octet-stream")

    async def take_wav(self, request: Request) -> Response:
        """The current take, or the snapshot of that number, as a WAV file of its input's rate: what `melisma render` writes."""
        take = _chosen(self._session(), request.query_params.get("snapshot"))

        def make() -> bytes:
            sound = session.sound(take, self.library.open, self.models.open(take.model))
            with tempfile.TemporaryDirectory(dir=self.library.folder) as folder, warnings.catch_warnings():
                warnings.simplefilter("ignore", MelismaWarning)  # the page's meter says what clips
                write(file := Path(folder) / "take.wav", sound, self.library.open(take.input).rate)
                return file.read_bytes()

        return _file(await run_in_threadpool(make), request, "audio/wav")

    # --- session files ---

    async def save_session(self, request: Request) -> Response:
        def make() -> bytes:
            with self.library.receive() as file:
                self.library.pack(self._session(), file)
                file.seek(0)
                return Path(file.name).read_bytes()

        return _file(await run_in_threadpool(make), request, "application/zip")

    async def open_session(self, request: Request) -> Response:
        """A session file → its document; the page makes it the next step of its history."""
        with self.library.receive() as file:
            async for chunk in _body(request, 4 * MOST_BYTES):
                file.write(chunk)
            file.flush()
            found = await run_in_threadpool(self.library.unpack, Path(file.name), _name(request, "the session"))
        return Response(text(found), media_type="application/json")

    def _session(self) -> Session:
        if self.session is None:
            raise MelismaError("the session has no sound yet: drop one, record one, or open an example")
        return self.session


def examples() -> list[Path]:
    """The sounds that come with the package."""
    return [EXAMPLES / name for name in ("gpl/cat.flac", "mit/voice.flac", "cc0/bell.flac", "cc0/drums.flac", "gpl/horse.flac")]


# --- who is let in ------------------------------------------------------------------------------------------------------


class _Guard:
    """Refuses whoever has no token, comes from another origin, or means another host."""

    def __init__(self, app: ASGIApp, studio: Studio):
        self._app, self._studio = app, studio

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        if reason := self._refuses(HTTPConnection(scope)):
            if scope["type"] == "websocket":
                return await send({"type": "websocket.close", "code": 4403, "reason": reason})
            return await PlainTextResponse(reason, 403, HEADERS)(scope, receive, send)

        async def with_headers(message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            await send(message)

        await self._app(scope, receive, with_headers)

    def _refuses(self, request: HTTPConnection) -> str:
        hosts = {f"127.0.0.1:{self._studio.port}", f"localhost:{self._studio.port}"}
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if host not in hosts:
            return "this is a studio of another host: open the address that `melisma studio` printed"
        if origin is not None and origin != f"http://{host}":
            return "pages of other origins are not let in"
        if request.scope["type"] == "websocket" and origin is None:
            return "a WebSocket must say its origin"
        given = request.cookies.get(self._studio.cookie) or ""
        if request.url.path == "/" and "token" in request.query_params:
            given = request.query_params["token"]
        if not secrets.compare_digest(given.encode(), self._studio.token.encode()):
            return "this needs the token: open the address that `melisma studio` printed, whole"
        return ""


# --- requests and answers -----------------------------------------------------------------------------------------------


def _answering(handler: Handler) -> Handler:
    """A MelismaError becomes an answer of one sentence."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except MelismaError as error:
            return JSONResponse({"message": str(error)}, 400)
        except ClientDisconnect:  # a closed tab in the middle of an upload: there is nobody to tell
            return Response(status_code=400)
        except OSError as error:
            return JSONResponse({"message": f"the disk said: {error.strerror or error}"}, 500)

    return answer


def _json(message) -> Response:
    return Response(text(message), media_type="application/json")


def _file(body: bytes, request: Request, kind: str) -> Response:
    name = quote(request.path_params["name"])
    return Response(body, media_type=kind, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"})


def _ref(request: Request) -> SoundRef:
    return read(text(SoundRef(request.path_params["hash"], "of this session")), SoundRef)  # type: ignore[return-value]


def _name(request: Request, default: str) -> str:
    """What the page calls an upload: for people, never a file's name here."""
    name = unquote(request.headers.get("x-name", "")).replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in name if c.isprintable())[:200] or default


def _chosen(session: Session, snapshot: str | None) -> Take:
    if snapshot is None:
        return session.take
    if not snapshot.isascii() or not snapshot.isdigit() or int(snapshot) >= len(session.snapshots):
        raise MelismaError(f"there is no snapshot {snapshot}")
    return session.snapshots[int(snapshot)].take


async def _body(request: Request, most: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise MelismaError(f"{_name(request, 'the upload')} is larger than {most >> 20} MiB, the most that the studio takes")
        yield chunk


async def _whole(request: Request) -> bytes:
    return b"".join([chunk async for chunk in _body(request, MOST_DOCUMENT)])
