"""What differs between two releases, figure by figure, and why."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from api.releases.released_figures import Earlier, Where, place_of
from api.statistics import periods
from schema.plan import Measure
from schema.releases import Figure, MeasurePeriod, ReleaseChange, WhyChanged


class Changed(Struct, frozen=True, kw_only=True, gc=False):
    """That a figure differs, by its positions in both releases."""

    why: WhyChanged
    before: Earlier | None = None
    after: Figure | None = None
    position: int | None = None
    """Of `after`."""


def changes(
    before: Mapping[Where, Earlier],
    after: Iterable[Figure],
    *,
    first: int = 0,
    anew: Iterable[MeasurePeriod] = (),
    redefined: frozenset[str] = frozenset(),
) -> Iterator[Changed]:
    """In the order of the later release; what is gone comes last. Which release says a thing is no difference.

    `after` stand together in the later release, the first of them at the position `first`.
    """
    corrected = {(one.measure, one.period) for one in anew}
    gone = dict(before)
    for position, figure in enumerate(after, first):
        old = gone.pop(place_of(figure), None) if before else None
        if old is None:
            yield Changed(why="new", after=figure, position=position)
        elif replace(old.figure, release=figure.release, policy=figure.policy) != figure:
            why = _why(old.figure, figure, corrected, redefined)
            yield Changed(why=why, before=old, after=figure, position=position)
    yield from (Changed(why="gone", before=old) for old in gone.values())


def told(why: WhyChanged, before: Figure | None, after: Figure | None) -> ReleaseChange:
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


def _why(old: Figure, figure: Figure, corrected: set[tuple[str, str]], redefined: frozenset[str]) -> WhyChanged:
    if figure.measure in redefined:
        return "definition"
    if _corrected(figure, corrected):
        return "correction"
    return "held" if _held(old, figure) else "data"


def redefined(before: Iterable[Measure], after: Iterable[Measure]) -> frozenset[str]:
    """The measures of which two plan versions do not say the same."""
    old = {measure.slug: measure for measure in before}
    return frozenset(measure.slug for measure in after if old.get(measure.slug, measure) != measure)


def _held(old: Figure, figure: Figure) -> bool:
    """Whether what is shown stands, and nothing but how far it can be from the truth is told otherwise."""
    return all(getattr(old, name) == getattr(figure, name) for name in _SHOWN)


_SHOWN = ("value", "numerator", "denominator", "status", "reason", "markers", "coverage", "trend", "target")


def _corrected(figure: Figure, corrected: set[tuple[str, str]]) -> bool:
    """Whether its period, or one that it is made of, was released anew."""
    return any(
        measure == figure.measure and periods.contains(figure.period, periods.parse(code))
        for measure, code in corrected
    )
