"""The differences between two releases, and their reasons."""

import pytest
from msgspec.structs import replace

from api.releases.figure_keys import PreviousFigure, make_figure_key
from api.releases.release_diff import (
    ChangeLog,
    FigureChange,
    compare_figures,
    find_redefined_measures,
    to_release_change,
)
from schema.publication_jobs import MeasurePeriod
from tests.fixtures.example_plan import make_catalogue
from tests.fixtures.release_fixtures import NAME_BY_AREA, list_figures, make_measure, make_plan, make_snapshot

CATALOGUE = make_catalogue(make_plan(make_measure("learners", schemes=[]), duties=["quay learners", "pier learners"]))


def make_returns(january: int, february: int) -> list[str]:
    months = (("2026-01", january), ("2026-02", february))
    return [f"{holder} learners {code} town {n}" for holder in ("quay", "pier") for code, n in months]


def make_release(number: int, *rows: str, before=(), **more):
    snapshot, histories = make_snapshot(*rows, catalogue=CATALOGUE, number=number, **more)
    return {make_figure_key(figure): figure for figure in list_figures(snapshot, before)}, histories


FIRST, HISTORIES = make_release(1, *make_returns(40, 60))


def list_reasons(before, after, **more):
    return [(c.period, NAME_BY_AREA[c.area], c.why) for c in list_changes(before, after, **more)]


def list_changes(before, after, **more):
    """Return the changes as the API does. Earlier figures have positions from 0, later ones from 5."""
    earlier = {key: PreviousFigure(position=i, figure=figure) for i, (key, figure) in enumerate(before.items())}
    changes = list(compare_figures(earlier, after.values(), first_position=5, **more))
    later = list(after.values())
    assert all(later[change.position - 5] == change.after for change in changes if change.after)
    return [to_release_change(c.why, c.before and c.before.figure, c.after) for c in changes]


def test_release_number_and_policy_version_are_no_difference():
    assert (
        list_reasons(FIRST, {key: replace(figure, policy_version=7, release=2) for key, figure in FIRST.items()}) == []
    )


def test_unchanged_and_slightly_changed_counts_have_the_same_changes():
    """The second release states a larger error for unchanged numbers; the third changes nothing more."""
    again, histories = make_release(2, *make_returns(40, 60), before=FIRST.values(), earlier=HISTORIES)
    assert set(list_reasons(FIRST, again)) == {
        (code, "town", "held_back") for code in ("2026-01", "2026-02", "FY2025-26-Q4")
    }
    slightly, _ = make_release(2, *make_returns(41, 60), before=FIRST.values(), earlier=HISTORIES)
    assert slightly == again
    third, _ = make_release(3, *make_returns(40, 60), before=again.values(), earlier=histories)
    assert list_reasons(again, third) == []


def test_first_release_lists_every_figure_as_new_in_order():
    assert list_reasons({}, FIRST) == [
        (code, "town", "new") for code in ("2026-01", "2026-02", "FY2025-26-Q4", "2026-03")
    ]


@pytest.mark.parametrize(
    ("more", "january", "february", "quarter"),
    [
        ({}, "data", "held_back", "data"),
        (
            {"reset_periods": [MeasurePeriod(measure="learners", period="2026-01")]},
            "correction",
            "held_back",
            "correction",
        ),
        ({"reset_periods": [MeasurePeriod(measure="learners", period="2026-02")]}, "data", "correction", "correction"),
        ({"reset_periods": [MeasurePeriod(measure="on-roll", period="2026-01")]}, "data", "held_back", "data"),
        ({"redefined_measures": frozenset(["learners"])}, "definition", "definition", "definition"),
        ({"redefined_measures": frozenset(["on-roll"])}, "data", "held_back", "data"),
    ],
)
def test_each_change_has_its_reason(more, january, february, quarter):
    """The quarter contains January. February has no new number, but another error and another movement."""
    now, _ = make_release(2, *make_returns(90, 60), before=FIRST.values(), earlier=HISTORIES)
    reasons = {code: why for code, _, why in list_reasons(FIRST, now, **more)}
    assert (reasons["2026-01"], reasons["FY2025-26-Q4"]) == (january, quarter)
    assert reasons["2026-02"] == february
    assert "2026-03" not in reasons, "no release has data for March"


def test_removed_figures_come_last():
    after = {key: figure for key, figure in FIRST.items() if figure.period.code != "2026-01"}
    [removed] = list_changes(FIRST, after)
    assert (removed.period, removed.why, removed.after, removed.before.value) == ("2026-01", "removed", None, 80)
    assert list_reasons(after, FIRST) == [("2026-01", "town", "new")]
    assert [why for _, _, why in list_reasons({"x": next(iter(FIRST.values()))}, after)][-1] == "removed"


def test_measure_is_redefined_if_anything_in_its_definition_differs():
    learners, on_roll = make_measure("learners"), make_measure("on-roll")
    assert find_redefined_measures([learners, on_roll], [learners, replace(on_roll, title="Another")]) == {"on-roll"}
    assert find_redefined_measures([learners], [learners, on_roll]) == set(), "a new measure is not redefined"
    assert find_redefined_measures([learners, on_roll], [learners]) == set()


def test_change_needs_a_figure():
    with pytest.raises(ValueError, match="figure"):
        to_release_change("data", None, None)


FIGURES = list(FIRST.values())
EARLIER = [PreviousFigure(position=position, figure=figure) for position, figure in enumerate(FIGURES)]
CHANGES = [
    FigureChange(why="removed", before=EARLIER[0]),
    FigureChange(why="data", before=EARLIER[1], after=replace(FIGURES[1], value=50), position=1),
    FigureChange(why="new", after=FIGURES[2], position=2),
]


def test_change_log_passes_each_change_on_once_and_removed_figures_last():
    log = ChangeLog(dry_run=False, max_listed=1)
    log.add_changes(CHANGES)
    assert (log.count, log.removed_positions, log.listed) == (2, [0], [])
    assert [change.why for change in log.pop_pending()] == ["data", "new"]
    log.add_removed([EARLIER[0]])
    assert [change.why for change in log.pop_pending()] == ["removed"]
    assert (log.count, log.pop_pending()) == (3, [])


def test_change_log_of_a_dry_run_lists_the_first_changes_only():
    log = ChangeLog(dry_run=True, max_listed=2)
    log.add_changes(CHANGES)
    log.add_removed([EARLIER[0]])
    assert [change.why for change in log.listed] == ["data", "new"]
    assert (log.count, log.pending) == (3, [])
