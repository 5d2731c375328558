"""The common parts of the pages of a visitor who has signed in: tabs, forms, and the end of the session."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, Response
from msgspec import Struct

from api.access.programme_access import ProgrammeAccess
from api.access.sessions import Session, clear_session
from api.docs.layout import private_page_response
from api.http.refusals import Conflict, Invalid, Refusal, Unauthenticated
from api.pages.programme_frames import build_frame
from api.pages.return_words import name_holder
from schema.partners import Scope

IDEMPOTENCY_FIELD = "idempotency_key"
READ_SCOPES = frozenset({Scope.SUBMIT, Scope.READ, Scope.REVIEW})


class SignedIn(Struct, frozen=True, kw_only=True):
    """Who has signed in, the tabs that its scopes open, and what each form of the page repeats."""

    name: str
    organisation: str
    is_reviewer: bool
    tabs: dict[str, str]
    here: str
    form_token: str
    idempotency_key: str


def show_private_page(
    template: str, access: ProgrammeAccess, session: Session, here: str, *, status: int = 200, **context: object
) -> Response[str]:
    """Return a page of the programme. `here` is the address of its tab."""
    catalogue = access.catalogue
    base = f"/programmes/{catalogue.slug}/returns"
    scopes = set(access.grant.scopes)
    tabs = {"Who owes what": base} if scopes & READ_SCOPES else {}
    if access.is_reviewer:
        tabs["Queue"] = f"{base}/list?state=pending"
    elif scopes & READ_SCOPES:
        tabs["List"] = f"{base}/list"
    if Scope.PUBLISH in scopes:
        tabs["Publish"] = f"{base}/publications"
    signed_in = SignedIn(
        name=access.caller.name,
        organisation=name_holder(access.grant.organisation, catalogue),
        is_reviewer=access.is_reviewer,
        tabs=tabs,
        here=here,
        form_token=session.form_token,
        idempotency_key=str(access.request.app.state.ids()),
    )
    frame = build_frame(catalogue, base)
    return private_page_response(template, status=status, programme=frame, signed_in=signed_in, base=base, **context)


def find_idempotency_key(fields: dict[str, list[str]]) -> str | None:
    """Return the key that makes a form that is sent twice act once."""
    return next((one[:255] for one in fields.get(IDEMPOTENCY_FIELD, ()) if one), None)


async def act_or_refuse(
    access: ProgrammeAccess, act: Callable[[], Awaitable[Response[bytes]]]
) -> Response[bytes] | Refusal:
    """Act as the operation of the API does. Return a refusal that the visitor can put right in the form.

    All other refusals are raised. What the operation wrote before its refusal is undone.
    """
    try:
        async with access.transaction.begin_nested():
            return await act()
    except (Conflict, Invalid) as refusal:
        return refusal


def end_session(request: Request[Any, Any, Any], _: Unauthenticated) -> Response[Any]:
    """Show a visitor whose key is not valid any more the form to sign in, and remove the cookie."""
    following = request.scope["path"] if request.method == "GET" else ""
    response = private_page_response(
        "sign_in.html", status=401, following=following, has_ended=True, error=None, is_signed_in=False
    )
    clear_session(response, request)
    return response


EXCEPTION_HANDLERS: Any = {Unauthenticated: end_session}
