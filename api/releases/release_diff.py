"""The differences between two releases, figure by figure, with the reason for each."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from api.releases.figure_keys import FigureKey, PreviousFigure, make_figure_key
from api.statistics import periods
from schema.measures import Measure
from schema.publication_jobs import MeasurePeriod
from schema.released_figures import PublishedFigure
from schema.releases import ChangeReason, ReleaseChange

_DISPLAYED_FIELDS = ("value", "numerator", "denominator", "status", "reason", "markers", "coverage", "trend", "target")


class FigureChange(Struct, frozen=True, kw_only=True, gc=False):
    """A figure that differs, with its positions in both releases."""

    why: ChangeReason
    before: PreviousFigure | None = None
    after: PublishedFigure | None = None
    position: int | None = None
    """The position of `after`."""


def compare_figures(
    before: Mapping[FigureKey, PreviousFigure],
    after: Iterable[PublishedFigure],
    *,
    first_position: int = 0,
    reset_periods: Iterable[MeasurePeriod] = (),
    redefined_measures: frozenset[str] = frozenset(),
) -> Iterator[FigureChange]:
    """Yield changes in the order of the later release, then removed figures.

    The release number and the policy version are ignored. The figures of `after` are consecutive in the later release
    and start at `first_position`.
    """
    corrected = {(item.measure, item.period) for item in reset_periods}
    removed = dict(before)
    for position, figure in enumerate(after, first_position):
        old = removed.pop(make_figure_key(figure), None) if before else None
        if old is None:
            yield FigureChange(why="new", after=figure, position=position)
        elif replace(old.figure, release=figure.release, policy_version=figure.policy_version) != figure:
            why = _find_reason(old.figure, figure, corrected, redefined_measures)
            yield FigureChange(why=why, before=old, after=figure, position=position)
    yield from (FigureChange(why="removed", before=old) for old in removed.values())


def to_release_change(
    why: ChangeReason, before: PublishedFigure | None, after: PublishedFigure | None
) -> ReleaseChange:
    """Convert a change for the API. At least one of the two figures exists."""
    either = after or before
    if either is None:
        raise ValueError("A change needs at least one figure.")
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
    """Return the measures that two plan versions define differently."""
    old = {measure.slug: measure for measure in before}
    return frozenset(measure.slug for measure in after if old.get(measure.slug, measure) != measure)


def _is_held_back(old: PublishedFigure, figure: PublishedFigure) -> bool:
    """Return True if the displayed value is unchanged and only its error bounds differ."""
    return all(getattr(old, name) == getattr(figure, name) for name in _DISPLAYED_FIELDS)


def _is_corrected(figure: PublishedFigure, corrected: set[tuple[str, str]]) -> bool:
    """Return True if the figure's period, or one inside it, was republished."""
    return any(
        measure == figure.measure and periods.contains(figure.period, periods.parse(code))
        for measure, code in corrected
    )


class ChangeLog:
    """The changes of a release, numbered in order. Removed figures come last, in the order of the previous release.

    A dry run stores only the first changes, as the API returns them.
    """

    def __init__(self, *, dry_run: bool, max_listed: int) -> None:
        self.dry_run, self.max_listed = dry_run, max_listed
        self.count = 0
        self.listed: list[ReleaseChange] = []
        self.pending: list[FigureChange] = []
        self.removed_positions: list[int] = []

    def add_changes(self, changes: Iterable[FigureChange]) -> None:
        """Record changes, and the positions of removed figures for the end."""
        for change in changes:
            if change.after is None and change.before is not None:
                self.removed_positions.append(change.before.position)
            else:
                self._add_change(change)

    def add_removed(self, figures: Iterable[PreviousFigure]) -> None:
        for figure in figures:
            self._add_change(FigureChange(why="removed", before=figure))

    def pop_pending(self) -> list[FigureChange]:
        """Return the changes that are not yet in the database, and forget them."""
        pending, self.pending = self.pending, []
        return pending

    def _add_change(self, change: FigureChange) -> None:
        self.count += 1
        if not self.dry_run:
            self.pending.append(change)
        elif len(self.listed) < self.max_listed:
            before = change.before.figure if change.before else None
            self.listed.append(to_release_change(change.why, before, change.after))
