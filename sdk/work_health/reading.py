"""How figures are asked for: live ones, and those of a release."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypedDict, Unpack

from ._core import Call, Settings
from ._generated.api.outcomes import preview_outcomes, preview_outcomes_csv
from .frames import Reading
from .sending import the_programme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._generated.models import Preview, RevisionBasis, UnprotectedFigure

    Words = str | Iterable[str] | None


class Asked(TypedDict):
    """The parameters of live figures."""

    measure: Words
    series: str | None
    theme: str | None
    period: Words
    from_: str | None
    to: str | None
    area: Words
    within: Words
    level: Words
    group_by: Words
    breakdown: Words
    comparator: Words
    basis: RevisionBasis | str | None
    min_coverage: float | None
    labels: bool | None


def previewed(
    settings: Settings, programme: str | None, *, limit: int | None, **asked: Unpack[Asked]
) -> Reading[UnprotectedFigure]:
    def page(where: str, cursor: str | None) -> Call[Preview]:
        return preview_outcomes.call(where, **asked, cursor=cursor, limit=limit)

    def table(where: str) -> Call[bytes]:
        return preview_outcomes_csv.call(where, **asked)

    return Reading(page, table, partial(the_programme, settings, programme))
