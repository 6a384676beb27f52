"""Server: a session on a page, on this machine only, for whoever has the address."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from isthmus.errors import InputError, IsthmusError, MissingLibraryError, OutputError
from isthmus.exploring.session import LARGEST, Session
from isthmus.reports.rendering import facts_of, render

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
    from starlette.routing import Route
except ImportError as missing:
    raise MissingLibraryError(
        f"isthmus explore needs starlette and uvicorn ({missing}); install them: pip install 'isthmus[explore]'."
    ) from missing

HOST = "127.0.0.1"
HEADER = "x-isthmus-token"
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}

Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


@final
@dataclass(frozen=True)
class Address:
    """Where the page is: only on this machine, and only with the token."""

    port: int
    token: str

    def __str__(self) -> str:
        return f"http://{HOST}:{self.port}/?token={self.token}"


def serve(
    session: Session | None,
    *,
    page: str = "",
    title: str = "Explore",
    port: int = 0,
    ready: Callable[[Address], None] | None = None,
) -> None:
    """Serves until Ctrl-C, or until the page is asked to close.

    Args:
        session: what the page can ask for; None serves `page` alone, of which nothing can be asked.
        page: the page, where there is no session.
        title: headline.
        port: on this machine; 0 takes one that is free.
        ready: called with the address when the page can be opened.

    Raises:
        OutputError: the port is taken.
    """
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise OutputError(f"Port {port} cannot be used ({error}); leave it out to take a free one.") from error
        listening.listen()  # who opens the page at once waits a moment
        address = Address(listening.getsockname()[1], secrets.token_urlsafe(24))
        html = page if session is None else explore_page(session, address, title)

        def close() -> None:
            server.should_exit = True

        app = application(session, html, address, close)
        settings: dict[str, Any] = {"log_level": "critical", "access_log": False, "timeout_graceful_shutdown": 2}
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", **settings))
        if ready is not None:
            ready(address)
        try:
            with suppress(KeyboardInterrupt):
                server.run(sockets=[listening])
        finally:
            if session is not None:
                session.close()


def explore_page(session: Session, address: Address, title: str) -> str:
    """The page as HTML text: the widget of notebooks, with what picks images around it."""
    others = list(session.others)
    data = {"token": address.token, "others": others}
    made = facts_of(session.landscape.describe())
    return render(
        "explore.html", ("widget.js", "explore.js"), data, title=title, made=made, explores=True, others=others
    )


def application(session: Session | None, html: str, address: Address, close: Callable[[], None]) -> Starlette:
    """The ASGI application.

    Every request must name this machine and port as its host (no other name can be made to point here), must have no
    other origin, and must carry the token.
    """

    def guarded(work: Answer) -> Answer:
        async def call(request: Request) -> Response:
            answer = refusal(request, address)
            if answer is None:
                try:
                    answer = await work(request)
                except IsthmusError as error:
                    answer = JSONResponse({"message": str(error)}, 400)
                except (ValueError, TypeError, KeyError) as error:
                    answer = JSONResponse({"message": f"the request cannot be read: {error}"}, 400)
            answer.headers.update(HEADERS)
            return answer

        return call

    async def show(_: Request) -> Response:
        return HTMLResponse(html)

    async def end(_: Request) -> Response:
        close()
        return JSONResponse({"closed": True})

    routes = [Route("/", guarded(show)), Route("/api/close", guarded(end), methods=["POST"])]
    if session is not None:
        routes += _asking(session, guarded)
    return Starlette(routes=routes)


def refusal(request: Request, address: Address) -> Response | None:
    """Why a request is not answered, if there is a reason."""
    hosts = {f"{HOST}:{address.port}", f"localhost:{address.port}"}
    origin = request.headers.get("origin")
    elsewhere = origin is not None and origin.removeprefix("http://") not in hosts
    if elsewhere or request.headers.get("host", "") not in hosts:
        return PlainTextResponse("This page is for this machine only.", 403)
    token = request.headers.get(HEADER) or request.query_params.get("token", "")
    if not secrets.compare_digest(token.encode(), address.token.encode()):
        return PlainTextResponse("Open the address that isthmus explore printed: it ends with a token.", 403)
    return None


def _asking(session: Session, guarded: Callable[[Answer], Answer]) -> list[Route]:
    """What can be asked of a session."""

    async def images(request: Request) -> Response:
        asked = request.query_params
        first, count = int(asked.get("first", 0)), int(asked.get("count", 48))
        return JSONResponse(await run_in_threadpool(session.listed, first, count, asked.get("word", "")))

    async def drop(request: Request) -> Response:
        content = bytearray()
        async for part in request.stream():
            content += part
            if len(content) > LARGEST:
                raise InputError(f"Files of at most {LARGEST:,} bytes are taken.")
        name = request.query_params.get("name", "input")
        return JSONResponse(await run_in_threadpool(session.add, name, bytes(content)))

    async def begin(request: Request) -> Response:
        asked = await request.json()
        job = session.connect(int(asked["a"]), int(asked["c"]), str(asked.get("target") or "predicted"))
        return JSONResponse(job.describe())

    async def job(request: Request) -> Response:
        return JSONResponse(session.job(int(request.path_params["number"])).describe())

    async def more(request: Request) -> Response:
        work = {"certify": session.certify, "attribute": session.attribute, "transfer": session.transfer}
        return JSONResponse(work[request.path_params["what"]](int(request.path_params["number"])).describe())

    return [
        Route("/api/images", guarded(images)),
        Route("/api/images", guarded(drop), methods=["POST"]),
        Route("/api/connect", guarded(begin), methods=["POST"]),
        Route("/api/jobs/{number:int}", guarded(job)),
        Route("/api/jobs/{number:int}/{what:str}", guarded(more), methods=["POST"]),
    ]
