"""Who is let in, and the headers of every answer.

Whoever wants something must have the token: the address that `melisma studio` prints carries it once, then a cookie
does. Requests for another host (DNS rebinding) or from another origin are refused.
"""

from __future__ import annotations

import secrets

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


class Guard:
    """Refuses whoever has no token, comes from another origin, or means another host than 127.0.0.1 at `port`."""

    def __init__(self, app: ASGIApp, port: int, cookie: str, token: str):
        self._app, self._cookie, self._token = app, cookie, token
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        if reason := self._refuses(HTTPConnection(scope)):
            if scope["type"] == "websocket":
                return await send({"type": "websocket.close", "code": 4403, "reason": reason})
            return await PlainTextResponse(reason, 403, HEADERS)(scope, receive, send)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            await send(message)

        await self._app(scope, receive, with_headers)

    def _refuses(self, request: HTTPConnection) -> str:
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if host not in self._hosts:
            return "this is a studio of another host: open the address that `melisma studio` printed"
        if origin is not None and origin != f"http://{host}":
            return "pages of other origins are not let in"
        if request.scope["type"] == "websocket" and origin is None:
            return "a WebSocket must say its origin"
        given = request.cookies.get(self._cookie) or ""
        if request.scope["path"] == "/" and "token" in request.query_params:
            given = request.query_params["token"]
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            return "this needs the token: open the address that `melisma studio` printed, whole"
        return ""
