"""The differences between two releases, and their reasons."""

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from api.releases import change_blocks
from api.releases.change_blocks import REASONS, Changes, pack_changes, unpack_changes
from api.releases.release_diff import ChangeLog, compare_blocks, find_readable, find_redefined_measures, list_changes
from api.releases.struct_tables import UnknownFormat
from tests.fixtures.example_plan import EAST, TOWN, WEST, make_catalogue
from tests.fixtures.release_fixtures import (
    NAME_BY_AREA,
    UNKNOWN_AREA,
    figure_block_key,
    list_figures,
    make_block,
    make_figure_key,
    make_measure,
    make_plan,
    make_snapshot,
)

CATALOGUE = make_catalogue(make_plan(make_measure("learners", schemes=[]), duties=["quay learners", "pier learners"]))


def make_returns(january: int, february: int) -> list[str]:
    months = (("2026-01", january), ("2026-02", february))
    return [f"{holder} learners {code} town {n}" for holder in ("quay", "pier") for code, n in months]


def make_release(number: int, *rows: str, before=(), **more):
    snapshot, chains = make_snapshot(*rows, catalogue=CATALOGUE, number=number, **more)
    return {make_figure_key(figure): figure for figure in list_figures(snapshot, before)}, chains


FIRST, CHAINS = make_release(1, *make_returns(40, 60))


def list_reasons(before, after, **more):
    return [(c.period, NAME_BY_AREA[c.area], c.why) for c in compare_releases(before, after, **more)[0].listed]


def make_blocks(figures, first_position):
    """Return a block for each period, by its key."""
    blocks = {}
    for key in dict.fromkeys(map(figure_block_key, figures)):
        blocks[key] = make_block([figure for figure in figures if figure_block_key(figure) == key], first_position)
        first_position = blocks[key].positions.stop
    return blocks


def compare_releases(before, after, **more):
    """Return the changes as a dry run lists them. Earlier figures have positions from 0, later ones from 5."""
    earlier, later = make_blocks([*before.values()], 0), make_blocks([*after.values()], 5)
    log = ChangeLog(dry_run=True, max_listed=100)
    for key, block in later.items():
        old = earlier.get(key)
        log.add_changes(*compare_blocks(old, block, key[0], **more), old, block)
    lost = [position for key, block in earlier.items() if key not in later for position in block.positions]
    log.add_removed(sorted(log.removed_positions + lost), [*earlier.values()])
    return log, [*earlier.values()], [*later.values()]


def test_release_number_and_policy_version_are_no_difference():
    assert (
        list_reasons(FIRST, {key: replace(figure, policy_version=7, release=2) for key, figure in FIRST.items()}) == []
    )


def test_unchanged_and_slightly_changed_counts_have_the_same_changes():
    """The second release states a larger error for unchanged numbers; the third changes nothing more."""
    again, chains = make_release(2, *make_returns(40, 60), before=FIRST.values(), earlier=CHAINS)
    assert set(list_reasons(FIRST, again)) == {
        (code, "town", "held_back") for code in ("2026-01", "2026-02", "FY2025-26-Q4")
    }
    slightly, _ = make_release(2, *make_returns(41, 60), before=FIRST.values(), earlier=CHAINS)
    assert slightly == again
    third, _ = make_release(3, *make_returns(40, 60), before=again.values(), earlier=chains)
    assert list_reasons(again, third) == []


def test_first_release_lists_every_figure_as_new_in_order():
    assert list_reasons({}, FIRST) == [
        (code, "town", "new") for code in ("2026-01", "2026-02", "FY2025-26-Q4", "2026-03")
    ]


@pytest.mark.parametrize(
    ("more", "january", "february", "quarter"),
    [
        ({}, "data", "held_back", "data"),
        ({"redefined_measures": frozenset(["learners"])}, "definition", "definition", "definition"),
        ({"redefined_measures": frozenset(["on-roll"])}, "data", "held_back", "data"),
    ],
)
def test_each_change_has_its_reason(more, january, february, quarter):
    """The quarter contains January. February has no new number, but another error and another movement."""
    now, _ = make_release(2, *make_returns(90, 60), before=FIRST.values(), earlier=CHAINS)
    reasons = {code: why for code, _, why in list_reasons(FIRST, now, **more)}
    assert (reasons["2026-01"], reasons["FY2025-26-Q4"]) == (january, quarter)
    assert reasons["2026-02"] == february
    assert "2026-03" not in reasons, "no release has data for March"


def test_removed_figures_come_last():
    after = {key: figure for key, figure in FIRST.items() if figure.period.code != "2026-01"}
    [removed] = compare_releases(FIRST, after)[0].listed
    assert (removed.period, removed.why, removed.after, removed.before.value) == ("2026-01", "removed", None, 80)
    assert list_reasons(after, FIRST) == [("2026-01", "town", "new")]
    assert [why for _, _, why in list_reasons({"x": next(iter(FIRST.values()))}, after)][-1] == "removed"


def test_cells_of_a_period_are_matched_by_area_and_breakdown():
    [figure, *_] = FIRST.values()
    before = {n: replace(figure, area=area) for n, area in enumerate((TOWN, EAST, WEST))}
    after = {
        n: replace(figure, area=area, value=value)
        for n, (area, value) in enumerate(((WEST, 81), (UNKNOWN_AREA, 80), (TOWN, 80)))
    }
    log, earlier, later = compare_releases(before, after)
    assert [(change.area, change.why) for change in log.listed] == [
        (WEST, "data"),
        (UNKNOWN_AREA, "new"),
        (EAST, "removed"),
    ]
    [(_, _, content)] = log.pack()
    changes = unpack_changes(content)
    assert (changes.before.tolist(), changes.after.tolist()) == ([2, -1, 1], [5, 6, -1])
    assert list_changes(changes, earlier, later) == log.listed


def test_integer_equals_the_same_float():
    """A figure that an earlier version of the software stored as 80 is not changed by 80.0."""
    [figure, *_] = FIRST.values()
    assert list_reasons({0: replace(figure, value=80)}, {0: replace(figure, value=80.0)}) == []
    assert [why for *_, why in list_reasons({0: figure}, {0: replace(figure, markers=["b"])})] == ["held_back"]


def test_measure_is_redefined_if_anything_in_its_definition_differs():
    learners, on_roll = make_measure("learners"), make_measure("on-roll")
    assert find_redefined_measures([learners, on_roll], [learners, replace(on_roll, title="Another")]) == {"on-roll"}
    assert find_redefined_measures([learners], [learners, on_roll]) == set(), "a new measure is not redefined"
    assert find_redefined_measures([learners, on_roll], [learners]) == set()


def test_change_needs_a_figure():
    with pytest.raises(ValueError, match="figure"):
        list_changes(make_changes((0, -1, -1)), [], [])


def make_changes(*rows):
    why, before, after = np.array(rows).T
    return Changes(why=why, before=before, after=after)


def test_changes_are_stored_in_blocks(monkeypatch):
    monkeypatch.setattr(change_blocks, "CHANGES_PER_BLOCK", 2)
    rows = [(0, -1, 0), (1, 0, 1), (2, 1, 2), (5, 7, -1), (5, 3, -1)]
    blocks = list(pack_changes([make_changes(*rows[:3]), make_changes(*rows[3:])]))
    assert [(first, count) for first, count, _ in blocks] == [(0, 2), (2, 2), (4, 1)]
    stored = [unpack_changes(content) for _, _, content in blocks]
    read = [row for part in stored for row in zip(part.why, part.before, part.after, strict=True)]
    assert read == rows
    assert list(pack_changes([])) == []


def test_changes_are_counted_by_reason():
    rows = [(REASONS.index(reason), 0, 0) for reason in ("data", "new", "data")]
    assert {reason: count for reason, count in make_changes(*rows).count_reasons().items() if count} == {
        "data": 2,
        "new": 1,
    }


def test_stored_reason_keeps_its_meaning():
    """The software may order its reasons differently later."""
    [(_, _, content)] = pack_changes([make_changes((REASONS.index("data"), 0, 0))])
    version, reasons, _, *positions = msgspec.msgpack.decode(content)
    other = msgspec.msgpack.encode([version, reasons[::-1], ("|i1", b"\x00"), *positions])
    assert [REASONS[why] for why in unpack_changes(other).why] == ["removed"]
    with pytest.raises(UnknownFormat):
        unpack_changes(msgspec.msgpack.encode([99, reasons, ("|i1", b""), *positions]))


FIGURES = list(FIRST.values())[:3]
EARLIER = make_block(FIGURES)
LATER = make_block([replace(FIGURES[1], value=50), FIGURES[2]], 1)
CHANGES = make_changes((REASONS.index("data"), 1, 1), (REASONS.index("new"), -1, 2))
REMOVED = np.array([0])


def test_change_log_stores_every_change_and_removed_figures_last():
    log = ChangeLog(dry_run=False, max_listed=1)
    log.add_changes(CHANGES, REMOVED, EARLIER, LATER)
    assert (log.count, log.removed_positions, log.listed) == (2, [0], [])
    log.add_removed([0], [EARLIER])
    [(first, count, content)] = log.pack()
    assert (first, count, log.count) == (0, 3, 3)
    assert [REASONS[why] for why in unpack_changes(content).why] == ["data", "new", "removed"]


def test_change_log_of_a_dry_run_lists_the_first_changes_only():
    log = ChangeLog(dry_run=True, max_listed=2)
    log.add_changes(CHANGES, REMOVED, EARLIER, LATER)
    log.add_removed([0], [EARLIER])
    assert [change.why for change in log.listed] == ["data", "new"]
    assert (log.listed[0].before, log.listed[0].after.value) == (FIGURES[1], 50)
    assert log.count == 3


def test_change_is_readable_if_a_block_has_one_of_its_figures():
    first, second, *_ = make_blocks([*FIRST.values()], 10).values()
    positions = np.array([9, *first.positions, second.positions.stop - 1, second.positions.stop, -1])
    changes = Changes(why=np.zeros_like(positions), before=positions, after=np.full_like(positions, -1))
    swapped = Changes(why=changes.why, before=changes.after, after=changes.before)
    readable = [*range(1, len(positions) - 2)]
    assert find_readable(changes, [first, second], []).tolist() == readable
    assert find_readable(swapped, [], [first, second]).tolist() == readable
    assert find_readable(changes, [], [first, second]).tolist() == []
