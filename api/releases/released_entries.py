"""What reviewers have cleared of milestones and evidence: what of it a release holds, and what is asked of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby

from msgspec import Struct

from api.figures.query import period_sort_key
from api.figures.resolution import ADVICE_BY_UNCOUNTED_KIND
from api.figures.returns_data import SelectedRevision
from api.plan.catalogue import Catalogue
from schema.measures import Measure
from schema.released_figures import ReleasedEntry
from schema.submissions import EvidenceEntry, MilestoneItem

Entry = MilestoneItem | EvidenceEntry


class EntryFilter(Struct, frozen=True, kw_only=True):
    """Which entries of a series are wanted, by the database's numbers; of every period where there are none named."""

    series: int
    periods: list[str] | None


def list_entry_revisions(returns: Iterable[SelectedRevision], catalogue: Catalogue) -> list[int]:
    """The approved revisions of milestones and evidence."""
    return [
        one.id for one in returns if one.is_counted and catalogue.measures[one.measure].kind in ADVICE_BY_UNCOUNTED_KIND
    ]


def collect_entries(
    returns: Iterable[SelectedRevision],
    cleared: Mapping[int, Sequence[int]],
    contents: Mapping[int, Sequence[Entry]],
    catalogue: Catalogue,
    *,
    excluded_measures: frozenset[str] = frozenset(),
) -> list[tuple[ReleasedEntry, int]]:
    """What a release holds, each with its revision: in the order of the plan and of time, then by their own words.

    So the order says nothing of who returned what together. `cleared` are counted from 1, as returned.
    """
    standing = [one for one in returns if one.is_counted and one.measure not in excluded_measures]
    places = {
        (measure.slug, series.slug): place
        for place, (measure, series) in enumerate(
            (measure, series) for measure in catalogue.plan.measures for series in measure.series
        )
    }
    found = [
        (one, entry)
        for one in standing
        for number, entry in enumerate(contents.get(one.id, ()), 1)
        if number in cleared.get(one.id, ())
    ]

    def place(one: SelectedRevision) -> tuple[int, tuple[date, date, str]]:
        return places[one.measure, one.series], period_sort_key(one.period)

    found.sort(key=lambda pair: (place(pair[0]), _sort_key(pair[1])))
    return [
        (_make_released_entry(one, entry, position), one.id)
        for _, together in groupby(found, key=lambda pair: place(pair[0]))
        for position, (one, entry) in enumerate(together, 1)
    ]


def _sort_key(entry: Entry) -> tuple[date, str, str, str, str]:
    return (entry.date, *_list_codes(entry), entry.title, entry.url or "")


def _list_codes(entry: Entry) -> tuple[str, str]:
    return (entry.item, entry.stage) if isinstance(entry, MilestoneItem) else (entry.domain, "")


def _make_released_entry(one: SelectedRevision, entry: Entry, position: int) -> ReleasedEntry:
    milestone = entry if isinstance(entry, MilestoneItem) else None
    return ReleasedEntry(
        measure=one.measure,
        series=one.series,
        period=one.period,
        position=position,
        domain=entry.domain if isinstance(entry, EvidenceEntry) else None,
        item=milestone.item if milestone else None,
        title=entry.title,
        stage=milestone.stage if milestone else None,
        date=entry.date,
        url=entry.url,
    )


def count_by_measure(found: Iterable[tuple[ReleasedEntry, int]]) -> dict[str, int]:
    """How many there are of each measure, in the order of the plan."""
    return {measure: len([*them]) for measure, them in groupby(found, key=lambda pair: pair[0].measure)}


def suggest_alternative(measure: Measure) -> str | None:
    """Where a reader finds what a milestone or evidence measure has in place of figures; None of others."""
    if measure.kind not in ADVICE_BY_UNCOUNTED_KIND:
        return None
    return f"What reviewers have cleared is at `GET …/releases/{{release}}/entries?measure={measure.slug}`."
