"""Which items of milestones and entries of evidence a release holds, in what order, and how they are asked for."""

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


def revision(number: int, measure: str, period: str, *, organisation: str = "quay-college", counts: bool = True):
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


def voice(title: str, day: int = 1, domain: str = "design", people: int | None = None) -> EvidenceEntry:
    return EvidenceEntry(domain=domain, title=title, date=date(2026, 1, day), people=people)


def printed(title: str, day: int = 1) -> MilestoneItem:
    return MilestoneItem(
        item="cover", title=title, stage="printed", date=date(2026, 1, day), url="https://quay.example"
    )


RETURNS = [
    revision(1, "learner-voice", "2026-01"),
    revision(2, "learner-voice", "2026-01", organisation="local-choirs"),
    revision(3, "prospectus", "2026-02"),
    revision(4, "prospectus", "2026-01"),
    revision(5, "learner-voice", "2026-02", counts=False),
    revision(6, "learners", "2026-01"),
]
CONTENTS = {
    1: [voice("Panel", 9, people=3), voice("Talks", 2)],
    2: [voice("Choir", 5), voice("Choir again", 2, "delivery")],
    3: [printed("Second cover")],
    4: [printed("First cover")],
    5: [voice("Not approved")],
}


def titles(texts: dict[int, list[int]], contents=CONTENTS, **more: object) -> list[str]:
    return [
        entry.title
        for entry, _ in released_entries.collect_entries(RETURNS, texts, contents, HARBOUR_CATALOGUE, **more)
    ]


#   what is cleared                       what is released, in its order
RELEASED = [
    ({}, []),
    ({1: [1]}, ["Panel"]),
    ({1: [2]}, ["Talks"]),
    # Those of a measure and period by their dates, and then by their codes, whoever returned them.
    ({1: [1, 2], 2: [1, 2]}, ["Choir again", "Talks", "Choir", "Panel"]),
    # The order of the plan, then of time.
    ({1: [1], 3: [1], 4: [1]}, ["First cover", "Second cover", "Panel"]),
    # A number that is no entry of it; a revision that does not count; one of which nothing is kept any more.
    ({1: [3, 9]}, []),
    ({5: [1]}, []),
    ({7: [1]}, []),
]


@pytest.mark.parametrize(("texts", "told"), RELEASED)
def test_what_is_cleared_of_what_counts_is_released_in_the_order_of_the_plan(texts, told):
    assert titles(texts) == told


def test_what_was_redacted_since_it_was_cleared_is_not_there():
    assert titles({1: [1], 2: [1]}, CONTENTS | {1: []}) == ["Choir"]


def test_a_measure_that_is_left_out_tells_nothing():
    assert titles({1: [1], 3: [1]}, excluded_measures=frozenset({"learner-voice"})) == ["Second cover"]


def test_positions_count_what_is_released_of_a_measure_in_a_period_and_nothing_else():
    found = released_entries.collect_entries(RETURNS, {1: [1], 2: [2], 3: [1], 4: [1]}, CONTENTS, HARBOUR_CATALOGUE)
    assert [(entry.title, entry.position, number) for entry, number in found] == [
        ("First cover", 1, 4),
        ("Second cover", 1, 3),
        ("Choir again", 1, 2),
        ("Panel", 2, 1),
    ]


def test_neither_who_returned_it_nor_how_many_took_part_is_told():
    [(entry, _)] = released_entries.collect_entries(RETURNS, {1: [1]}, CONTENTS, HARBOUR_CATALOGUE)
    assert set(entry.__struct_fields__).isdisjoint({"organisation", "service", "people"})
    other = CONTENTS | {1: [replace(CONTENTS[1][0], people=1)]}
    assert released_entries.collect_entries(RETURNS, {1: [1]}, other, HARBOUR_CATALOGUE) == [(entry, 1)]


def test_the_fields_of_a_milestone_and_of_evidence():
    (milestone, _), (evidence, _) = released_entries.collect_entries(
        RETURNS, {1: [1], 4: [1]}, CONTENTS, HARBOUR_CATALOGUE
    )
    assert (milestone.item, milestone.stage, milestone.domain) == ("cover", "printed", None)
    assert (milestone.url, milestone.date) == ("https://quay.example", date(2026, 1, 1))
    assert (evidence.item, evidence.stage, evidence.domain, evidence.url) == (None, None, "design", None)


def test_how_many_there_are_of_each_measure():
    found = released_entries.collect_entries(RETURNS, {1: [1, 2], 2: [1], 3: [1]}, CONTENTS, HARBOUR_CATALOGUE)
    assert released_entries.count_by_measure(found) == {"prospectus": 1, "learner-voice": 3}


def test_of_what_is_asked_which_are_cleared():
    assert released_entries.list_entry_revisions(RETURNS, HARBOUR_CATALOGUE) == [1, 2, 3, 4]


def test_a_row_says_where_its_entries_are_in_words_that_do_not_change_from_release_to_release():
    assert "`GET …/releases/{release}/entries?measure=prospectus`" in released_entries.suggest_alternative(
        HARBOUR_CATALOGUE.measures["prospectus"]
    )
    assert released_entries.suggest_alternative(HARBOUR_CATALOGUE.measures["learners"]) is None


COVERED = {("prospectus", "headline"): [(periods.parse("2026-01"), True), (periods.parse("2026-02"), False)]}
PROSPECTUS, VOICE = SERIES["prospectus", "headline"], SERIES["learner-voice", "headline"]

#   measures, periods                         the series that are wanted, and their periods
ASKED = [
    ([], [], [(PROSPECTUS, None), (VOICE, None)]),
    (["learner-voice"], [], [(VOICE, None)]),
    (["prospectus", "prospectus"], ["2026-02"], [(PROSPECTUS, ["2026-02"])]),
    (["prospectus"], ["R1-2026-01", "2026-02"], [(PROSPECTUS, ["2026-01", "2026-02", "R1-2026-01"])]),
    ([], ["2026-03"], [(PROSPECTUS, ["2026-03"]), (VOICE, ["2026-03"])]),
]


@pytest.mark.parametrize(("measures", "codes", "wanted"), ASKED)
def test_what_is_asked_for(measures, codes, wanted):
    found = released_query.resolve_filters(measures, codes, COVERED, HARBOUR_CATALOGUE)
    assert found == [EntryFilter(series=series, periods=named) for series, named in wanted]


def test_what_cannot_be_asked_for_is_refused():
    with pytest.raises(UnknownCode, match="'learners'"):
        released_query.resolve_filters(["learners"], [], COVERED, HARBOUR_CATALOGUE)
    with pytest.raises(UnclearPeriod, match="2026-Q1"):
        released_query.resolve_filters([], ["2026-Q1"], COVERED, HARBOUR_CATALOGUE)
