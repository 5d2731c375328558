"""Let the session of a page act as its key, before the key is counted and checked like that of any call."""

from typing import Any, cast
from urllib.parse import quote

from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.response.redirect import ASGIRedirectResponse
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.access.authentication import KEY_SECURITY
from api.access.sessions import SESSION_KEY, find_session

SESSION_OPT = "has_session"
SIGN_IN_PATH = "/sign-in"
SESSION_PAGE: dict[str, Any] = {"opt": {SESSION_OPT: True}, "security": KEY_SECURITY}
"""The arguments of every route for which a visitor must have signed in."""


class SessionMiddleware(ASGIMiddleware):
    """Put the key of the session into the request, or send the visitor to the page to sign in.

    It comes first, so that quotas, budgets and the audit treat the request as one with this key. The cookie is the only
    way in: a key in the `Authorization` header of a request for a page does not count. Other routes ignore the cookie.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if not scope["route_handler"].opt.get(SESSION_OPT):
            await next_app(scope, receive, send)
            return
        # A state of its own, because the request keeps the headers that it has read once, which change here.
        session = find_session(Request(cast("Any", {**scope, "state": {}})))
        headers = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
        if session is not None:
            scope["state"][SESSION_KEY] = session
            headers.append((b"authorization", f"Bearer {session.key}".encode()))
        scope["headers"] = headers

        async def send_unstored(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message)["Cache-Control"] = "no-store"
            await send(message)

        if session is None:
            await send_to_sign_in(scope, receive, send_unstored)
        else:
            await next_app(scope, receive, send_unstored)


async def send_to_sign_in(scope: Scope, receive: Receive, send: Send) -> None:
    """Redirect to the page to sign in, which leads back to the requested page."""
    is_read = scope["type"] == "http" and scope["method"] == "GET"
    path = f"{SIGN_IN_PATH}?next={quote(scope['path'])}" if is_read else SIGN_IN_PATH
    await ASGIRedirectResponse(path=path, status_code=303)(scope, receive, send)
