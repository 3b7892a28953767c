"""The studio's server: the page, its sounds, and one WebSocket for the session. For this machine alone (see guard.py).

Nothing that the page says becomes the name of a file: sounds are named by the hash of what they hold, models and
examples by the lists of those that are there. All that takes time, or touches the disk, runs in a thread of its own.
"""

from __future__ import annotations

import secrets
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from ..control.midimap import Knobs
from ..errors import MelismaWarning, NotFound
from ..sound.channels import one_of, sides
from ..sound.rates import resample
from . import bugs, exchange, hearing, session, sessionfile
from .connection import Connection
from .document import Take, read
from .effects import effects
from .exchange import answering
from .guard import Guard
from .library import MOST_BYTES, Library
from .osc import KnobSurface
from .protocol import shown
from .render import as_bytes, outline
from .workspace import Workspace, examples

PAGE = Path(__file__).with_name("page")
RAW = "application/octet-stream"


class Studio:
    """What the server serves: a workspace, and the page that has it in hand."""

    def __init__(self, library: Library, port: int, token: str | None = None):
        self.library, self.port = library, port
        self.token = token or secrets.token_urlsafe(24)
        self.cookie = f"melisma-{port}"  # cookies know no ports: two studios must not share one
        self.workspace = Workspace(library)
        self.models = self.workspace.models
        self.connection: Connection | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    def app(self) -> ASGIApp:
        routes = [
            Route("/", self.index),
            Route("/api/sounds", answering(self.add_sound), methods=["POST"]),
            Route("/api/examples/{name}", answering(self.example), methods=["POST"]),
            Route("/api/sounds/{hash}/samples", answering(self.samples)),
            Route("/api/sounds/{hash}/mel", answering(self.mel)),
            Route("/api/sounds/{hash}/outline", answering(self.outline)),
            Route("/api/models/{name}/effects", answering(self.effects)),
            Route("/api/models/{name}/map", answering(self.map)),
            Route("/api/models/{name}/point", answering(self.point)),
            Route("/api/take/latent", answering(self.take_latent), methods=["POST"]),
            Route("/api/take/piece", answering(self.take_piece), methods=["POST"]),
            Route("/api/take/samples", answering(self.take_samples), methods=["POST"]),
            Route("/api/take/{name}", answering(self.take_wav)),
            Route("/api/session", answering(self.open_session), methods=["POST"]),
            Route("/api/session/{name}", answering(self.save_session)),
            WebSocketRoute("/ws", self.socket),
            Mount("/assets", StaticFiles(directory=PAGE / "assets", check_dir=False)),
            Route("/{file:path}", self.missing),
        ]
        if not (PAGE / "assets").is_dir():
            routes = [route for route in routes if not isinstance(route, Mount)]
        app = Starlette(routes=routes, exception_handlers={HTTPException: _refused, Exception: bugs.answer})
        return Guard(app, self.port, self.cookie, self.token)

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
        connection = Connection(socket, self.workspace, Knobs(KnobSurface(self)))
        previous, self.connection = self.connection, connection
        try:
            if previous:
                await previous.leave()
            await connection.run()
        finally:
            connection.end()
            if self.connection is connection:
                self.connection = None

    # --- sounds ---

    async def add_sound(self, request: Request) -> Response:
        async with exchange.received(request, self.library, MOST_BYTES) as incoming:
            return exchange.json(await run_in_threadpool(self.library.add, incoming, exchange.called(request, "sound")))

    async def example(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in examples():
            raise NotFound(f"there is no example {shown(name)}: there are {', '.join(examples())}")
        return exchange.json(await run_in_threadpool(self.library.add_file, examples()[name]))

    async def samples(self, request: Request) -> Response:
        """A sound at a model's rate: float32, little-endian, mixed to one channel, or with ?channels=2 left, then right.

        X-Channels says how many it is; X-Sides how many there are that differ.
        """
        ref, name, both = exchange.sound(request), exchange.model(request), request.query_params.get("channels") == "2"

        def make() -> Response:
            model, audio = self.models.open(name), self.library.open(ref)
            found = len(sides(audio.samples))
            wanted = audio.samples if both and found == 2 else one_of(audio.samples)[None]
            return _sounding(resample(wanted, audio.rate, model.sample_rate), {"X-Sides": str(found)})

        return await run_in_threadpool(make)

    async def mel(self, request: Request) -> Response:
        """A sound's log-mel as a model hears it: a byte a band, a frame's bands together."""
        ref, name = exchange.sound(request), exchange.model(request)

        def make() -> bytes:
            audio = self.library.open(ref)
            return as_bytes(self.models.open(name).mel(one_of(audio.samples), rate=audio.rate)).tobytes()

        return await _made(make)

    async def outline(self, request: Request) -> Response:
        """A sound as a small picture, with its length and rate."""
        ref = exchange.sound(request)
        return exchange.json(await run_in_threadpool(lambda: outline(self.library.open(ref))))

    # --- models ---

    async def effects(self, request: Request) -> Response:
        """What each latent of a model does."""
        name, folder = request.path_params["name"], self.library.folder / "effects"
        return exchange.json(await run_in_threadpool(lambda: effects(self.models.open(name), folder)))

    async def map(self, request: Request) -> Response:
        """The map of a model's domain."""
        name = request.path_params["name"]
        return exchange.json(await run_in_threadpool(lambda: hearing.map_of(self.models.open(name))))

    async def point(self, request: Request) -> Response:
        """A place of the map (?x= and ?y=, from 0 to 1), held for half a second."""
        name, (x, y) = request.path_params["name"], exchange.spot(request)
        return await _made(lambda: hearing.spoken(self.models.open(name), x, y).astype("<f4").tobytes())

    # --- takes ---

    async def take_latent(self, request: Request) -> Response:
        """A piece of a take with a latent (?lane=, from 0) 2 σ lower, then higher, from ?at= seconds on: as `take_samples`."""
        body, (lane, at) = await exchange.document(request), exchange.place(request)

        def make() -> bytes:
            take: Take = read(body, Take)  # type: ignore[assignment]
            return hearing.around(take, lane, at, self.library.open, self.models.open(take.model)).astype("<f4").tobytes()

        return await _made(make)

    async def take_piece(self, request: Request) -> Response:
        """A piece of a take where it is loudest: as `take_samples`."""
        body = await exchange.document(request)

        def make() -> bytes:
            take: Take = read(body, Take)  # type: ignore[assignment]
            return hearing.piece(take, self.library.open, self.models.open(take.model)).astype("<f4").tobytes()

        return await _made(make)

    async def take_samples(self, request: Request) -> Response:
        """A take's sound at its model's rate: float32, little-endian; one channel, or left, then right: X-Channels."""
        body = await exchange.document(request)

        def make() -> Response:
            take: Take = read(body, Take)  # type: ignore[assignment]
            return _sounding(session.sound(take, self.library.open, self.models.open(take.model), own_rate=True).samples)

        return await run_in_threadpool(make)

    async def take_wav(self, request: Request) -> Response:
        """The current take, or the snapshot of that number, as a WAV file of its input's rate: what `melisma render` writes.

        With ?rate=model of the model's rate: a sound that came at 8 kHz may be heard with all that the model adds to it.
        """
        take = exchange.chosen(self.workspace.opened(), request.query_params.get("snapshot"))
        own = exchange.own_rate(request)

        def make() -> bytes:
            sound = session.sound(take, self.library.open, self.models.open(take.model), own)
            folder = tempfile.TemporaryDirectory(dir=self.library.folder, prefix="take-")
            with folder as name, warnings.catch_warnings():
                warnings.simplefilter("ignore", MelismaWarning)  # the page's meter says what clips
                sound.save(file := Path(name) / "take.wav")
                return file.read_bytes()

        return exchange.download(await run_in_threadpool(make), request, "audio/wav")

    # --- session files ---

    async def save_session(self, request: Request) -> Response:
        now = self.workspace.opened()

        def make() -> bytes:
            with self.library.receive() as incoming:
                sessionfile.pack(self.library, now, incoming.path)
                return incoming.path.read_bytes()

        return exchange.download(await run_in_threadpool(make), request, "application/zip")

    async def open_session(self, request: Request) -> Response:
        """A session file → its document; the page makes it the next step of its history."""
        async with exchange.received(request, self.library, 4 * MOST_BYTES) as incoming:
            await run_in_threadpool(incoming.finish)
            name = exchange.called(request, "the session")
            return exchange.json(await run_in_threadpool(sessionfile.unpack, self.library, incoming.path, name))


async def _made(make: Callable[[], bytes]) -> Response:
    return Response(await run_in_threadpool(make), media_type=RAW)


def _sounding(samples: np.ndarray, more: dict[str, str] | None = None) -> Response:
    """Samples (channels, T), one channel after the other."""
    headers = {"X-Channels": str(len(samples)), **(more or {})}
    return Response(samples.astype("<f4").tobytes(), media_type=RAW, headers=headers)


async def _refused(request: Request, error: Exception) -> Response:
    """What the framework refuses, in a sentence of ours."""
    status, headers = error.status_code, error.headers  # type: ignore[attr-defined]
    reasons = {404: "there is nothing here", 405: f"{request.method} is not what this address is asked with"}
    return PlainTextResponse(reasons.get(status, f"the studio does not answer that ({error})"), status, headers)
