"""Read what the pages of returns show in addition to the operations of the API."""

from collections.abc import Sequence

from api.access.programme_access import ProgrammeAccess
from api.pages.return_views import find_previous
from api.returns import queries_returns
from api.returns.query import HistoryRange, ReturnFilter
from schema.returns import ReturnDetail, ReturnRevision
from schema.submissions import ReturnKind, ReviewState

MAX_RETURNS = 100_000  # of one programme


async def fetch_previous(access: ProgrammeAccess, summary: ReturnRevision) -> ReturnDetail | None:
    """Return the return of the period before, if there is one; for a withdrawal, the revision before it."""
    names = {name: getattr(summary, name) for name in ("organisation", "measure", "series", "service")}
    of_series = ReturnFilter(readable_organisations=access.readable_organisations, **names)
    if summary.kind is ReturnKind.WITHDRAWN:
        period, number = summary.period, summary.revision - 1
    else:
        previous = find_previous(summary, await _fetch_returns(access, of_series))
        if previous is None:
            return None
        period, number = previous.period, None
    of_period = ReturnFilter(readable_organisations=access.readable_organisations, **names, period=period.code)
    return await queries_returns.fetch_revision(
        access.transaction, access.catalogue, of_period, HistoryRange(), number=number
    )


async def fetch_withdrawals(access: ProgrammeAccess, **names: str) -> Sequence[ReturnRevision]:
    """Return the withdrawals that wait for review. Their obligations count as not sent, so that no state lists them."""
    return await _fetch_returns(
        access,
        ReturnFilter(
            readable_organisations=access.readable_organisations,
            kind=ReturnKind.WITHDRAWN,
            state=ReviewState.PENDING,
            **{name: value or None for name, value in names.items()},
        ),
    )


async def _fetch_returns(access: ProgrammeAccess, return_filter: ReturnFilter) -> Sequence[ReturnRevision]:
    return await queries_returns.fetch_returns(
        access.transaction, access.catalogue, return_filter, HistoryRange(), after=None, limit=MAX_RETURNS
    )
