"""A return that was made from a revision which stands no more: refused, with all that has changed since."""

import re

import msgspec
import numpy as np
import pytest

from api.submissions import rules
from api.submissions.checks.findings import BaseRevisionOutdated
from api.submissions.revisions import Cells, CurrentRevision
from schema.submissions import MilestoneItem, ReturnKind, ReviewState
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, NOW, examine_returns, make_cells, make_return

ITEM = {"item": "spring", "title": "Spring", "stage": "drafted", "date": "2026-02-14"}
EMPTY = examine_returns(make_return("learners", kind="nil")).cells


def stands(number: int, kind: ReturnKind = ReturnKind.DATA, content: list | None = None) -> CurrentRevision:
    return CurrentRevision(
        number=number,
        kind=kind if number else None,
        state=ReviewState.PENDING,
        first_received_at=NOW,
        content=content or [],
        justifications=[],
        note=None,
    )


# fmt: off
#   base, stands      whether it is refused
BASES = [
    (None, 0, False),
    (None, 3, False),
    (0, 0, False),
    (3, 3, False),
    (0, 1, True),
    (2, 3, True),
    (4, 3, True),
]
# fmt: on


@pytest.mark.parametrize(("base", "number", "refused"), BASES)
def test_a_base_that_does_not_stand_is_stale(base, number, refused):
    examined = examine_returns(make_return("learners", "town 1", base_revision=base))
    standing = {examined.returns[0].key: stands(number)} if number else {}
    assert bool(rules.find_outdated(examined, standing)) is refused


def refusal(
    given: list[dict], standing: list[CurrentRevision], base: Cells, before: Cells, content: dict | None = None
):
    examined = examine_returns(*given)
    known = {one.key: stood for one, stood in zip(examined.returns, standing, strict=True)}
    with pytest.raises(BaseRevisionOutdated) as raised:
        rules.raise_if_outdated(rules.find_outdated(examined, known), content or {}, base, before, HARBOUR_CATALOGUE)
    return raised.value


# fmt: off
#   in the base      stands now          was, now
CELLS = {
    "another count":    (["town 12"],        ["town 15"],        [("12", "15")]),
    "a hidden one":     (["town 12"],        ["town c:1-4"],     [("12", "c 1-4")]),
    "at least":         (["town c:3-"],      ["town c"],         [("c 3-", "c")]),
    "other bounds":     (["town c:1-4"],     ["town c:2-4"],     [("c 1-4", "c 2-4")]),
    "a new cell":       (["town 12"],        ["town 12", "east 3"], [("nothing", "3")]),
    "a withdrawn cell": (["town 12", "east 3"], ["town 12"],     [("3", "nothing")]),
    "the same":         (["town 12"],        ["town 12"],        []),
}
# fmt: on


@pytest.mark.parametrize("case", CELLS)
def test_every_cell_that_moved_is_told(case):
    was, now, expected = CELLS[case]
    given = [make_return("learners", "town 1", base_revision=1)]
    found = refusal(given, [stands(2)], make_cells(*was), make_cells(*now)).findings
    assert [(one.code, one.expected, one.actual) for one in found] == [
        ("changed-since-base", *pair) for pair in expected
    ]


def test_shares_and_notes_are_told_in_one_line():
    noted = msgspec.structs.replace(make_cells("town 8/10"), notes=np.array(["Estimated."], dtype=np.object_))
    given = [make_return("pass-rate", "town 1/2", base_revision=1)]
    [one] = refusal(given, [stands(2)], make_cells("town 9/10"), noted).findings
    assert (one.expected, one.actual) == ("9/10", "8/10 (note: Estimated.)")


def test_the_finding_says_which_revision_to_take_over():
    given = [make_return("learners", "town 1", base_revision=1)]
    error = refusal(given, [stands(3)], make_cells("town 12"), make_cells("town 15"))
    assert re.search(r"^learners 2026-02 .*\b1\b.*\b3\b", str(error))
    [one] = error.findings
    assert re.search(r"\b1\b", one.message)
    assert re.search(r"\b3\b.*\b15\b.*`base_revision` 3\b", one.fix)


def test_all_that_are_stale_are_told_together_and_the_others_not():
    given = [
        make_return("learners", "town 1", base_revision=1),
        make_return("on-roll", "town 1", base_revision=2),
        make_return("members", "town 1", base_revision=1),
    ]
    base = make_cells("town 10", "town 30", items=[0, 2])
    before = make_cells("town 11", "town 20", "town 31", items=[0, 1, 2])
    error = refusal(given, [stands(2), stands(2), stands(2)], base, before)
    assert [(one.cell.measure, one.expected, one.actual) for one in error.findings] == [
        ("learners", "10", "11"),
        ("members", "30", "31"),
    ]
    assert "learners 2026-02" in str(error)
    assert "members 2026-02" in str(error)
    assert "on-roll" not in str(error)


@pytest.mark.parametrize("kind", [ReturnKind.NIL, ReturnKind.WITHDRAWN])
def test_a_return_without_cells_is_named(kind):
    given = [make_return("learners", "town 1", base_revision=1)]
    error = refusal(given, [stands(2, kind)], make_cells("town 12"), EMPTY)
    assert str(error).endswith(f"revision 2 stands ({kind}).")
    assert [(one.expected, one.actual) for one in error.findings] == [("12", "nothing")]


def test_items_that_moved_are_told():
    given = [{"measure": "prospectus", "period": "2026-02", "items": [ITEM], "base_revision": 1}]
    old, new = (msgspec.convert(ITEM | {"stage": stage}, MilestoneItem) for stage in ("drafted", "printed"))
    error = refusal(given, [stands(2, content=[new])], EMPTY, EMPTY, {0: [old]})
    [one] = error.findings
    assert re.search(r"\bspring\b.*\b1\b", one.message)
    assert (one.code, one.expected, one.actual) == (
        "changed-since-base",
        "Spring, drafted, 2026-02-14",
        "Spring, printed, 2026-02-14",
    )
    assert one.cell.measure == "prospectus"


def test_what_is_not_stale_passes():
    rules.raise_if_outdated([], {}, EMPTY, EMPTY, HARBOUR_CATALOGUE)
