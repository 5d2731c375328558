"""Sign in to the pages of returns with a key, and sign out."""

import re
from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from api.access.authentication import authenticate
from api.access.rate_limits import RateLimiter
from api.access.refused_requests import note_refusal
from api.access.session_middleware import SESSION_OPT, SIGN_IN_PATH
from api.access.sessions import (
    clear_session,
    find_session,
    read_fields,
    receive_form,
    require_own_form,
    require_same_origin,
    require_seal,
    set_session,
)
from api.database.connections import Transaction
from api.docs.layout import private_page_response
from api.http.refusals import Unauthenticated
from schema.partners import Caller

PAGE_PATTERN = re.compile(r"/programmes/[a-z0-9-]+/returns(/[A-Za-z0-9.-]+)*")
"""The addresses to which signing in may lead: a link must not lead to another site."""


@get(SIGN_IN_PATH)
async def show_sign_in(
    request: Request[Any, Any, Any],
    following: Annotated[str, QueryParameter(name="next")] = "",
) -> Response[str]:
    """Show the form for the key. Without a session secret, state that there is none."""
    require_seal(request)
    return private_page_response(
        "sign_in.html",
        following=_check_page(following),
        has_ended=False,
        error=None,
        is_signed_in=find_session(request) is not None,
    )


@post(SIGN_IN_PATH, guards=[require_same_origin, receive_form], status_code=303)
async def sign_in(request: Request[Any, Any, Any], transaction: Transaction) -> Response[Any]:
    """Check the key as that of any request, and begin a session."""
    require_seal(request)
    fields = await read_fields(request)
    key, following = fields.get("key", [""])[0].strip(), fields.get("next", [""])[0]
    try:
        caller = await _check_key(request, transaction, key)
    except Unauthenticated as error:
        await note_refusal(error, request.scope)
        return private_page_response(
            "sign_in.html",
            status=401,
            following=_check_page(following),
            ended=False,
            error=str(error),
            is_signed_in=False,
        )
    response = Redirect(_choose_page(following, caller), status_code=303)
    set_session(response, request, key)
    return response


async def _check_key(request: Request[Any, Any, Any], transaction: Transaction, key: str) -> Caller:
    """Raises Unauthenticated, RateLimited. A wrong key counts like one in a header."""
    limiter: RateLimiter | None = request.app.state.rate_limiter
    address = request.client.host if request.client else ""
    authorization = f"Bearer {key}"
    if limiter is not None:
        limiter.check_key(authorization.encode(), address)
    try:
        caller = await authenticate(request, transaction, authorization)
    except Unauthenticated:
        if limiter is not None:
            limiter.count_failure(address)
        raise
    if limiter is not None:
        limiter.accept_key(authorization.encode())
    return caller


def _check_page(following: str) -> str:
    """Return the address if it is a page of returns, and otherwise nothing."""
    return following if PAGE_PATTERN.fullmatch(following) else ""


def _choose_page(following: str, caller: Caller) -> str:
    """Return the page that the visitor asked for, or the first one that the key opens."""
    programmes = [grant.programme for grant in caller.grants]
    page = _check_page(following)
    if page and (not programmes or page.split("/")[2] in programmes):
        return page
    return f"/programmes/{programmes[0]}/returns" if programmes else "/"


@post("/sign-out", guards=[require_own_form], status_code=303, opt={SESSION_OPT: True})
async def sign_out(request: Request[Any, Any, Any]) -> Response[Any]:
    """Remove the cookie."""
    response = Redirect(SIGN_IN_PATH, status_code=303)
    clear_session(response, request)
    return response


router = Router(
    "/",
    route_handlers=[show_sign_in, sign_in, sign_out],
    include_in_schema=False,
)
