"""Sessions of pages: a browser keeps its key sealed in a cookie, so that the server stores nothing and can revoke all.

The session is the key itself, encrypted and authenticated (Fernet). Each request opens it and checks the key like that
of any call, so a key that is revoked or expires ends its sessions at once. Anybody who obtains the secret of the server
can open a cookie, but cannot make a session without a key.
"""

import secrets
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from api.http.refusals import Malformed, NotAllowed, NotFound, Unauthenticated, UnsupportedMedia

FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"
MAX_FIELDS = 500
SESSION_SECONDS = 8 * 60 * 60
TOKEN_FIELD = "form_token"  # noqa: S105  the name of a field
SESSION_KEY = "session"  # the key of a request's state for its session


class SignInUnavailable(NotFound):
    """This server has no pages to sign in to."""

    example = "GET /sign-in, on a server without `WORK_HEALTH_SESSION_SECRET`."
    fix = "Use the API or the SDK, or ask the operator of this server to set `WORK_HEALTH_SESSION_SECRET`."


class ForeignForm(NotAllowed):
    """The form does not come from a page of this session."""

    example = "A page of another site sends a form to this server. Or you signed in again after you opened the page."
    fix = "Open the page again, and send its form."


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the cookie: the key, and the token that every form of the session repeats."""

    key: str
    form_token: str


class SessionSeal:
    """Seals sessions with the server's secret. All server processes have the same one."""

    def __init__(self, secret: bytes) -> None:
        """`secret` has 32 bytes."""
        self._fernet = Fernet(urlsafe_b64encode(secret))

    def seal(self, session: Session, *, now: datetime) -> str:
        return self._fernet.encrypt_at_time(msgspec.json.encode(session), int(now.timestamp())).decode()

    def open(self, sealed: str, *, now: datetime) -> Session | None:
        """Return the session, or None if this server did not seal it within SESSION_SECONDS."""
        try:
            content = self._fernet.decrypt_at_time(sealed.encode(), SESSION_SECONDS, int(now.timestamp()))
        except InvalidToken:
            return None
        return msgspec.json.decode(content, type=Session)


def require_seal(request: ASGIConnection[Any, Any, Any, Any]) -> SessionSeal:
    """Raises SignInUnavailable."""
    seal: SessionSeal | None = request.app.state.session_seal
    if seal is None:
        raise SignInUnavailable("The operator has not set WORK_HEALTH_SESSION_SECRET.")
    return seal


def set_session(response: Response[Any], request: Request[Any, Any, Any], key: str) -> None:
    """Let the response begin a session with a key that has been checked."""
    session = Session(key=key, form_token=secrets.token_urlsafe(32))
    sealed = require_seal(request).seal(session, now=request.app.state.clock.read())
    response.set_cookie(_build_cookie(request.scope, sealed))


def clear_session(response: Response[Any], request: Request[Any, Any, Any]) -> None:
    """Let the response remove the cookie of the session."""
    response.set_cookie(_build_cookie(request.scope, "", max_age=0))


def _build_cookie(scope: Scope, value: str, *, max_age: int | None = None) -> Cookie:
    is_secure = scope["scheme"] == "https"
    return Cookie(
        key=name_cookie(scope), value=value, max_age=max_age, httponly=True, secure=is_secure, samesite="strict"
    )


def name_cookie(scope: Scope) -> str:
    """Return the cookie's name. Over https, browsers accept a name with this prefix from this host alone."""
    return "__Host-work_health_session" if scope["scheme"] == "https" else "work_health_session"


def find_session(request: ASGIConnection[Any, Any, Any, Any]) -> Session | None:
    """Return the session of the request's cookie, or None."""
    sealed = request.cookies.get(name_cookie(request.scope))
    return (sealed and require_seal(request).open(sealed, now=request.app.state.clock.read())) or None


async def provide_session(request: Request[Any, Any, Any]) -> Session:
    """Return the session that SessionMiddleware found. Raises Unauthenticated."""
    session: Session | None = request.scope["state"].get(SESSION_KEY)
    if session is None:
        raise Unauthenticated("You are not signed in.")
    return session


async def require_same_origin(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse a form that a page of another site sends. Raises ForeignForm.

    `Sec-Fetch-Site` decides, and `Origin` for browsers that do not send it, as in Go's `CrossOriginProtection`. A
    request with neither is refused as well: browsers send one of them with each form.
    """
    site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin")
    host = connection.headers.get("host", "")
    is_own = site == "same-origin" if site is not None else origin in (f"http://{host}", f"https://{host}")
    if not is_own:
        raise ForeignForm("The form was not sent by a page of this server.")


async def read_fields(request: Request[Any, Any, Any]) -> dict[str, list[str]]:
    """Return the values of each field of a form. Raises UnsupportedMedia, Malformed.

    Litestar's own reader would keep the last 1,024 forms in memory, and so the keys in them.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM_MEDIA_TYPE:
        raise UnsupportedMedia(f"The body is no form; send `{FORM_MEDIA_TYPE}`.")
    try:
        return parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise Malformed(f"The body is no form: {error}.") from error


async def receive_form(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Receive the body before the request gets a connection to the database: it may arrive slowly."""
    request: Request[Any, Any, Any] = connection  # pyright: ignore[reportAssignmentType]  guards of HTTP get a request
    await read_fields(request)


async def require_own_form(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a form that no page of this session contains. Raises ForeignForm, Unauthenticated."""
    await require_same_origin(connection, handler)
    request: Request[Any, Any, Any] = connection  # pyright: ignore[reportAssignmentType]  guards of HTTP get a request
    session = await provide_session(request)
    [sent, *_] = (await read_fields(request)).get(TOKEN_FIELD, [""])
    if not secrets.compare_digest(sent.encode(), session.form_token.encode()):
        raise ForeignForm("The form has not the token of this session.")
