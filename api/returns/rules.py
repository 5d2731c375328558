"""What may be asked of returns, and what differs between two revisions of one."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from api.http import pagination
from api.http.pagination import BadCursor
from api.http.refusals import BadParameter, Conflict, Invalid, NotFound
from api.plan.catalogue import Catalogue, breakdown_key
from api.plan.rules import known, parsed_period
from api.returns.asked import CellPlace, Chosen, Moments, ReturnPlace
from api.statistics import periods
from api.submissions import diff
from api.submissions.checks import content
from api.submissions.diff import Difference
from api.submissions.revisions import Cells
from schema.problems import CellName, Finding, Severity
from schema.submissions import (
    Change,
    Comparison,
    EntryChange,
    FigureChange,
    ItemChange,
    MilestoneItem,
    PublishedFigure,
    ReturnDetail,
    ReturnKind,
    ReviewState,
    StandingObservation,
    StandingReturn,
)
from schema.words import Instant, Slug

TOLD_CHANGES = 10_000


class InTheFuture(Invalid):
    """The instant has not come yet."""

    example = "GET …/returns?as_of=2062-01-01T00:00:00Z"
    mend = "Nothing can be said of it: what stands then may still change. Ask for an instant that is past."


class StillWriting(Conflict):
    """Somebody is still writing what belongs to that instant."""

    example = (
        "GET …/returns?as_of=2026-01-12T09:30:00Z\n\n"
        "Asked a second after that instant, while a large file is still being taken."
    )
    mend = "Ask again in a few seconds. An answer now might lack what is just being written."
    retry_after = 3


def moments(as_of: str | None, updated_after: str | None, *, now: datetime) -> Moments:
    """Raises BadParameter for what is no instant with an offset, InTheFuture for one that is not past."""
    found = Moments(as_of=_instant("as_of", as_of), updated_after=_instant("updated_after", updated_after))
    for name in Moments.__struct_fields__:
        if (instant := getattr(found, name)) is not None and instant > now:
            raise InTheFuture(f"{name} is {instant.isoformat()}; here it is {now.isoformat()}.")
    if found.as_of is not None and found.updated_after is not None and found.updated_after > found.as_of:
        raise BadParameter("updated_after is later than as_of: nothing lies between.")
    return found


def _instant(name: str, text: str | None) -> datetime | None:
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
        raise BadParameter(detail, [finding]) from error


def choose(
    catalogue: Catalogue,
    only: Sequence[str] | None,
    *,
    organisation: str | None = None,
    measure: str | None = None,
    series: str | None = None,
    service: str | None = None,
    period: str | None = None,
    kind: ReturnKind | None = None,
    state: ReviewState | None = None,
) -> Chosen:
    """Filters. Raises UnknownCode with the nearest, UnclearPeriod with the candidates."""
    if organisation is not None:
        known("an organisation", organisation, catalogue.ids.organisations)
    if measure is not None:
        known("a measure", measure, {slug for slug, _ in catalogue.ids.series})
    if series is not None:
        known("a series", series, {slug for of, slug in catalogue.ids.series if measure in (None, of)})
    if service is not None:
        known("a service", service, {duty.service for duty in catalogue.plan.duties})
    return Chosen(
        only=only,
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=None if period is None else parsed_period(period).code,
        kind=kind,
        state=state,
    )


def area_asked(catalogue: Catalogue, area: str | None) -> str | None:
    """Raises UnknownCode with the nearest."""
    return None if area is None else known("an area", area, catalogue.ids.areas)


def one(
    catalogue: Catalogue,
    only: Sequence[str] | None,
    *,
    organisation: str,
    measure: str,
    series: str,
    service: str,
    period: str,
) -> Chosen:
    """The return that a path names. Raises NotFound."""
    if (
        organisation not in catalogue.ids.organisations
        or (measure, series) not in catalogue.ids.series
        or not _is_slug(service)
    ):
        raise unseen()
    return Chosen(
        only=only,
        organisation=organisation,
        measure=measure,
        series=series,
        service=service,
        period=parsed_period(period).code,
    )


def _is_slug(text: str) -> bool:
    try:
        msgspec.convert(text, Slug)
    except msgspec.ValidationError:
        return False
    return True


def unseen() -> NotFound:
    """A return of others is answered like one that does not exist."""
    return NotFound("You can see no such return; `GET …/returns` lists those that you can.")


def cell_place(cursor: str | None, catalogue: Catalogue) -> CellPlace | None:
    """Where the page before ended. Raises BadCursor."""
    place = pagination.decode(cursor, CellPlace)
    if place is not None and (place.area not in catalogue.ids.areas or place.breakdown not in catalogue.ids.breakdowns):
        raise BadCursor("The cursor points at an area or breakdown that is not known here.")
    return place


def place_of(last: StandingObservation) -> CellPlace:
    """Where a page ends."""
    start = periods.parse(last.period).start
    of = ReturnPlace(last.measure, last.series, last.service, last.organisation, start, last.period)
    return CellPlace(of, last.area, breakdown_key(last.breakdown))


def two(older: int, newer: int) -> tuple[int, int]:
    """Raises BadParameter where they are the wrong way round."""
    if older > newer:
        raise BadParameter(f"older is {older} and newer is {newer}: turn them round.")
    return older, newer


def compare(before: tuple[ReturnDetail, Cells], now: tuple[ReturnDetail, Cells], catalogue: Catalogue) -> Comparison:
    """Cells of what is counted; else items, known by their code, figures, known by area and breakdown, and entries,
    of which one that differs is another."""
    older, newer = before[0], now[0]
    said, told = (one.items or one.entries or one.figures for one in (older, newer))
    if said or told:
        counts = content.counts(told, said)
        return Comparison(
            older=older.standing,
            newer=newer.standing,
            counts=counts,
            changes=[],
            change_count=counts.added + counts.changed + counts.withdrawn,
            items=_items(older.items, newer.items),
            entries=[
                *(EntryChange(was=one, now=None) for one in older.entries if one not in newer.entries),
                *(EntryChange(was=None, now=one) for one in newer.entries if one not in older.entries),
            ],
            figures=_figures(older.figures, newer.figures),
        )
    found = diff.difference(now[1], before[1])
    return Comparison(
        older=older.standing,
        newer=newer.standing,
        counts=diff.counts(found, now[1], before[1], 1)[0],
        changes=_cells(newer.standing, found, before[1], now[1], catalogue),
        change_count=len(found.added) + len(found.changed) + len(found.withdrawn),
    )


def _cells(of: StandingReturn, found: Difference, before: Cells, now: Cells, catalogue: Catalogue) -> list[Change]:
    def named(_: int, area: str, breakdown: dict[str, str]) -> CellName:
        return CellName(
            measure=of.measure,
            series=of.series,
            service=of.service,
            period=of.period.code,
            area=area,
            breakdown=breakdown,
        )

    return diff.changes(found, now, before, catalogue, named, most=TOLD_CHANGES)


def _figures(before: Sequence[PublishedFigure], now: Sequence[PublishedFigure]) -> list[FigureChange]:
    was = {content.place_of(one): one for one in before}
    said = {content.place_of(one): one for one in now}
    return [
        FigureChange(was=was.get(place), now=said.get(place))
        for place in dict.fromkeys([*was, *said])
        if was.get(place) != said.get(place)
    ]


def _items(before: Sequence[MilestoneItem], now: Sequence[MilestoneItem]) -> list[ItemChange]:
    was = {item.item: item for item in before}
    said = {item.item: item for item in now}
    return [
        ItemChange(item=item, was=was.get(item), now=said.get(item))
        for item in dict.fromkeys([*was, *said])
        if was.get(item) != said.get(item)
    ]
