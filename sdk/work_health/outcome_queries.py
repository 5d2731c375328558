"""How figures are asked for: those of a release, and live ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypedDict, TypeVar, cast

from ._core import Call, Settings, Steps, send
from ._generated.api.outcomes import list_outcomes, list_outcomes_csv, preview_outcomes, preview_outcomes_csv
from ._generated.api.releases import list_release_changes, list_releases
from .errors import WorkHealthError
from .frames import FigureQuery, PageCursor
from .submit_steps import choose_programme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._generated.models import (
        Outcomes,
        PreviewFigure,
        PreviewOutcomes,
        PublishedFigure,
        Release,
        ReleaseChange,
        RevisionBasis,
    )

    Codes = str | Iterable[str] | None


QueryT = TypeVar("QueryT", "ReleaseQuery", "PreviewQuery")


class OutcomeQuery(TypedDict, total=False):
    """What may be asked of all figures."""

    measure: Codes
    series: str | None
    theme: str | None
    period: Codes
    from_: str | None
    to: str | None
    area: Codes
    within: Codes
    level: Codes
    group_by: Codes
    breakdown: Codes
    min_coverage: float | None
    labels: bool | None


class ReleaseQuery(OutcomeQuery, total=False):
    """What may be asked of a release's; the newest where none is named."""

    release: str | None


class PreviewQuery(OutcomeQuery, total=False):
    """What may be asked of live ones."""

    comparator: Codes
    revision_basis: RevisionBasis | str | None


class AnyOutcomeQuery(ReleaseQuery, PreviewQuery, total=False):
    """Either; which it can be is checked where it is asked."""


def query_preview(
    settings: Settings, programme: str | None, limit: int | None, question: AnyOutcomeQuery
) -> FigureQuery[PreviewFigure]:
    asked = _check_parameters(question, PreviewQuery, "live figures")

    def page(where: str, cursor: str | None) -> Call[PreviewOutcomes]:
        return preview_outcomes.call(where, **asked, cursor=cursor, limit=limit)

    def table(where: str) -> Call[bytes]:
        return preview_outcomes_csv.call(where, **asked)

    return FigureQuery(page, table, partial(choose_programme, settings, programme))


def query_release(
    settings: Settings, programme: str | None, limit: int | None, question: AnyOutcomeQuery
) -> FigureQuery[PublishedFigure]:
    asked = _check_parameters(question, ReleaseQuery, "a release")

    def page(where: str, cursor: str | None) -> Call[Outcomes]:
        return list_outcomes.call(where, **asked, cursor=cursor, limit=limit)

    def table(where: str) -> Call[bytes]:
        return list_outcomes_csv.call(where, **asked)

    return FigureQuery(page, table, partial(choose_programme, settings, programme))


def _check_parameters(question: AnyOutcomeQuery, kind: type[QueryT], of: str) -> QueryT:
    foreign = sorted(question.keys() - kind.__annotations__.keys())
    if foreign:
        raise TypeError(f"{', '.join(foreign)} cannot be asked of {of}")
    return cast(QueryT, question)


@dataclass(frozen=True, slots=True)
class ReleaseStep:
    """A release, and every figure that is not as in the one before."""

    release: Release
    changes: list[ReleaseChange]


def list_later_releases(settings: Settings, programme: str | None, since: int) -> Steps[list[tuple[str, Release]]]:
    """The releases after one, in their order. Raises `WorkHealthError` where one of them has been withdrawn."""
    where = yield from choose_programme(settings, programme)
    releases = (yield from send(list_releases.call(where))).items
    later = sorted((one for one in releases if one.number > since), key=lambda one: one.number)
    for one in later:
        if one.withdrawn_at is not None:
            raise WorkHealthError(
                f"Release {one.number} has been withdrawn: {one.withdrawal_reason} "
                "Read the newest release whole with `outcomes`, and go on from its number."
            )
    return [(where, one) for one in later]


def fetch_release_step(where: str, release: Release) -> Steps[ReleaseStep]:
    """All that changed with a release, page after page."""
    cursors = PageCursor()
    changes: list[ReleaseChange] = []
    while True:
        page = yield from send(list_release_changes.call(where, release.number, cursor=cursors.current))
        changes += page.items
        if not cursors.advance(page.next_cursor):
            return ReleaseStep(release, changes)
