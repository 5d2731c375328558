"""The public content of a release: its figures, and the cleared entries of milestones and evidence."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from schema.codes import Slug
from schema.outcomes import FigureFields, PreviewFigure, ResolvedPeriod
from schema.periods import Period
from schema.submissions import WebAddress
from schema.table_rows import CompactRow


class PublishedFigure(FigureFields, frozen=True, kw_only=True, gc=False):
    """One published cell of a release.

    For counts of people, small and missing counts both show `c`, so that nobody can distinguish them.
    """

    error_95: Annotated[
        float | None,
        Meta(description="In 95 % of roundings, the true value is not farther from `value` than this."),
    ] = None
    numerator_lower_bound: Annotated[float | None, Meta(description="The true numerator is at least this.")]
    numerator_upper_bound: float | None
    denominator_lower_bound: float | None
    denominator_upper_bound: float | None
    counts_error_95: Annotated[
        float | None, Meta(description="The same for the numerator and the denominator of a percentage.")
    ] = None
    release: Annotated[int, Meta(description="The number of the release.")]
    policy_version: Annotated[int, Meta(description="The version of the disclosure policy.")]


AnyFigure = PreviewFigure | PublishedFigure
"""A figure that an output format can write: a preview figure or a published figure."""


class ReleasedEntry(Struct, frozen=True, kw_only=True):
    """One milestone item or evidence entry whose text a reviewer has found free of personal data.

    It does not name the organisation that returned it, nor how many people took part, which may be a small count.
    """

    measure: Slug
    series: Slug
    period: Period
    position: Annotated[
        int, Meta(description="Position among the released entries of the series in the period, counted from 1.")
    ]
    domain: Annotated[Slug | None, Meta(description="For evidence: one of the measure's `domains`.")]
    item: Annotated[Slug | None, Meta(description="For a milestone: the code of the item to achieve.")]
    title: str
    stage: Annotated[Slug | None, Meta(description="For a milestone: one of the measure's `stages`.")]
    date: Annotated[date, Meta(description="For a milestone: the day on which it reached the stage.")]
    url: WebAddress | None


class ReleasedEntryList(Struct, frozen=True, kw_only=True):
    """Cleared items and entries of one release, ordered by the plan, by period and by date."""

    programme: Slug
    release: int
    plan_version: int
    items: list[ReleasedEntry]
    reason: Annotated[
        Literal["no_cleared_entries"] | None,
        Meta(description="Why the list is empty: no entry of these measures and periods was returned and cleared."),
    ] = None
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None


class Outcomes(Struct, frozen=True, kw_only=True):
    """Figures of one release."""

    programme: Slug
    release: int
    plan_version: int
    policy_version: int
    protection: Annotated[str, Meta(description="How people are protected, in plain words.")]
    items: list[PublishedFigure]
    resolved: Annotated[
        list[ResolvedPeriod], Meta(description="The periods that `latest` and similar words resolved to.")
    ] = []
    labels: dict[str, dict[str, str]] = {}
    rows: Annotated[
        list[CompactRow],
        Meta(description="With `columns=compact`, instead of `items`, or `with=comparators`: the figures as a table."),
    ] = []
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None
