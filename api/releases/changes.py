"""What differs between two releases, figure by figure, and why."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from api.releases.figures import place_of
from api.statistics import periods
from schema.plan import Measure
from schema.releases import Figure, MeasurePeriod, ReleaseChange


def changes(
    before: Mapping[tuple[str, ...], Figure],
    after: Iterable[Figure],
    *,
    anew: Iterable[MeasurePeriod] = (),
    redefined: frozenset[str] = frozenset(),
) -> Iterator[ReleaseChange]:
    """In the order of the later release; what is gone comes last. Which release says a thing is no difference."""
    corrected = {(one.measure, one.period) for one in anew}
    seen: set[tuple[str, ...]] = set()
    for figure in after:
        place = place_of(figure)
        seen.add(place)
        old = before.get(place)
        if old is not None and replace(old, release=figure.release, policy=figure.policy) == figure:
            continue
        if old is None:
            why = "new"
        elif figure.measure in redefined:
            why = "definition"
        elif _corrected(figure, corrected):
            why = "correction"
        elif _held(old, figure):
            why = "held"
        else:
            why = "data"
        yield ReleaseChange(
            measure=figure.measure,
            series=figure.series,
            period=figure.period.code,
            area=figure.area,
            breakdown=figure.breakdown,
            before=old,
            after=figure,
            why=why,
        )
    for place, old in before.items():
        if place not in seen:
            yield ReleaseChange(
                measure=old.measure,
                series=old.series,
                period=old.period.code,
                area=old.area,
                breakdown=old.breakdown,
                before=old,
                after=None,
                why="gone",
            )


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
