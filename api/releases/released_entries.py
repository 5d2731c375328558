"""Milestone items and evidence entries that reviewers have cleared, as a release lists them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby

from api.figures.period_resolution import period_sort_key
from api.figures.returns_data import SelectedRevision
from api.plan.catalogue import Catalogue
from schema.measures import UNCOUNTED_KINDS, Measure
from schema.released_figures import ReleasedEntry
from schema.submissions import EvidenceEntry, MilestoneItem

Entry = MilestoneItem | EvidenceEntry


def list_entry_revisions(returns: Iterable[SelectedRevision], catalogue: Catalogue) -> list[int]:
    """Return the approved revisions of milestones and evidence."""
    return [
        revision.id
        for revision in returns
        if revision.is_counted and catalogue.measures[revision.measure].kind in UNCOUNTED_KINDS
    ]


def collect_entries(
    returns: Iterable[SelectedRevision],
    cleared: Mapping[int, Sequence[int]],
    contents: Mapping[int, Sequence[Entry]],
    catalogue: Catalogue,
    *,
    excluded_measures: frozenset[str] = frozenset(),
) -> list[tuple[ReleasedEntry, int]]:
    """Return the entries of a release, each with its revision. `cleared` counts entries from 1, as returned.

    They are ordered by plan, by period, then by their own text, so that the order does not reveal which entries were
    returned together.
    """
    ranks = {
        (measure.slug, series.slug): rank
        for rank, (measure, series) in enumerate(
            (measure, series) for measure in catalogue.plan.measures for series in measure.series
        )
    }

    def rank_revision(revision: SelectedRevision) -> tuple[int, tuple[date, date, str]]:
        return ranks[revision.measure, revision.series], period_sort_key(revision.period)

    entries = [
        (revision, entry)
        for revision in returns
        if revision.is_counted and revision.measure not in excluded_measures
        for number, entry in enumerate(contents.get(revision.id, ()), 1)
        if number in cleared.get(revision.id, ())
    ]
    entries.sort(key=lambda pair: (rank_revision(pair[0]), _sort_key(pair[1])))
    return [
        (_make_released_entry(revision, entry, position), revision.id)
        for _, group in groupby(entries, key=lambda pair: rank_revision(pair[0]))
        for position, (revision, entry) in enumerate(group, 1)
    ]


def _sort_key(entry: Entry) -> tuple[date, str, str, str, str]:
    return (entry.date, *_list_codes(entry), entry.title, entry.url or "")


def _list_codes(entry: Entry) -> tuple[str, str]:
    return (entry.item, entry.stage) if isinstance(entry, MilestoneItem) else (entry.domain, "")


def _make_released_entry(revision: SelectedRevision, entry: Entry, position: int) -> ReleasedEntry:
    milestone = entry if isinstance(entry, MilestoneItem) else None
    return ReleasedEntry(
        measure=revision.measure,
        series=revision.series,
        period=revision.period,
        position=position,
        domain=entry.domain if isinstance(entry, EvidenceEntry) else None,
        item=milestone.item if milestone else None,
        title=entry.title,
        stage=milestone.stage if milestone else None,
        date=entry.date,
        url=entry.url,
    )


def count_by_measure(entries: Iterable[tuple[ReleasedEntry, int]]) -> dict[str, int]:
    """Count entries by measure, in plan order."""
    return {measure: len([*group]) for measure, group in groupby(entries, key=lambda pair: pair[0].measure)}


def suggest_alternative(measure: Measure) -> str | None:
    """Return where to read the entries of a milestone or evidence measure; None for measures with figures."""
    if measure.kind not in UNCOUNTED_KINDS:
        return None
    return f"Cleared entries are at `GET …/releases/{{release}}/entries?measure={measure.slug}`."
