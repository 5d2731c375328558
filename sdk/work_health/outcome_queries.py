"""How figures are asked for: those of a release, and live ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypedDict, TypeVar, cast

from ._core import Call, Settings, Steps, ask
from ._generated.api.outcomes import list_outcomes, list_outcomes_csv, preview_outcomes, preview_outcomes_csv
from ._generated.api.releases import list_release_changes, list_releases
from .errors import WorkHealthError
from .frames import Cursors, Reading
from .submit_steps import the_programme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._generated.models import (
        Figure,
        Outcomes,
        Preview,
        Release,
        ReleaseChange,
        RevisionBasis,
        UnprotectedFigure,
    )

    Words = str | Iterable[str] | None


Q = TypeVar("Q", "ReleaseQuestion", "PreviewQuestion")


class Question(TypedDict, total=False):
    """What may be asked of all figures."""

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
    min_coverage: float | None
    labels: bool | None


class ReleaseQuestion(Question, total=False):
    """What may be asked of a release's; the newest where none is named."""

    release: str | None


class PreviewQuestion(Question, total=False):
    """What may be asked of live ones."""

    comparator: Words
    basis: RevisionBasis | str | None


class AnyQuestion(ReleaseQuestion, PreviewQuestion, total=False):
    """Either; which it can be is checked where it is asked."""


def previewed(
    settings: Settings, programme: str | None, limit: int | None, question: AnyQuestion
) -> Reading[UnprotectedFigure]:
    asked = _only(question, PreviewQuestion, "live figures")

    def page(where: str, cursor: str | None) -> Call[Preview]:
        return preview_outcomes.call(where, **asked, cursor=cursor, limit=limit)

    def table(where: str) -> Call[bytes]:
        return preview_outcomes_csv.call(where, **asked)

    return Reading(page, table, partial(the_programme, settings, programme))


def released(settings: Settings, programme: str | None, limit: int | None, question: AnyQuestion) -> Reading[Figure]:
    asked = _only(question, ReleaseQuestion, "a release")

    def page(where: str, cursor: str | None) -> Call[Outcomes]:
        return list_outcomes.call(where, **asked, cursor=cursor, limit=limit)

    def table(where: str) -> Call[bytes]:
        return list_outcomes_csv.call(where, **asked)

    return Reading(page, table, partial(the_programme, settings, programme))


def _only(question: AnyQuestion, kind: type[Q], of: str) -> Q:
    foreign = sorted(question.keys() - kind.__annotations__.keys())
    if foreign:
        raise TypeError(f"{', '.join(foreign)} cannot be asked of {of}")
    return cast(Q, question)


@dataclass(frozen=True, slots=True)
class ReleaseStep:
    """A release, and every figure that is not as in the one before."""

    release: Release
    changes: list[ReleaseChange]


def changing(settings: Settings, programme: str | None, since: int) -> Steps[list[tuple[str, Release]]]:
    """The releases after one, in their order. Raises `WorkHealthError` where one of them has been withdrawn."""
    where = yield from the_programme(settings, programme)
    releases = (yield from ask(list_releases.call(where))).items
    later = sorted((one for one in releases if one.number > since), key=lambda one: one.number)
    for one in later:
        if one.withdrawn_at is not None:
            raise WorkHealthError(
                f"Release {one.number} has been withdrawn: {one.withdrawal_reason} "
                "Read the newest release whole with `outcomes`, and go on from its number."
            )
    return [(where, one) for one in later]


def stepping(where: str, release: Release) -> Steps[ReleaseStep]:
    """All that changed with a release, page after page."""
    cursors = Cursors()
    changes: list[ReleaseChange] = []
    while True:
        page = yield from ask(list_release_changes.call(where, release.number, cursor=cursors.current))
        changes += page.items
        if not cursors.advance(page.next_cursor):
            return ReleaseStep(release, changes)
