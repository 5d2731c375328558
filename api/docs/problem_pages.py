"""Answer a person with a page where a program gets problem+json."""

import msgspec
from litestar import Litestar
from litestar.types import (
    ASGIApp,
    HTTPResponseBodyEvent,
    HTTPResponseStartEvent,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
)

from api.docs.layout import PAGE_HEADERS, render_page
from api.http.problems import PROBLEM_MEDIA_TYPE
from schema.problems import Problem


def show_problems_as_pages(app: Litestar) -> Litestar:
    """Put the pages around an application, and return it."""
    app.asgi_handler = ProblemPages(app.asgi_handler)
    return app


class ProblemPages:
    """Around the application: a browser gets a problem as a page, with the same status and headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _prefers_page(scope):
            await self.app(scope, receive, send)
            return
        start: HTTPResponseStartEvent | None = None
        problem = bytearray()

        async def send_as_page(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_problem(message):
                start = message
            elif start is not None and message["type"] == "http.response.body":
                problem.extend(message["body"])
                if not message["more_body"]:
                    await _send_page(start, msgspec.json.decode(problem, type=Problem), send)
            else:
                await send(message)

        await self.app(scope, receive, send_as_page)


def _prefers_page(scope: HTTPScope) -> bool:
    """Return True for what a browser sends when a person follows a link: it names HTML, and programs do not."""
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return b"text/html" in accept


def _is_problem(message: HTTPResponseStartEvent) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(PROBLEM_MEDIA_TYPE.encode())
        for name, value in message["headers"]
    )


async def _send_page(start: HTTPResponseStartEvent, problem: Problem, send: Send) -> None:
    body = render_page("problem.html", problem=problem).encode()
    replaced = {b"content-type", b"content-length"}
    headers = [(name.lower(), value) for name, value in start["headers"] if name.lower() not in replaced]
    names = {name for name, _ in headers}
    added = [(name.lower().encode(), value.encode()) for name, value in PAGE_HEADERS.items()]
    headers += [pair for pair in added if pair[0] not in names]
    headers += [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"vary", b"Accept"),
    ]
    await send(HTTPResponseStartEvent(type="http.response.start", status=start["status"], headers=headers))
    await send(HTTPResponseBodyEvent(type="http.response.body", body=body, more_body=False))
