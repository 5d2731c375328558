"""Queries for figures of a release and for preview figures, and what releases changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar, cast

from ._calls import Call, Steps, send
from ._generated.api.outcomes import list_outcomes, list_outcomes_csv, preview_outcomes, preview_outcomes_csv
from ._generated.api.releases import list_release_changes, list_releases
from ._paging import PageCursor
from .errors import WorkHealthError
from .programme_steps import choose_programme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._generated.models import (
        AdditionalRows,
        OutcomeForm,
        Outcomes,
        PreviewFigure,
        PreviewOutcomes,
        PublishedFigure,
        Release,
        ReleaseChange,
        RevisionBasis,
        TableColumns,
    )
    from ._settings import Settings

    Codes = str | Iterable[str] | None


F = TypeVar("F")
QueryT = TypeVar("QueryT", "ReleaseQuery", "PreviewQuery")


@dataclass(frozen=True, slots=True)
class FigureQuery(Generic[F]):
    """The calls that read the figures of a query, as pages or as one table."""

    build_page_call: Callable[[str, bool, str | None], Call[Any]]
    """From the programme, whether the page has labels anyway, and its cursor."""
    build_table_call: Callable[[str, bool], Call[bytes]]
    """From the programme, and whether the table has labels even if the query does not ask for them."""
    resolve_programme: Callable[[], Steps[str]]
    description: str
    with_comparators: bool = False
    """True if the table has rows of comparators."""


class OutcomeQuery(TypedDict, total=False):
    """The parameters of every query for figures."""

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
    form: OutcomeForm | str | None
    labels: bool | None
    with_: AdditionalRows | str | None
    """Only for tables: `comparators` adds a row for each comparator of a figure."""
    columns: TableColumns | str | None
    """Only for tables: `compact` has the main columns, which a person needs."""


class ReleaseQuery(OutcomeQuery, total=False):
    """The parameters of a query for released figures. The default release is the newest one."""

    release: str | None


class PreviewQuery(OutcomeQuery, total=False):
    """The parameters of a query for preview figures."""

    comparator: Codes
    revision_basis: RevisionBasis | str | None


class AnyOutcomeQuery(ReleaseQuery, PreviewQuery, total=False):
    """The parameters of both. The client checks at run time which of them apply."""


def query_preview(
    settings: Settings, programme: str | None, limit: int | None, query: AnyOutcomeQuery
) -> FigureQuery[PreviewFigure]:
    """Raises `TypeError` for a parameter that preview figures do not have."""
    parameters = _check_parameters(query, PreviewQuery, "preview figures")

    def build_page_call(slug: str, has_labels: bool, cursor: str | None) -> Call[PreviewOutcomes]:
        return preview_outcomes.call(slug, **_choose_page_options(parameters, has_labels), cursor=cursor, limit=limit)

    def build_table_call(slug: str, has_labels: bool) -> Call[bytes]:
        return preview_outcomes_csv.call(slug, **parameters | ({"labels": True} if has_labels else {}))

    return FigureQuery(
        build_page_call,
        build_table_call,
        partial(choose_programme, settings, programme),
        _describe(query),
        with_comparators=query.get("with_") is not None,
    )


def query_release(
    settings: Settings, programme: str | None, limit: int | None, query: AnyOutcomeQuery
) -> FigureQuery[PublishedFigure]:
    """Raises `TypeError` for a parameter that released figures do not have."""
    parameters = _check_parameters(query, ReleaseQuery, "released figures")

    def build_page_call(slug: str, has_labels: bool, cursor: str | None) -> Call[Outcomes]:
        return list_outcomes.call(slug, **_choose_page_options(parameters, has_labels), cursor=cursor, limit=limit)

    def build_table_call(slug: str, has_labels: bool) -> Call[bytes]:
        return list_outcomes_csv.call(slug, **parameters | ({"labels": True} if has_labels else {}))

    return FigureQuery(
        build_page_call,
        build_table_call,
        partial(choose_programme, settings, programme),
        _describe(query),
        with_comparators=query.get("with_") is not None,
    )


def _describe(query: AnyOutcomeQuery) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in query.items() if value is not None)


def _choose_page_options(query: QueryT, has_labels: bool) -> QueryT:
    """Return the query of a page: its figures have their comparators as objects."""
    options = {name: value for name, value in query.items() if name not in ("with_", "columns")}
    return cast(QueryT, options | ({"labels": True} if has_labels else {}))


def _check_parameters(query: AnyOutcomeQuery, kind: type[QueryT], figures: str) -> QueryT:
    unknown = sorted(query.keys() - kind.__annotations__.keys())
    if unknown:
        raise TypeError(f"{', '.join(unknown)} cannot be used for {figures}")
    return cast(QueryT, query)


@dataclass(frozen=True, slots=True)
class ReleaseStep:
    """A release, and every figure that differs from the release before."""

    release: Release
    changes: list[ReleaseChange]


def list_later_releases(settings: Settings, programme: str | None, since: int) -> Steps[list[tuple[str, Release]]]:
    """Return the programme and each release after `since`, in order.

    Raises `WorkHealthError` if one of them is withdrawn, or if no release has the number `since` yet.
    """
    slug = yield from choose_programme(settings, programme)
    releases = (yield from send(list_releases.call(slug))).items
    newest = max((release.number for release in releases), default=0)
    if since > newest:
        state = f"the newest release is {newest}" if newest else "nothing is released"
        raise WorkHealthError(
            f"Release {since} does not exist: {state}. "
            "The number may come from another server or programme. Delete what you loaded and start with `since=0`."
        )
    later = sorted((release for release in releases if release.number > since), key=lambda release: release.number)
    for release in later:
        if release.withdrawn_at is not None:
            raise WorkHealthError(
                f"Release {release.number} was withdrawn: {release.withdrawal_reason} "
                "Read the newest release with `outcomes`, then continue from its number."
            )
    return [(slug, release) for release in later]


def fetch_release_step(slug: str, release: Release) -> Steps[ReleaseStep]:
    """Return the release with all its changes, read page by page."""
    cursors = PageCursor()
    changes: list[ReleaseChange] = []
    while True:
        page = yield from send(list_release_changes.call(slug, release.number, cursor=cursors.current))
        changes += page.items
        if not cursors.advance(page):
            return ReleaseStep(release, changes)
