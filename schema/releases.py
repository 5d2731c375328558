"""Releases: what one contains, how it was protected, what it changed, and how to withdraw it."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from schema.codes import AreaCode, Instant, Slug, Text
from schema.periods import PeriodCode
from schema.released_figures import PublishedFigure


class ScopeReport(Struct, frozen=True, kw_only=True):
    """The figures of a series and the measures protected with it."""

    scope: Annotated[str, Meta(examples=["ips-primary-care-referrals/headline"])]
    measures: list[Slug]
    figures: int
    shown: int
    hidden: Annotated[int, Meta(description="Figures shown as `c`, and figures without data.")]


class ReleaseReport(Struct, frozen=True, kw_only=True):
    """The numbers of displayed and hidden figures of a release, by scope."""

    scopes: list[ScopeReport]
    figures: int
    shown: int
    changes: Annotated[int, Meta(description="Figures that differ from the previous release.")]


class Release(Struct, frozen=True, kw_only=True):
    """An immutable snapshot of the programme's outcomes. Cite it by its number."""

    programme: Slug
    number: int
    published_at: Instant
    frozen_at: Annotated[Instant, Meta(description="The release excludes returns approved after this.")]
    plan_version: int
    notes: str | None
    policy: Annotated[dict[str, Any], Meta(description="The disclosure policy when the release was made.")]
    explanations: Annotated[dict[str, str], Meta(description="How people are protected, by disclosure class.")]
    report: ReleaseReport
    sha256: Annotated[str, Meta(description="SHA-256 of the figures as they are stored, in hexadecimal.")]
    citation: str
    withdrawn_at: Instant | None
    withdrawal_reason: str | None


class ReleaseList(Struct, frozen=True, kw_only=True):
    """Releases, newest first."""

    items: list[Release]
    reason: Annotated[
        Literal["nothing_released"] | None,
        Meta(description="Why the list is empty: the programme has published no release yet."),
    ] = None


class ReleaseWithdrawal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Withdraw a whole release. Readers may have copies, so later audits still count it as published."""

    reason: Text


ChangeReason = Literal["new", "data", "held_back", "correction", "definition", "removed"]


class ReleaseChange(Struct, frozen=True, kw_only=True):
    """A figure that differs from the previous release."""

    measure: Slug
    series: Slug
    period: PeriodCode
    area: AreaCode
    breakdown: dict[str, str]
    before: Annotated[
        PublishedFigure | None,
        Meta(description="Null if the previous release did not have it, or if nobody may read that release."),
    ]
    after: Annotated[PublishedFigure | None, Meta(description="Null if this release does not have it.")]
    why: Annotated[
        ChangeReason,
        Meta(
            description=(
                "`new`: a new period or cell. `data`: returns arrived or were approved. `held_back`: the number is "
                "unchanged, and any true change is below the hold-back; only its largest error or marks have changed. "
                "`correction`: republished, as the notes explain. `definition`: another plan version. "
                "`removed`: no longer released."
            )
        ),
    ]


class ReleaseChangeList(Struct, frozen=True, kw_only=True):
    """The figures of a release that differ from the previous one, in plan order."""

    programme: Slug
    release: int
    previous_release: Annotated[
        int | None,
        Meta(
            description=(
                "The release that it is compared with; null for the first release, and while the release before is "
                "withdrawn or under embargo."
            )
        ),
    ]
    items: list[ReleaseChange]
    reason: Annotated[
        Literal["unchanged"] | None,
        Meta(description="Why the list is empty: every figure is the same as in the previous release."),
    ] = None
    next_cursor: str | None = None
