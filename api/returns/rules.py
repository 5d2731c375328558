"""What may be asked of returns, and what differs between two revisions of one."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from api.http import pagination
from api.http.pagination import InvalidCursor
from api.http.refusals import Conflict, Invalid, InvalidParameter, NotFound
from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.plan.filters import check_code
from api.plan.periods import parse_period
from api.returns.asked import CellCursor, HistoryRange, ReturnCursor, ReturnFilter
from api.statistics import periods
from api.submissions import diff
from api.submissions.cell_columns import Cells
from api.submissions.checks import content
from api.submissions.diff import CellDiff
from schema.codes import Instant, Slug
from schema.problems import CellName, Finding, Severity
from schema.returns import EntryChange, FigureChange, ItemChange, ReturnCell, ReturnDetail, ReturnRevision, RevisionDiff
from schema.submission_reports import ChangedCell
from schema.submissions import MilestoneItem, PublisherFigure, ReturnKind, ReviewState

MAX_LISTED_CHANGES = 10_000


class InstantInFuture(Invalid):
    """The instant has not come yet."""

    example = "GET …/returns?as_of=2062-01-01T00:00:00Z"
    fix = "Nothing can be said of it: what stands then may still change. Ask for an instant that is past."


class WriteInProgress(Conflict):
    """Somebody is still writing what belongs to that instant."""

    example = (
        "GET …/returns?as_of=2026-01-12T09:30:00Z\n\n"
        "Asked a second after that instant, while a large file is still being taken."
    )
    fix = "Ask again in a few seconds. An answer now might lack what is just being written."
    retry_after = 3


def parse_history_range(as_of: str | None, updated_after: str | None, *, now: datetime) -> HistoryRange:
    """Raises BadParameter for what is no instant with an offset, InTheFuture for one that is not past."""
    found = HistoryRange(
        as_of=_parse_instant("as_of", as_of), updated_after=_parse_instant("updated_after", updated_after)
    )
    for name in HistoryRange.__struct_fields__:
        if (instant := getattr(found, name)) is not None and instant > now:
            raise InstantInFuture(f"{name} is {instant.isoformat()}; here it is {now.isoformat()}.")
    if found.as_of is not None and found.updated_after is not None and found.updated_after > found.as_of:
        raise InvalidParameter("updated_after is later than as_of: nothing lies between.")
    return found


def _parse_instant(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return msgspec.convert(text, Instant).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError) as error:
        plus = " In a URL the sign + is written %2B." if " " in text else ""
        detail = f"{name} is no instant: it needs date, time and offset, such as 2025-10-20T09:30:00Z.{plus}"
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
    """Filters. Raises UnknownCode with the nearest, UnclearPeriod with the candidates."""
    if organisation is not None:
        check_code("an organisation", organisation, catalogue.ids.organisations)
    if measure is not None:
        check_code("a measure", measure, {slug for slug, _ in catalogue.ids.series})
    if series is not None:
        check_code("a series", series, {slug for of, slug in catalogue.ids.series if measure in (None, of)})
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
    """Raises UnknownCode with the nearest."""
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
    """The return that a path names. Raises NotFound."""
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
    """A return of others is answered like one that does not exist."""
    return NotFound("You can see no such return; `GET …/returns` lists those that you can.")


def decode_cell_cursor(cursor: str | None, catalogue: Catalogue) -> CellCursor | None:
    """Where the page before ended. Raises BadCursor."""
    place = pagination.decode_cursor(cursor, CellCursor)
    if place is not None and (place.area not in catalogue.ids.areas or place.breakdown not in catalogue.ids.breakdowns):
        raise InvalidCursor("The cursor points at an area or breakdown that is not known here.")
    return place


def make_cell_cursor(last: ReturnCell) -> CellCursor:
    """Where a page ends."""
    start = periods.parse(last.period).start
    of = ReturnCursor(last.measure, last.series, last.service, last.organisation, start, last.period)
    return CellCursor(of, last.area, format_breakdown_key(last.breakdown))


def check_revision_order(older: int, newer: int) -> tuple[int, int]:
    """Raises BadParameter where they are the wrong way round."""
    if older > newer:
        raise InvalidParameter(f"older is {older} and newer is {newer}: turn them round.")
    return older, newer


def compare_revisions(
    before: tuple[ReturnDetail, Cells], now: tuple[ReturnDetail, Cells], catalogue: Catalogue
) -> RevisionDiff:
    """Cells of what is counted; else items, known by their code, figures, known by area and breakdown, and entries,
    of which one that differs is another."""
    older, newer = before[0], now[0]
    said, told = (one.items or one.entries or one.figures for one in (older, newer))
    if said or told:
        counts = content.count_changes(told, said)
        return RevisionDiff(
            older=older.summary,
            newer=newer.summary,
            counts=counts,
            changes=[],
            change_count=counts.added + counts.changed + counts.withdrawn,
            items=_list_item_changes(older.items, newer.items),
            entries=[
                *(EntryChange(before=one, after=None) for one in older.entries if one not in newer.entries),
                *(EntryChange(before=None, after=one) for one in newer.entries if one not in older.entries),
            ],
            figures=_list_figure_changes(older.figures, newer.figures),
        )
    found = diff.diff_cells(now[1], before[1])
    return RevisionDiff(
        older=older.summary,
        newer=newer.summary,
        counts=diff.count_changes(found, now[1], before[1], 1)[0],
        changes=_list_cell_changes(newer.summary, found, before[1], now[1], catalogue),
        change_count=len(found.added) + len(found.changed) + len(found.withdrawn),
    )


def _list_cell_changes(
    summary: ReturnRevision, difference: CellDiff, before: Cells, now: Cells, catalogue: Catalogue
) -> list[ChangedCell]:
    def named(_: int, area: str, breakdown: dict[str, str]) -> CellName:
        return CellName(
            measure=summary.measure,
            series=summary.series,
            service=summary.service,
            period=summary.period.code,
            area=area,
            breakdown=breakdown,
        )

    return diff.list_changes(difference, now, before, catalogue, named, limit=MAX_LISTED_CHANGES)


def _list_figure_changes(before: Sequence[PublisherFigure], now: Sequence[PublisherFigure]) -> list[FigureChange]:
    was = {content.identity_key(one): one for one in before}
    said = {content.identity_key(one): one for one in now}
    return [
        FigureChange(before=was.get(place), after=said.get(place))
        for place in dict.fromkeys([*was, *said])
        if was.get(place) != said.get(place)
    ]


def _list_item_changes(before: Sequence[MilestoneItem], now: Sequence[MilestoneItem]) -> list[ItemChange]:
    was = {item.item: item for item in before}
    said = {item.item: item for item in now}
    return [
        ItemChange(item=item, before=was.get(item), after=said.get(item))
        for item in dict.fromkeys([*was, *said])
        if was.get(item) != said.get(item)
    ]
