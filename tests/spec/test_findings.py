"""How findings are told: where they are, what justifies them, and what stops a submission."""

import re

import msgspec
import numpy as np
import pytest

from api.submissions import rules
from api.submissions.checks.findings import FINDING_EXPLANATIONS, MAX_LISTED_FINDINGS, Findings, Rejected
from api.submissions.revisions import ParsedSubmission, to_columns
from schema.problems import CellName
from schema.submissions import Justification, NewSubmission
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, NOW, make_return

SPLIT = ["town sex=female 5", "town sex=male 1", "town sex=unknown 1"]
BELOW = make_return("learners", "town 9", *SPLIT)
TWO = [make_return("learners", "town 9", "east 3"), make_return("on-roll", "town 4")]


def submission(*returns: dict, **more: object) -> ParsedSubmission:
    return to_columns(msgspec.convert({"returns": list(returns)} | more, NewSubmission))


def examine(given: ParsedSubmission) -> rules.CheckedSubmission:
    return rules.check_submission(given, HARBOUR_CATALOGUE, "quay-college", {}, now=NOW)


def refused(given: ParsedSubmission) -> Rejected:
    with pytest.raises(Rejected) as refusal:
        examine(given)
    return refusal.value


def of_a_table(given: ParsedSubmission) -> ParsedSubmission:
    """As if its rows were lines of a file: a header, then an entry a line."""
    return msgspec.structs.replace(given, is_tabular=True, row=given.row + 1)


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
        [one] = findings.listed()
        assert (one.rows, one.column, one.path) == expected


def test_rows_that_are_known_are_told_as_they_are():
    findings = Findings(of_a_table(submission(*TWO)))
    findings.add("possible-personal-data", "Hm.", path="/returns/0/observations", column="note", rows=[1])
    [one] = findings.listed()
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
    together = apart.group_by_return()
    assert (together.item.tolist(), together.value.tolist(), together.row.tolist()) == ([0, 0, 1], [9, 3, 4], [2, 4, 3])
    assert together.group_by_return() is together
    assert [
        one.counts.received
        for one in rules.compare_with_current(examine(apart), {}, NOTHING, HARBOUR_CATALOGUE, now=NOW).returns
    ] == [2, 1]


NOTHING = examine(submission(make_return("learners", kind="nil"))).cells


# ---- justifications


def justified(given: dict, *ids: str | None) -> ParsedSubmission:
    return submission(given, justifications=[{"finding": one, "text": "They came late."} for one in ids])


def test_a_doubt_blocks_until_it_is_justified():
    refusal = refused(submission(BELOW))
    [doubt] = refusal.findings
    assert (doubt.code, doubt.severity, doubt.justifiable) == ("sum-below-total", "error", True)
    assert "1 error" in str(refusal)
    [answered] = examine(justified(BELOW, doubt.id)).findings.listed()
    assert (answered.severity, answered.justification) == ("warning", "They came late.")
    assert answered.id == doubt.id
    assert examine(justified(BELOW, doubt.id)).findings.finish() == [answered]


def test_a_justification_is_of_these_figures_alone():
    [doubt] = refused(submission(BELOW)).findings
    other = make_return("learners", "town 10", *SPLIT)
    [anew] = refused(justified(other, doubt.id)).findings
    assert anew.id != doubt.id
    assert anew.justification is None


def test_two_doubts_of_one_total_are_two():
    raw = msgspec.to_builtins(HARBOUR_CATALOGUE.plan)
    learners = raw["measures"][0]
    need = next(one for one in learners["schemes"] if one["dimensions"] == ["need"])
    need |= {"exclusive": True, "exhaustive": True}
    here = msgspec.structs.replace(HARBOUR_CATALOGUE, plan=msgspec.convert(raw, type(HARBOUR_CATALOGUE.plan)))
    given = submission(make_return("learners", "town 9", *SPLIT, "town need=travel 6", "town need=childcare 1"))
    with pytest.raises(Rejected) as refusal:
        rules.check_submission(given, here, "quay-college", {}, now=NOW)
    by_need, by_sex = sorted(refusal.value.findings, key=lambda one: one.message)
    assert (by_need.cell, by_need.expected, by_need.actual) == (by_sex.cell, by_sex.expected, by_sex.actual)
    assert by_need.id != by_sex.id


def test_an_error_is_not_justified_away():
    given = make_return("learners", "town 9", "town sex=female 10")
    [error] = refused(submission(given)).findings
    [still] = refused(justified(given, error.id)).findings
    assert (still.severity, still.justification, still.justifiable) == ("error", None, False)


def test_a_justification_of_nothing_is_found():
    findings = examine(justified(make_return("learners", "town 20", "town sex=female 1"), "abc", "abc", "def")).findings
    [missing] = findings.listed()
    with pytest.raises(Rejected) as refusal:
        findings.finish()
    unknown = [one for one in refusal.value.findings if one.code == "unknown-justification"]
    assert [(one.path, one.actual, one.expected) for one in unknown] == [
        ("/justifications/0/finding", "abc", missing.id),
        ("/justifications/1/finding", "abc", missing.id),
        ("/justifications/2/finding", "def", missing.id),
    ]


def test_where_nothing_can_be_justified_nothing_is_offered():
    with pytest.raises(Rejected) as refusal:
        examine(justified(make_return("learners", "town 20"), "abc")).findings.finish()
    assert refusal.value.findings[0].expected is None


def test_a_return_keeps_the_justifications_that_bear_on_it():
    cells = {"male": CellName(measure="m", series="s", service="v", period="p", breakdown={"sex": "male"})}
    given = submission(*TWO)

    def doubts(findings: Findings) -> None:
        findings.add("sum-below-total", "Of the first.", rows=[0, 1], expected="1")
        findings.add("outlier", "Of the second.", rows=[2], expected="2")
        findings.add("outlier", "A nil return's.", cell=cells["male"])
        findings.add("possible-personal-data", "The second's note.", path="/returns/1/note")
        findings.add("possible-personal-data", "The submission's note.", path="/note")

    first = Findings(given)
    doubts(first)
    texts = {one.message: one for one in first.listed()}
    envelope = msgspec.structs.replace(
        given.envelope, justifications=[Justification(finding=one.id or "", text=text) for text, one in texts.items()]
    )
    findings = Findings(msgspec.structs.replace(given, envelope=envelope))
    doubts(findings)
    both = {"A nil return's.", "The submission's note."}
    assert {one.text for one in findings.justifications_for(0)} == {"Of the first.", *both}
    assert {one.text for one in findings.justifications_for(1)} == {"Of the second.", "The second's note.", *both}


# ---- more than are listed


def many(code: str, number: int, justified: int = 0) -> Findings:
    """So many findings, the first of them justified."""
    ids = [one.id for n in range(justified) for one in _some(code, range(n, n + 1), []).listed()]
    return _some(code, range(number), ids)


def _some(code: str, numbers: range, ids: list[str | None]) -> Findings:
    findings = Findings(justified(make_return("learners", "town 9"), *ids))
    for n in numbers:
        findings.add(code, "Hm.", expected=str(n))
    return findings


# fmt: off
#   code, how many, of them justified        its figures; None: it passes
DETAILS = [
    ("sum-exceeds-total", 1, 0,     ["1"]),
    ("sum-exceeds-total", 200, 0,   ["200"]),
    ("sum-exceeds-total", 1500, 0,  ["200", "1,500"]),
    ("sum-below-total", 2, 0,      ["2"]),
    ("sum-below-total", 2, 2,      None),
    ("sum-below-total", 300, 0,    ["200", "300"]),
    ("sum-below-total", 300, 200,  ["100"]),
    ("sum-below-total", 300, 300,  None),
    ("categories-missing", 300, 0,   None),
]
# fmt: on


@pytest.mark.parametrize(("code", "number", "justified", "figures"), DETAILS)
def test_an_error_stops_the_submission_whether_it_is_listed_or_not(code, number, justified, figures):
    findings = many(code, number, justified)
    if figures is None:
        assert len(findings.raise_if_errors()) == min(number, MAX_LISTED_FINDINGS)
        return
    with pytest.raises(Rejected) as refusal:
        findings.raise_if_errors()
    assert re.findall(r"\d[\d,]*", str(refusal.value)) == figures
    listed = [one for one in refusal.value.findings if one.severity == "error"]
    assert len(listed) == min(number - justified, MAX_LISTED_FINDINGS)


def test_errors_that_were_only_counted_stop_it_too():
    findings = Findings()
    findings.count_unlisted("categories-missing", 3)
    assert findings.raise_if_errors() == []
    findings.count_unlisted("sum-exceeds-total", 3)
    findings.count_unlisted("sum-exceeds-total", 4)
    with pytest.raises(Rejected, match="0 of 7 errors"):
        findings.raise_if_errors()


def test_many_warnings_do_not_hide_an_error_behind_them():
    """Two thousand totals whose categories are not all there, and after them one that its parts exceed."""
    months = [f"2026-0{n}" for n in (1, 2)]
    given = [make_return("learners", "town 9", "town sex=female 1", period=month) for month in months]
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
    whole = rules.check_submission(one, HARBOUR_CATALOGUE, "quay-college", {}, now=NOW)
    columns = rules.cells.resolve_codes(wide, HARBOUR_CATALOGUE, findings)
    rules.totals.check_totals(
        columns, rules.cells.CellIndex(columns, HARBOUR_CATALOGUE), whole.returns * size, HARBOUR_CATALOGUE, findings
    )
    with pytest.raises(Rejected) as refusal:
        findings.raise_if_errors()
    assert [(f.rows, f.actual) for f in refusal.value.findings if f.severity == "error"] == [([3999, 4000], "10")]


@pytest.mark.parametrize("code", FINDING_EXPLANATIONS)
def test_each_code_says_what_to_do(code):
    explained = FINDING_EXPLANATIONS[code]
    assert explained.meaning.endswith(".")
    assert explained.fix.endswith(".")
    assert explained.meaning[0].isupper() or explained.meaning[0] == "`"
    if explained.severity == "error" and explained.justifiable:
        assert "justification" in explained.fix
