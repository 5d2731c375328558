"""Who owes what: organisations by periods, with the states of each cell."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from api.pages.return_matrix import (
    Matrix,
    build_matrices,
    find_year,
    list_returned_periods,
    list_years,
    name_obligations,
)
from api.reviews.obligations import build_obligation
from api.statistics import periods
from schema.organisations import Role
from schema.plan import Window
from schema.reviews import Obligation
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, HARBOUR_PLAN, make_catalogue
from tests.spec.test_review_obligations import NOW, make_details, make_rights

BASE = "/programmes/harbour-skills-2026/returns"


def make_obligation(period: str = "2026-02", state: str | None = None, **fields: object) -> Obligation:
    obligation = build_obligation(make_details(state), make_rights(), HARBOUR_CATALOGUE, {70: 0}, now=NOW)
    return replace(obligation, period=periods.parse(period), **fields)


def read(matrices: list[Matrix]) -> dict[str, list[list[str]]]:
    """Return the words of each cell, by the title of the matrix; a row begins with its name."""
    return {
        one.title: [
            ["", *(period.code for period in one.periods)],
            *([row.name, *(" + ".join(state.words for state in cell) for cell in row.cells)] for row in one.rows),
        ]
        for one in matrices
    }


def build(*obligations: Obligation, year: int = 2025, measure: str | None = None, now: datetime = NOW) -> list[Matrix]:
    return build_matrices(obligations, HARBOUR_CATALOGUE, year=year, measure=measure, now=now)


def test_matrix_has_a_row_for_each_organisation_and_a_column_for_each_period() -> None:
    matrices = build(
        make_obligation("2026-02"),
        make_obligation("2026-01", "approved"),
        make_obligation("2026-02", "queried", holder="harbour-council", organisation="harbour-council"),
        make_obligation("FY2025-26-Q4", "pending"),
        make_obligation("2026-04", "pending"),  # of the next year
    )
    assert read(matrices) == {
        "Months": [
            ["", "2026-01", "2026-02"],
            ["Harbour Council", "", "queried"],
            ["Quay College", "approved", "due"],
        ],
        "Quarters": [["", "FY2025-26-Q4"], ["Quay College", "pending"]],
    }


@pytest.mark.parametrize(
    ("now", "state", "words"),
    [
        (datetime(2026, 2, 20, tzinfo=UTC), None, "not due"),
        (datetime(2026, 3, 5, tzinfo=UTC), None, "due"),
        (datetime(2026, 3, 12, tzinfo=UTC), None, "overdue"),
        (datetime(2026, 3, 16, tzinfo=UTC), None, "late"),
        (datetime(2026, 5, 1, tzinfo=UTC), None, "closed"),
        (datetime(2026, 3, 16, tzinfo=UTC), "pending", "pending"),
    ],
)
def test_return_that_is_overdue_becomes_late(now: datetime, state: str | None, words: str) -> None:
    obligation = build_obligation(make_details(state), make_rights(), HARBOUR_CATALOGUE, {70: 0}, now=now)
    [matrix] = build(obligation, now=now)
    assert matrix.rows[0].cells[0][0].words == words


def test_cell_of_several_returns_counts_each_state_and_leads_to_them() -> None:
    late = datetime(2026, 3, 20, tzinfo=UTC)
    [matrix] = build(
        make_obligation(state="approved"),
        make_obligation(state="approved", series="other"),
        make_obligation(state="pending", service="evening"),
        make_obligation(measure="pass-rate", state=None),
        measure="learners",
    )
    cells = [(one.state, one.words, one.address) for one in matrix.rows[0].cells[0]]
    listed = f"{BASE}/list?organisation=quay-college&measure=learners&period=2026-02&state="
    assert sorted(cells) == [
        ("approved", "2 approved", f"{listed}approved"),
        ("open", "1 due", f"{listed}open"),
        ("pending", "1 pending", f"{BASE}/quay-college/learners/headline/evening/2026-02"),
    ]
    overdue = build_obligation(make_details(), make_rights(), HARBOUR_CATALOGUE, {}, now=late)
    [matrix] = build(overdue, now=late)
    assert matrix.rows[0].cells[0][0].address == f"{BASE}/list?organisation=quay-college&period=2026-02&state=overdue"


def test_role_without_an_organisation_has_no_link() -> None:
    role = Role(slug="hub", title="A hub")
    catalogue = make_catalogue(replace(HARBOUR_PLAN, roles=[role]))
    obligation = make_obligation(holder="hub", organisation=None)
    [matrix] = build_matrices([obligation], catalogue, year=2025, measure=None, now=NOW)
    assert matrix.rows[0].name == "A hub"
    assert matrix.rows[0].cells[0][0].address is None


@pytest.mark.parametrize(("day", "year"), [("2026-03-31", 2025), ("2026-04-01", 2026), ("2026-12-31", 2026)])
def test_financial_year_begins_in_april(day: str, year: int) -> None:
    assert find_year(date.fromisoformat(day)) == year


def test_years_are_those_of_the_programme() -> None:
    window = Window(start=date(2025, 1, 1), end=date(2026, 4, 1), basis=HARBOUR_PLAN.window.basis)
    assert list_years(window) == [2024, 2025, 2026]


def test_list_has_names_words_and_the_last_day() -> None:
    [row] = name_obligations([make_obligation("2026-02")], HARBOUR_CATALOGUE, now=NOW)
    assert (row.organisation, row.measure) == ("Quay College", HARBOUR_CATALOGUE.measures["learners"].label)
    assert (row.period, row.state, row.due) == ("February 2026", "open", "10 March 2026")
    assert (row.missing, row.address) == (0, None)


def test_periods_are_listed_from_the_newest() -> None:
    codes = [code for code, _ in list_returned_periods(HARBOUR_PLAN)]
    assert len(codes) == len(set(codes))
    assert codes.index("2026-02") < codes.index("2026-01")
