"""How findings are told: where they are, what justifies them, and what stops a submission."""

import re

import msgspec
import numpy as np
import pytest

from api.submissions import rules
from api.submissions.checks.findings import CODES, LISTED_FINDINGS, Findings, Rejected
from api.submissions.revisions import Sent, sent
from schema.problems import CellName
from schema.submissions import Justification, NewSubmission
from tests.fixtures.example_plan import HERE, NOW, returned

SPLIT = ["town sex=female 5", "town sex=male 1", "town sex=unknown 1"]
BELOW = returned("learners", "town 9", *SPLIT)
TWO = [returned("learners", "town 9", "east 3"), returned("on-roll", "town 4")]


def submission(*returns: dict, **more: object) -> Sent:
    return sent(msgspec.convert({"returns": list(returns)} | more, NewSubmission))


def examine(given: Sent) -> rules.Examined:
    return rules.examine(given, HERE, "quay-college", {}, now=NOW)


def refused(given: Sent) -> Rejected:
    with pytest.raises(Rejected) as refusal:
        examine(given)
    return refusal.value


def of_a_table(given: Sent) -> Sent:
    """As if its rows were lines of a file: a header, then an entry a line."""
    return msgspec.structs.replace(given, tabular=True, row=given.row + 1)


# fmt: off
#   found at                         told of a table: rows, column, path        told of JSON
PLACES = [
    ("/returns/1/period",            ([4], "period", None),                     ([], None, "/returns/1/period")),
    ("/returns/0",                   ([2, 3], None, None),                      ([], None, "/returns/0")),
    ("/returns/0/items/3/stage",     ([2, 3], "items", None),                   ([], None, "/returns/0/items/3/stage")),
    ("/note",                        ([], None, "/note"),                       ([], None, "/note")),
    ("/returns/0/items/2",           ([2, 3], "items", None),                   ([], None, "/returns/0/items/2")),
]
# fmt: on


@pytest.mark.parametrize(("path", "of_table", "of_json"), PLACES)
def test_of_a_table_the_lines_are_told_and_of_json_the_place(path, of_table, of_json):
    for given, expected in ((of_a_table(submission(*TWO)), of_table), (submission(*TWO), of_json)):
        findings = Findings(given)
        findings.add("unclear-period", "No.", path=path)
        [one] = findings.told()
        assert (one.rows, one.column, one.path) == expected


def test_rows_that_are_known_are_told_as_they_are():
    findings = Findings(of_a_table(submission(*TWO)))
    findings.add("looks-personal", "Hm.", path="/returns/0/observations", column="note", rows=[1])
    [one] = findings.told()
    assert (one.rows, one.column) == ([3], "note")


def test_entries_of_one_return_may_lie_apart():
    given = submission(*TWO)
    apart = msgspec.structs.replace(
        given,
        item=np.array([0, 1, 0]),
        area=given.area[[0, 2, 1]],
        value=given.value[[0, 2, 1]],
        row=np.array([2, 3, 4]),
    )
    together = apart.together()
    assert (together.item.tolist(), together.value.tolist(), together.row.tolist()) == ([0, 0, 1], [9, 3, 4], [2, 4, 3])
    assert together.together() is together
    assert [one.counts.received for one in rules.compare(examine(apart), {}, NOTHING, HERE, now=NOW).returns] == [2, 1]


NOTHING = examine(submission(returned("learners", kind="nil"))).cells


# ---- justifications


def justified(given: dict, *ids: str | None) -> Sent:
    return submission(given, justifications=[{"finding": one, "text": "They came late."} for one in ids])


def test_a_doubt_blocks_until_it_is_justified():
    refusal = refused(submission(BELOW))
    [doubt] = refusal.findings
    assert (doubt.code, doubt.severity, doubt.justifiable) == ("parts-below-total", "error", True)
    assert "1 error" in str(refusal)
    [answered] = examine(justified(BELOW, doubt.id)).findings.told()
    assert (answered.severity, answered.justification) == ("warning", "They came late.")
    assert answered.id == doubt.id
    assert examine(justified(BELOW, doubt.id)).findings.conclude() == [answered]


def test_a_justification_is_of_these_figures_alone():
    [doubt] = refused(submission(BELOW)).findings
    other = returned("learners", "town 10", *SPLIT)
    [anew] = refused(justified(other, doubt.id)).findings
    assert anew.id != doubt.id
    assert anew.justification is None


def test_two_doubts_of_one_total_are_two():
    raw = msgspec.to_builtins(HERE.plan)
    learners = raw["measures"][0]
    need = next(one for one in learners["schemes"] if one["dimensions"] == ["need"])
    need |= {"exclusive": True, "exhaustive": True}
    here = msgspec.structs.replace(HERE, plan=msgspec.convert(raw, type(HERE.plan)))
    given = submission(returned("learners", "town 9", *SPLIT, "town need=travel 6", "town need=childcare 1"))
    with pytest.raises(Rejected) as refusal:
        rules.examine(given, here, "quay-college", {}, now=NOW)
    by_need, by_sex = sorted(refusal.value.findings, key=lambda one: one.message)
    assert (by_need.cell, by_need.expected, by_need.actual) == (by_sex.cell, by_sex.expected, by_sex.actual)
    assert by_need.id != by_sex.id


def test_an_error_is_not_justified_away():
    given = returned("learners", "town 9", "town sex=female 10")
    [error] = refused(submission(given)).findings
    [still] = refused(justified(given, error.id)).findings
    assert (still.severity, still.justification, still.justifiable) == ("error", None, False)


def test_a_justification_of_nothing_is_found():
    findings = examine(justified(returned("learners", "town 20", "town sex=female 1"), "abc", "abc", "def")).findings
    [missing] = findings.told()
    with pytest.raises(Rejected) as refusal:
        findings.conclude()
    unknown = [one for one in refusal.value.findings if one.code == "unknown-justification"]
    assert [(one.path, one.actual, one.expected) for one in unknown] == [
        ("/justifications/0/finding", "abc", missing.id),
        ("/justifications/1/finding", "abc", missing.id),
        ("/justifications/2/finding", "def", missing.id),
    ]


def test_where_nothing_can_be_justified_nothing_is_offered():
    with pytest.raises(Rejected) as refusal:
        examine(justified(returned("learners", "town 20"), "abc")).findings.conclude()
    assert refusal.value.findings[0].expected is None


def test_a_return_keeps_the_justifications_that_bear_on_it():
    cells = {"male": CellName(measure="m", series="s", service="v", period="p", breakdown={"sex": "male"})}
    given = submission(*TWO)

    def doubts(findings: Findings) -> None:
        findings.add("parts-below-total", "Of the first.", rows=[0, 1], expected="1")
        findings.add("unlike-earlier", "Of the second.", rows=[2], expected="2")
        findings.add("unlike-earlier", "A nil return's.", cell=cells["male"])
        findings.add("looks-personal", "The second's note.", path="/returns/1/note")
        findings.add("looks-personal", "The submission's note.", path="/note")

    first = Findings(given)
    doubts(first)
    texts = {one.message: one for one in first.told()}
    envelope = msgspec.structs.replace(
        given.envelope, justifications=[Justification(finding=one.id or "", text=text) for text, one in texts.items()]
    )
    findings = Findings(msgspec.structs.replace(given, envelope=envelope))
    doubts(findings)
    both = {"A nil return's.", "The submission's note."}
    assert {one.text for one in findings.justified(0)} == {"Of the first.", *both}
    assert {one.text for one in findings.justified(1)} == {"Of the second.", "The second's note.", *both}


# ---- more than are listed


def many(code: str, number: int, justified: int = 0) -> Findings:
    """So many findings, the first of them justified."""
    ids = [one.id for n in range(justified) for one in _some(code, range(n, n + 1), []).told()]
    return _some(code, range(number), ids)


def _some(code: str, numbers: range, ids: list[str | None]) -> Findings:
    findings = Findings(justified(returned("learners", "town 9"), *ids))
    for n in numbers:
        findings.add(code, "Hm.", expected=str(n))
    return findings


# fmt: off
#   code, how many, of them justified        its figures; None: it passes
DETAILS = [
    ("parts-exceed-total", 1, 0,     ["1"]),
    ("parts-exceed-total", 200, 0,   ["200"]),
    ("parts-exceed-total", 1500, 0,  ["200", "1,500"]),
    ("parts-below-total", 2, 0,      ["2"]),
    ("parts-below-total", 2, 2,      None),
    ("parts-below-total", 300, 0,    ["200", "300"]),
    ("parts-below-total", 300, 200,  ["100"]),
    ("parts-below-total", 300, 300,  None),
    ("categories-missing", 300, 0,   None),
]
# fmt: on


@pytest.mark.parametrize(("code", "number", "justified", "figures"), DETAILS)
def test_an_error_stops_the_submission_whether_it_is_listed_or_not(code, number, justified, figures):
    findings = many(code, number, justified)
    if figures is None:
        assert len(findings.settle()) == min(number, LISTED_FINDINGS)
        return
    with pytest.raises(Rejected) as refusal:
        findings.settle()
    assert re.findall(r"\d[\d,]*", str(refusal.value)) == figures
    listed = [one for one in refusal.value.findings if one.severity == "error"]
    assert len(listed) == min(number - justified, LISTED_FINDINGS)


def test_errors_that_were_only_counted_stop_it_too():
    findings = Findings()
    findings.more("categories-missing", 3)
    assert findings.settle() == []
    findings.more("parts-exceed-total", 3)
    findings.more("parts-exceed-total", 4)
    with pytest.raises(Rejected, match="0 of 7 errors"):
        findings.settle()


def test_many_warnings_do_not_hide_an_error_behind_them():
    """Two thousand totals whose categories are not all there, and after them one that its parts exceed."""
    months = [f"2026-0{n}" for n in (1, 2)]
    given = [returned("learners", "town 9", "town sex=female 1", period=month) for month in months]
    one = submission(given[0])
    size = 2000
    wide = msgspec.structs.replace(
        one,
        **{name: np.tile(getattr(one, name), size) for name in ("area", "breakdown", "numerator", "denominator")},
        **{name: np.tile(getattr(one, name), size) for name in ("lower", "upper", "status", "notes")},
        value=np.where(np.arange(2 * size) == 2 * size - 1, 10, np.tile(one.value, size)),
        item=np.repeat(np.arange(size), 2),
        row=np.arange(1, 2 * size + 1),
    )
    findings = Findings(wide)
    whole = rules.examine(one, HERE, "quay-college", {}, now=NOW)
    columns = rules.cells.resolve(wide, HERE, findings)
    rules.totals.check(columns, rules.cells.Grid(columns, HERE), whole.returns * size, HERE, findings)
    with pytest.raises(Rejected) as refusal:
        findings.settle()
    assert [(f.rows, f.actual) for f in refusal.value.findings if f.severity == "error"] == [([3999, 4000], "10")]


@pytest.mark.parametrize("code", CODES)
def test_each_code_says_what_to_do(code):
    explained = CODES[code]
    assert explained.meaning.endswith(".")
    assert explained.mend.endswith(".")
    assert explained.meaning[0].isupper() or explained.meaning[0] == "`"
    if explained.severity == "error" and explained.justifiable:
        assert "justification" in explained.mend
