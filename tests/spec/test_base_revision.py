"""A return based on an outdated revision is refused, with all changes since that revision."""

import re

import msgspec
import numpy as np
import pytest

from api.submissions.base_revision import find_outdated, raise_if_outdated
from api.submissions.cell_columns import Cells
from api.submissions.checks.rejections import BaseRevisionOutdated
from api.submissions.revisions import CurrentRevision
from schema.submissions import MilestoneItem, ReturnKind, ReviewState
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, NOW, examine_returns, make_cells, make_return

ITEM = {"item": "spring", "title": "Spring", "stage": "drafted", "date": "2026-02-14"}
EMPTY = examine_returns(make_return("learners", kind="nil")).cells


def make_revision(number: int, kind: ReturnKind = ReturnKind.DATA, content: list | None = None) -> CurrentRevision:
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
#   base, current revision, refused
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


@pytest.mark.parametrize(("base", "number", "is_refused"), BASES)
def test_base_other_than_the_current_revision_is_outdated(base, number, is_refused):
    checked = examine_returns(make_return("learners", "town 1", base_revision=base))
    current_revisions = {checked.returns[0].key: make_revision(number)} if number else {}
    assert bool(find_outdated(checked, current_revisions)) is is_refused


def refuse(
    new_returns: list[dict], revisions: list[CurrentRevision], base: Cells, before: Cells, content: dict | None = None
):
    checked = examine_returns(*new_returns)
    current_revisions = {
        identified.key: revision for identified, revision in zip(checked.returns, revisions, strict=True)
    }
    with pytest.raises(BaseRevisionOutdated) as raised:
        raise_if_outdated(find_outdated(checked, current_revisions), content or {}, base, before, HARBOUR_CATALOGUE)
    return raised.value


# fmt: off
#   in the base      current             before, after
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
def test_each_changed_cell_is_a_finding(case):
    before, after, expected = CELLS[case]
    new_returns = [make_return("learners", "town 1", base_revision=1)]
    findings = refuse(new_returns, [make_revision(2)], make_cells(*before), make_cells(*after)).findings
    assert [(finding.code, finding.expected, finding.actual) for finding in findings] == [
        ("changed-since-base", *pair) for pair in expected
    ]


def test_finding_describes_shares_and_notes_in_one_line():
    noted = msgspec.structs.replace(make_cells("town 8/10"), notes=np.array(["Estimated."], dtype=np.object_))
    new_returns = [make_return("pass-rate", "town 1/2", base_revision=1)]
    [finding] = refuse(new_returns, [make_revision(2)], make_cells("town 9/10"), noted).findings
    assert (finding.expected, finding.actual) == ("9/10", "8/10 (note: Estimated.)")


def test_finding_names_the_revision_to_use_as_base():
    new_returns = [make_return("learners", "town 1", base_revision=1)]
    error = refuse(new_returns, [make_revision(3)], make_cells("town 12"), make_cells("town 15"))
    assert re.search(r"^learners 2026-02 .*\b1\b.*\b3\b", str(error))
    [finding] = error.findings
    assert re.search(r"\b1\b", finding.message)
    assert re.search(r"\b3\b.*\b15\b.*`base_revision` 3\b", finding.fix)


def test_all_outdated_returns_are_refused_together():
    new_returns = [
        make_return("learners", "town 1", base_revision=1),
        make_return("on-roll", "town 1", base_revision=2),
        make_return("members", "town 1", base_revision=1),
    ]
    base = make_cells("town 10", "town 30", items=[0, 2])
    before = make_cells("town 11", "town 20", "town 31", items=[0, 1, 2])
    error = refuse(new_returns, [make_revision(2), make_revision(2), make_revision(2)], base, before)
    assert [(finding.cell.measure, finding.expected, finding.actual) for finding in error.findings] == [
        ("learners", "10", "11"),
        ("members", "30", "31"),
    ]
    assert "learners 2026-02" in str(error)
    assert "members 2026-02" in str(error)
    assert "on-roll" not in str(error)


@pytest.mark.parametrize("kind", [ReturnKind.NIL, ReturnKind.WITHDRAWN])
def test_outdated_return_without_cells_names_its_kind(kind):
    new_returns = [make_return("learners", "town 1", base_revision=1)]
    error = refuse(new_returns, [make_revision(2, kind)], make_cells("town 12"), EMPTY)
    assert re.search(rf"\b2\b.*\({kind}\)\.$", str(error))
    assert [(finding.expected, finding.actual) for finding in error.findings] == [("12", "nothing")]


def test_changed_items_are_findings():
    new_returns = [{"measure": "prospectus", "period": "2026-02", "items": [ITEM], "base_revision": 1}]
    old, new = (msgspec.convert(ITEM | {"stage": stage}, MilestoneItem) for stage in ("drafted", "printed"))
    error = refuse(new_returns, [make_revision(2, content=[new])], EMPTY, EMPTY, {0: [old]})
    [finding] = error.findings
    assert re.search(r"\bspring\b.*\b1\b", finding.message)
    assert (finding.code, finding.expected, finding.actual) == (
        "changed-since-base",
        "Spring, drafted, 2026-02-14",
        "Spring, printed, 2026-02-14",
    )
    assert finding.cell.measure == "prospectus"


def test_submission_without_outdated_returns_is_accepted():
    raise_if_outdated([], {}, EMPTY, EMPTY, HARBOUR_CATALOGUE)
