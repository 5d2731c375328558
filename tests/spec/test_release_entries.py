"""The milestone items and evidence entries of a release: which ones, in which order, and how to filter them."""

from datetime import date

import pytest
from msgspec.structs import replace

from api.figures.returns_data import SelectedRevision
from api.outcomes import released_query
from api.outcomes.released_query import EntryFilter
from api.plan.filters import UnknownCode
from api.plan.periods import UnclearPeriod
from api.releases import released_entries
from api.statistics import periods
from schema.submissions import EvidenceEntry, MilestoneItem, ReturnKind
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, NOW

SERIES = HARBOUR_CATALOGUE.ids.series


def make_revision(number: int, measure: str, period: str, *, organisation: str = "quay-college", counts: bool = True):
    return SelectedRevision(
        id=number,
        is_counted=counts,
        measure=measure,
        series="headline",
        organisation=organisation,
        service="main",
        period=periods.parse(period),
        kind=ReturnKind.DATA,
        first_recorded_at=NOW,
    )


def make_evidence(title: str, day: int = 1, domain: str = "design", people: int | None = None) -> EvidenceEntry:
    return EvidenceEntry(domain=domain, title=title, date=date(2026, 1, day), people=people)


def make_milestone(title: str, day: int = 1) -> MilestoneItem:
    return MilestoneItem(
        item="cover", title=title, stage="printed", date=date(2026, 1, day), url="https://quay.example"
    )


RETURNS = [
    make_revision(1, "learner-voice", "2026-01"),
    make_revision(2, "learner-voice", "2026-01", organisation="local-choirs"),
    make_revision(3, "prospectus", "2026-02"),
    make_revision(4, "prospectus", "2026-01"),
    make_revision(5, "learner-voice", "2026-02", counts=False),
    make_revision(6, "learners", "2026-01"),
]
CONTENTS = {
    1: [make_evidence("Panel", 9, people=3), make_evidence("Talks", 2)],
    2: [make_evidence("Choir", 5), make_evidence("Choir again", 2, "delivery")],
    3: [make_milestone("Second cover")],
    4: [make_milestone("First cover")],
    5: [make_evidence("Not approved")],
}


def list_titles(cleared: dict[int, list[int]], contents=CONTENTS, **options: object) -> list[str]:
    return [
        entry.title
        for entry, _ in released_entries.collect_entries(RETURNS, cleared, contents, HARBOUR_CATALOGUE, **options)
    ]


#   cleared entries                       released titles, in order
RELEASED = [
    ({}, []),
    ({1: [1]}, ["Panel"]),
    ({1: [2]}, ["Talks"]),
    # Entries of a measure and period are ordered by date, then by code; the organisation does not matter.
    ({1: [1, 2], 2: [1, 2]}, ["Choir again", "Talks", "Choir", "Panel"]),
    # Plan order, then time.
    ({1: [1], 3: [1], 4: [1]}, ["First cover", "Second cover", "Panel"]),
    # A number without an entry; a revision that does not count; a revision without content.
    ({1: [3, 9]}, []),
    ({5: [1]}, []),
    ({7: [1]}, []),
]


@pytest.mark.parametrize(("cleared", "expected"), RELEASED)
def test_cleared_entries_of_counted_revisions_are_in_plan_order(cleared, expected):
    assert list_titles(cleared) == expected


def test_entry_redacted_after_clearance_is_not_released():
    assert list_titles({1: [1], 2: [1]}, CONTENTS | {1: []}) == ["Choir"]


def test_excluded_measure_has_no_entries():
    assert list_titles({1: [1], 3: [1]}, excluded_measures=frozenset({"learner-voice"})) == ["Second cover"]


def test_positions_count_released_entries_of_a_measure_in_a_period():
    entries = released_entries.collect_entries(RETURNS, {1: [1], 2: [2], 3: [1], 4: [1]}, CONTENTS, HARBOUR_CATALOGUE)
    assert [(entry.title, entry.position, number) for entry, number in entries] == [
        ("First cover", 1, 4),
        ("Second cover", 1, 3),
        ("Choir again", 1, 2),
        ("Panel", 2, 1),
    ]


def test_entry_names_neither_its_organisation_nor_the_number_of_people():
    [(entry, _)] = released_entries.collect_entries(RETURNS, {1: [1]}, CONTENTS, HARBOUR_CATALOGUE)
    assert set(entry.__struct_fields__).isdisjoint({"organisation", "service", "people"})
    other = CONTENTS | {1: [replace(CONTENTS[1][0], people=1)]}
    assert released_entries.collect_entries(RETURNS, {1: [1]}, other, HARBOUR_CATALOGUE) == [(entry, 1)]


def test_milestone_and_evidence_have_their_own_fields():
    (milestone, _), (evidence, _) = released_entries.collect_entries(
        RETURNS, {1: [1], 4: [1]}, CONTENTS, HARBOUR_CATALOGUE
    )
    assert (milestone.item, milestone.stage, milestone.domain) == ("cover", "printed", None)
    assert (milestone.url, milestone.date) == ("https://quay.example", date(2026, 1, 1))
    assert (evidence.item, evidence.stage, evidence.domain, evidence.url) == (None, None, "design", None)


def test_entries_are_counted_by_measure_in_plan_order():
    entries = released_entries.collect_entries(RETURNS, {1: [1, 2], 2: [1], 3: [1]}, CONTENTS, HARBOUR_CATALOGUE)
    assert released_entries.count_by_measure(entries) == {"prospectus": 1, "learner-voice": 3}


def test_revisions_of_milestones_and_evidence_are_listed():
    assert released_entries.list_entry_revisions(RETURNS, HARBOUR_CATALOGUE) == [1, 2, 3, 4]


def test_entries_hint_is_stable_across_releases():
    assert "`GET …/releases/{release}/entries?measure=prospectus`" in released_entries.suggest_alternative(
        HARBOUR_CATALOGUE.measures["prospectus"]
    )
    assert released_entries.suggest_alternative(HARBOUR_CATALOGUE.measures["learners"]) is None


COVERED = {("prospectus", "headline"): [(periods.parse("2026-01"), True), (periods.parse("2026-02"), False)]}
PROSPECTUS, VOICE = SERIES["prospectus", "headline"], SERIES["learner-voice", "headline"]

#   measures, periods                         expected series and their periods
ENTRY_FILTERS = [
    ([], [], [(PROSPECTUS, None), (VOICE, None)]),
    (["learner-voice"], [], [(VOICE, None)]),
    (["prospectus", "prospectus"], ["2026-02"], [(PROSPECTUS, ["2026-02"])]),
    (["prospectus"], ["R1-2026-01", "2026-02"], [(PROSPECTUS, ["2026-01", "2026-02", "R1-2026-01"])]),
    ([], ["2026-03"], [(PROSPECTUS, ["2026-03"]), (VOICE, ["2026-03"])]),
]


@pytest.mark.parametrize(("measures", "codes", "expected_filters"), ENTRY_FILTERS)
def test_entry_filters_select_series_and_periods(measures, codes, expected_filters):
    entries = released_query.resolve_entry_filters(measures, codes, COVERED, HARBOUR_CATALOGUE)
    assert entries == [EntryFilter(series=series, periods=named) for series, named in expected_filters]


def test_unknown_measure_and_unclear_period_are_refused():
    with pytest.raises(UnknownCode, match="'learners'"):
        released_query.resolve_entry_filters(["learners"], [], COVERED, HARBOUR_CATALOGUE)
    with pytest.raises(UnclearPeriod, match="2026-Q1"):
        released_query.resolve_entry_filters([], ["2026-Q1"], COVERED, HARBOUR_CATALOGUE)
