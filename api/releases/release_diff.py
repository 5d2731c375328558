"""What differs between two releases, figure by figure, and why."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from api.releases.released_figures import FigureKey, PreviousFigure, make_figure_key
from api.statistics import periods
from schema.measures import Measure
from schema.publication_jobs import MeasurePeriod
from schema.released_figures import PublishedFigure
from schema.releases import ChangeReason, ReleaseChange


class FigureChange(Struct, frozen=True, kw_only=True, gc=False):
    """That a figure differs, by its positions in both releases."""

    why: ChangeReason
    before: PreviousFigure | None = None
    after: PublishedFigure | None = None
    position: int | None = None
    """Of `after`."""


def compare_figures(
    before: Mapping[FigureKey, PreviousFigure],
    after: Iterable[PublishedFigure],
    *,
    first_position: int = 0,
    reset_periods: Iterable[MeasurePeriod] = (),
    redefined_measures: frozenset[str] = frozenset(),
) -> Iterator[FigureChange]:
    """In the order of the later release; what is gone comes last. Which release says a thing is no difference.

    `after` stand together in the later release, the first of them at the position `first`.
    """
    corrected = {(one.measure, one.period) for one in reset_periods}
    gone = dict(before)
    for position, figure in enumerate(after, first_position):
        old = gone.pop(make_figure_key(figure), None) if before else None
        if old is None:
            yield FigureChange(why="new", after=figure, position=position)
        elif replace(old.figure, release=figure.release, policy_version=figure.policy_version) != figure:
            why = _find_reason(old.figure, figure, corrected, redefined_measures)
            yield FigureChange(why=why, before=old, after=figure, position=position)
    yield from (FigureChange(why="removed", before=old) for old in gone.values())


def to_release_change(
    why: ChangeReason, before: PublishedFigure | None, after: PublishedFigure | None
) -> ReleaseChange:
    """As it is answered: at least one of both is there."""
    either = after or before
    if either is None:
        raise ValueError("A change is of a figure.")
    return ReleaseChange(
        measure=either.measure,
        series=either.series,
        period=either.period.code,
        area=either.area,
        breakdown=either.breakdown,
        before=before,
        after=after,
        why=why,
    )


def _find_reason(
    old: PublishedFigure, figure: PublishedFigure, corrected: set[tuple[str, str]], redefined: frozenset[str]
) -> ChangeReason:
    if figure.measure in redefined:
        return "definition"
    if _is_corrected(figure, corrected):
        return "correction"
    return "held_back" if _is_held_back(old, figure) else "data"


def find_redefined_measures(before: Iterable[Measure], after: Iterable[Measure]) -> frozenset[str]:
    """The measures of which two plan versions do not say the same."""
    old = {measure.slug: measure for measure in before}
    return frozenset(measure.slug for measure in after if old.get(measure.slug, measure) != measure)


def _is_held_back(old: PublishedFigure, figure: PublishedFigure) -> bool:
    """Whether what is shown stands, and nothing but how far it can be from the truth is told otherwise."""
    return all(getattr(old, name) == getattr(figure, name) for name in _DISPLAYED_FIELDS)


_DISPLAYED_FIELDS = ("value", "numerator", "denominator", "status", "reason", "markers", "coverage", "trend", "target")


def _is_corrected(figure: PublishedFigure, corrected: set[tuple[str, str]]) -> bool:
    """Whether its period, or one that it is made of, was released anew."""
    return any(
        measure == figure.measure and periods.contains(figure.period, periods.parse(code))
        for measure, code in corrected
    )
