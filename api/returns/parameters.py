"""Read and check the parameters of operations on returns."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from api.http import pagination
from api.http.pagination import InvalidCursor
from api.http.refusals import Invalid, InvalidParameter, NotFound
from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.plan.filters import check_code
from api.plan.periods import parse_period
from api.returns.query import CellCursor, HistoryRange, ReturnCursor, ReturnFilter
from api.statistics import periods
from schema.codes import Instant, Slug
from schema.problems import Finding, Severity
from schema.returns import ReturnCell
from schema.submissions import ReturnKind, ReviewState


class InstantInFuture(Invalid):
    """The instant is in the future."""

    example = "GET …/returns?as_of=2062-01-01T00:00:00Z"
    fix = "Send an instant in the past. The state at a later one can still change."


def parse_history_range(as_of: str | None, updated_after: str | None, *, now: datetime) -> HistoryRange:
    """Return the range. Raises InvalidParameter for an unreadable instant, InstantInFuture for a future one."""
    history_range = HistoryRange(
        as_of=_parse_instant("as_of", as_of), updated_after=_parse_instant("updated_after", updated_after)
    )
    for name in ("as_of", "updated_after"):
        if (instant := getattr(history_range, name)) is not None and instant > now:
            raise InstantInFuture(f"{name} is {instant.isoformat()}; the server's clock shows {now.isoformat()}.")
    if (
        history_range.as_of is not None
        and history_range.updated_after is not None
        and history_range.updated_after > history_range.as_of
    ):
        raise InvalidParameter("updated_after is later than as_of, so nothing can have changed between them.")
    return history_range


def _parse_instant(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return msgspec.convert(text, Instant).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError) as error:
        hint = " In a URL, write the sign + as %2B." if " " in text else ""
        detail = f"{name} is not an instant. It needs a date, time and offset, such as 2025-10-20T09:30:00Z.{hint}"
        finding = Finding(
            code="unreadable-parameter",
            severity=Severity.ERROR,
            message=detail,
            path=name,
            expected="RFC 3339 with an offset",
            actual=text[:80],
        )
        raise InvalidParameter(detail, [finding]) from error


def build_filter(
    catalogue: Catalogue,
    readable_organisations: Sequence[str] | None,
    *,
    organisation: str | None = None,
    measure: str | None = None,
    series: str | None = None,
    service: str | None = None,
    period: str | None = None,
    kind: ReturnKind | None = None,
    state: ReviewState | None = None,
) -> ReturnFilter:
    """Return the filter. Raises UnknownCode with the nearest codes, UnclearPeriod with the possible periods."""
    if organisation is not None:
        check_code("an organisation", organisation, catalogue.ids.organisations)
    if measure is not None:
        check_code("a measure", measure, {slug for slug, _ in catalogue.ids.series})
    if series is not None:
        known = {slug for measure_slug, slug in catalogue.ids.series if measure in (None, measure_slug)}
        check_code("a series", series, known)
    if service is not None:
        check_code("a service", service, {duty.service for duty in catalogue.plan.duties})
    return ReturnFilter(
        readable_organisations=readable_organisations,
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=None if period is None else parse_period(period).code,
        kind=kind,
        state=state,
    )


def check_area(catalogue: Catalogue, area: str | None) -> str | None:
    """Return the area. Raises UnknownCode with the nearest codes."""
    return None if area is None else check_code("an area", area, catalogue.ids.areas)


def build_single_return_filter(
    catalogue: Catalogue,
    readable_organisations: Sequence[str] | None,
    *,
    organisation: str,
    measure: str,
    series: str,
    service: str,
    period: str,
) -> ReturnFilter:
    """Return the filter of the return that a path names. Raises NotFound."""
    if (
        organisation not in catalogue.ids.organisations
        or (measure, series) not in catalogue.ids.series
        or not _is_slug(service)
    ):
        raise build_not_found()
    return ReturnFilter(
        readable_organisations=readable_organisations,
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=parse_period(period).code,
    )


def _is_slug(text: str) -> bool:
    try:
        msgspec.convert(text, Slug)
    except msgspec.ValidationError:
        return False
    return True


def build_not_found() -> NotFound:
    """Return the refusal for a return that does not exist or that the caller may not read: the two look the same."""
    return NotFound("There is no such return that you can read; `GET …/returns` lists those that you can.")


def decode_cell_cursor(cursor: str | None, catalogue: Catalogue) -> CellCursor | None:
    """Return the cursor, or None for the first page. Raises InvalidCursor."""
    cell_cursor = pagination.decode_cursor(cursor, CellCursor)
    if cell_cursor is not None and (
        cell_cursor.area not in catalogue.ids.areas or cell_cursor.breakdown not in catalogue.ids.breakdowns
    ):
        raise InvalidCursor("The cursor names an area or breakdown that this programme does not have.")
    return cell_cursor


def make_cell_cursor(last: ReturnCell) -> CellCursor:
    """Return the cursor at the end of a page whose last cell this is."""
    start = periods.parse(last.period).start
    return_cursor = ReturnCursor(last.measure, last.series, last.service, last.organisation, start, last.period)
    return CellCursor(return_cursor, last.area, format_breakdown_key(last.breakdown))


def check_revision_order(older: int, newer: int) -> tuple[int, int]:
    """Return both numbers. Raises InvalidParameter if `older` is the greater."""
    if older > newer:
        raise InvalidParameter(f"older is {older} and newer is {newer}: swap them.")
    return older, newer
