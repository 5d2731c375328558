"""Read the review of a return."""

from datetime import datetime
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from api.access.authentication import key_security, require_key
from api.access.programme_access import ProgrammeAccess
from api.http.paths import RETURN_PATH
from api.http.problems import refusal_specs
from api.http.refusals import NotFound
from api.plan import calendar
from api.returns.queries_returns import fetch_revision
from api.returns.query import HistoryRange
from api.reviews import obligations, overlaps, queries_reviews, rules
from api.reviews.queries_redactions import fetch_proposer
from api.reviews.routes_decisions import ReviewTarget, provide_review_target
from api.submissions.queries_record import fetch_report
from api.submissions.queries_revisions import fetch_extensions
from schema.partners import Scope
from schema.problems import Finding
from schema.returns import ReturnRevision
from schema.reviews import Review


@get(
    f"{RETURN_PATH}/review",
    operation_id="get_review",
    summary="Get the review of a revision",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    responses=refusal_specs(401, 403, 404, 422),
)
async def get_review(
    target: NamedDependency[ReviewTarget], revision: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None
) -> Review:
    """Get a revision with its findings and their justifications, the return's events, and your possible actions.

    Reviewers also get a warning if several organisations may have counted the same people.
    """
    access = target.access
    access.require_scopes(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    transaction, catalogue = access.transaction, access.catalogue
    return_id, owner = await target.find_return()
    detail = await fetch_revision(transaction, catalogue, target.return_filter, HistoryRange(), number=revision)
    if detail is None:
        raise NotFound(f"The return has no revision {revision}.")
    summary = detail.summary
    await access.record_read(target.build_audit_subject(summary.revision))
    events, cleared = await queries_reviews.fetch_events(transaction, catalogue, return_id, summary)
    reviewed_return = await queries_reviews.fetch_reviewable_return(transaction, catalogue, return_id, owner)
    return Review(
        detail=detail,
        findings=await _fetch_findings(access, summary),
        cleared=cleared,
        events=events,
        actions=rules.list_actions(
            target.rights,
            owner,
            rules.find_revision(reviewed_return, summary.revision),
            is_newest=summary.revision == reviewed_return.newest_number,
            is_open=await _fetch_is_open(access, summary, now=target.access.now),
            proposed_by=await fetch_proposer(transaction, catalogue, return_id, summary.revision),
        ),
    )


async def _fetch_findings(access: ProgrammeAccess, summary: ReturnRevision) -> list[Finding]:
    """Return the findings about a revision: for reviewers, including those across organisations."""
    report = await fetch_report(
        access.transaction, access.catalogue, summary.submission, organisations=access.readable_organisations
    )
    findings = rules.select_findings(summary, report)
    if access.is_reviewer:
        totals = await queries_reviews.fetch_returned_totals(access.transaction, access.catalogue, summary)
        findings += overlaps.find_double_counts(summary, totals, access.catalogue)
    return findings


async def _fetch_is_open(access: ProgrammeAccess, summary: ReturnRevision, *, now: datetime) -> bool:
    """Return True if the server would accept a correction of the return now, extensions included."""
    extensions = await fetch_extensions(access.transaction, access.catalogue, summary.organisation)
    key = (summary.measure, summary.series, summary.service, summary.period.code)
    deadlines = calendar.compute_deadlines(summary.period, access.catalogue.plan.calendar)
    return obligations.is_open(summary.period, calendar.apply_extension(deadlines, extensions.get(key)), now=now)


router = Router(
    "/v1", route_handlers=[get_review], dependencies={"target": Provide(provide_review_target)}, tags=["Reviews"]
)
