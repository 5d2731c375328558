"""The pages of returns for visitors who have signed in: who owes what, the queue, and each return with its forms."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect
from msgspec import Struct

from api.access.authentication import require_scope
from api.access.programme_access import ProgrammeAccess
from api.access.session_middleware import SESSION_PAGE
from api.access.sessions import Session, provide_session, read_fields, require_own_form
from api.http.pagination import ObligationCursor, encode_cursor
from api.http.paths import PROGRAMME_PATH, RETURN_PATH
from api.http.refusals import InvalidParameter, NotFound, Refusal
from api.pages import routes_publications
from api.pages.forms import read_form
from api.pages.queries_return_pages import fetch_previous, fetch_withdrawals
from api.pages.return_matrix import (
    build_matrices,
    find_year,
    list_returned_measures,
    list_returned_periods,
    list_years,
    name_obligations,
)
from api.pages.return_views import (
    FORMS,
    build_content,
    build_withdrawn_content,
    list_facts,
    list_forms,
    list_history,
    name_withdrawals,
)
from api.pages.return_words import (
    STATE_WORDS,
    name_series,
    write_address,
)
from api.pages.routes_session import (
    EXCEPTION_HANDLERS,
    READ_SCOPES,
    act_or_refuse,
    find_idempotency_key,
    show_private_page,
)
from api.plan.calendar import LONDON, to_london_date
from api.reviews.routes_decisions import (
    ReviewTarget,
    approve_return,
    comment_on_return,
    provide_review_target,
    raise_query,
    reopen_return,
)
from api.reviews.routes_obligations import list_obligations
from api.reviews.routes_reviews import get_review
from api.reviews.rules import is_allowed_to_decide
from schema.partners import Scope
from schema.returns import ReturnRevision
from schema.reviews import Decision, NewComment, ObligationPage, ObligationState, Reason
from schema.submissions import ReturnKind

PATH = f"{PROGRAMME_PATH}/returns"
MAX_OBLIGATIONS = 100_000  # of one programme
OPERATIONS: dict[str, tuple[Any, type[Struct]]] = {
    "approval": (approve_return, Decision),
    "query": (raise_query, Reason),
    "reopening": (reopen_return, Reason),
    "comments": (comment_on_return, NewComment),
}
"""The operation of the API behind each form, and its body."""
DONE_WORDS = {form.action: form.done for form in FORMS.values()}


class FailedForm(Struct, frozen=True, kw_only=True):
    """A form that was refused: what it contained, and a message for each field."""

    action: str
    values: dict[str, list[str]]
    errors: dict[str, str]
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY


@get(PATH, operation_id="list_obligations", **SESSION_PAGE)
async def show_matrix(
    access: NamedDependency[ProgrammeAccess],
    session: NamedDependency[Session],
    measure: FromQuery[str] = "",
    year: FromQuery[int | None] = None,
) -> Response[Any]:
    """Show organisations by periods, with the state of each return. A publisher alone gets the page to publish."""
    catalogue = access.catalogue
    base = f"/programmes/{catalogue.slug}/returns"
    if not READ_SCOPES & set(access.grant.scopes) and Scope.PUBLISH in access.grant.scopes:
        return Redirect(f"{base}/publications", status_code=303)
    years = list_years(catalogue.plan.window)
    this_year = find_year(to_london_date(access.now))
    shown_year = min(max(this_year if year is None else year, years[0]), years[-1])
    page = await _fetch_obligations(
        access,
        measure=measure,
        cursor=encode_cursor(ObligationCursor(datetime(shown_year, 4, 1, tzinfo=LONDON), "", "", "", "", "")),
        limit=MAX_OBLIGATIONS,
    )
    return show_private_page(
        "return_matrix.html",
        access,
        session,
        base,
        matrices=build_matrices(page.items, catalogue, year=shown_year, measure=measure or None, now=access.now),
        measures=list_returned_measures(access.catalogue),
        measure=measure,
        years=years,
        year=shown_year,
    )


@get(f"{PATH}/list", operation_id="list_obligations", **SESSION_PAGE)
async def show_list(
    access: NamedDependency[ProgrammeAccess],
    session: NamedDependency[Session],
    organisation: FromQuery[str] = "",
    measure: FromQuery[str] = "",
    period: FromQuery[str] = "",
    state_: Annotated[str, QueryParameter(name="state")] = "",
    cursor: FromQuery[str] = "",
) -> Response[str]:
    """Show expected returns by due date: for a reviewer, those in one state are the queue."""
    if state_ and state_ not in set(ObligationState):
        raise InvalidParameter(f"{state_[:80]!r} is no state of a return.")
    page = await _fetch_obligations(
        access, organisation=organisation, measure=measure, period=period, state=state_, cursor=cursor or None
    )
    withdrawals: Sequence[ReturnRevision] = []
    if state_ == ObligationState.PENDING and not cursor:
        withdrawals = await fetch_withdrawals(access, organisation=organisation, measure=measure, period=period)
    catalogue = access.catalogue
    base = f"/programmes/{catalogue.slug}/returns"
    filters = {"organisation": organisation, "measure": measure, "period": period, "state": state_}
    return show_private_page(
        "return_list.html",
        access,
        session,
        f"{base}/list?state=pending" if access.is_reviewer else f"{base}/list",
        rows=name_obligations(page.items, catalogue, now=access.now),
        withdrawals=name_withdrawals(withdrawals, catalogue),
        words=STATE_WORDS,
        filters=filters,
        states=[(one.value, STATE_WORDS[one]) for one in ObligationState],
        measures=list_returned_measures(access.catalogue),
        periods=list_returned_periods(catalogue.plan),
        organisations=_list_organisations(access),
        next_page=write_address(f"{base}/list", **filters, cursor=page.next_cursor) if page.next_cursor else None,
    )


async def _fetch_obligations(
    access: ProgrammeAccess,
    *,
    organisation: str = "",
    measure: str = "",
    period: str = "",
    state: str = "",
    cursor: str | None,
    limit: int = 100,
) -> ObligationPage:
    return await list_obligations.fn(
        access=access,
        organisation=organisation or None,
        measure=measure or None,
        period=period or None,
        state_=ObligationState(state) if state else None,
        cursor=cursor,
        limit=limit,
    )


def _list_organisations(access: ProgrammeAccess) -> list[tuple[str, str]]:
    readable = access.readable_organisations
    return [
        (one.slug, one.name) for one in access.catalogue.plan.organisations if readable is None or one.slug in readable
    ]


@get(RETURN_PATH, operation_id="get_review", **SESSION_PAGE)
async def show_return(
    target: NamedDependency[ReviewTarget],
    session: NamedDependency[Session],
    revision: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    done: FromQuery[str] = "",
) -> Response[str]:
    """Show a return: its figures next to the previous period, findings, history, and what the visitor may do."""
    return await _render_return(target, session, revision=revision, done=DONE_WORDS.get(done))


@post(
    f"{RETURN_PATH}/{{action:str}}",
    operation_id="decide_on_return",
    status_code=303,
    guards=[require_scope(Scope.SUBMIT, Scope.REVIEW), require_own_form],
    **SESSION_PAGE,
)
async def decide_on_return(
    target: NamedDependency[ReviewTarget],
    session: NamedDependency[Session],
    action: FromPath[str],
    request: Request[Any, Any, Any],
) -> Response[Any]:
    """Carry out the operation of the API. If it refuses, show its message at the form."""
    if action not in OPERATIONS:
        raise NotFound(f"There is no action {action[:80]!r}.")
    operation, kind = OPERATIONS[action]
    fields = await read_fields(request)
    form = read_form(kind, fields)
    if form.errors:
        return await _render_return(
            target, session, failed=FailedForm(action=action, values=fields, errors=form.errors)
        )
    result = await act_or_refuse(
        target.access,
        lambda: operation.fn(target=target, data=form.body, idempotency_key=find_idempotency_key(fields)),
    )
    if isinstance(result, Refusal):
        errors = {"": str(result)}
        failed = FailedForm(action=action, values=fields, errors=errors, status=result.status)
        return await _render_return(target, session, failed=failed)
    return Redirect(write_address(request.url.path.rpartition("/")[0], done=action), status_code=303)


async def _render_return(
    target: ReviewTarget,
    session: Session,
    *,
    revision: int | None = None,
    failed: FailedForm | None = None,
    done: str | None = None,
) -> Response[str]:
    access = target.access
    catalogue = access.catalogue
    review = await get_review.fn(target=target, revision=revision)
    summary = review.detail.summary
    is_withdrawal = summary.kind is ReturnKind.WITHDRAWN
    previous = await fetch_previous(access, summary)
    title = name_series(catalogue.measures[summary.measure], summary.series, summary.service, catalogue)
    return show_private_page(
        "return.html",
        access,
        session,
        "",
        status=HTTPStatus.OK if failed is None else failed.status,
        title=f"Withdrawal of the return: {title}" if is_withdrawal else title,
        revision=summary.revision,
        facts=list_facts(review.detail, catalogue),
        content=build_withdrawn_content(previous, catalogue)
        if is_withdrawal and previous is not None
        else build_content(review.detail, previous, catalogue),
        findings=review.findings,
        history=list_history(review.events, catalogue),
        forms=list_forms(review.actions, is_withdrawal=is_withdrawal),
        is_own=access.is_reviewer and not is_allowed_to_decide(target.rights, summary.organisation),
        failed=failed,
        done=done,
        address="/".join(
            (
                f"/programmes/{catalogue.slug}/returns",
                *(summary.organisation, summary.measure, summary.series, summary.service, summary.period.code),
            )
        ),
    )


router = Router(
    "/",
    route_handlers=[show_matrix, show_list, show_return, decide_on_return, *routes_publications.HANDLERS],
    dependencies={"target": Provide(provide_review_target), "session": Provide(provide_session)},
    exception_handlers=EXCEPTION_HANDLERS,
    include_in_schema=False,
)
