"""Findings: their location, their justification, and the rejection of a submission."""

import re

import msgspec
import numpy as np
import pytest

from api.submissions.checks import cells
from api.submissions.checks.cells import index_cells
from api.submissions.checks.finding_codes import FINDING_EXPLANATIONS
from api.submissions.checks.findings import MAX_JUSTIFIABLE_FINDINGS, MAX_LISTED_FINDINGS, Findings
from api.submissions.checks.rejections import Rejected
from api.submissions.checks.resolved_codes import resolve_codes
from api.submissions.checks.tiers import CheckedSubmission, check_submission
from api.submissions.checks.totals import check_totals
from api.submissions.comparison import compare_with_current
from api.submissions.parsed import ParsedSubmission, to_columns
from schema.problems import CellName
from schema.submissions import Justification, NewSubmission
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, NOW, make_return

SPLIT = ["town sex=female 5", "town sex=male 1", "town sex=unknown 1"]
BELOW_TOTAL = make_return("learners", "town 9", *SPLIT)
TWO_RETURNS = [make_return("learners", "town 9", "east 3"), make_return("on-roll", "town 4")]


def parse_submission(*returns: dict, **more: object) -> ParsedSubmission:
    return to_columns(msgspec.convert({"returns": list(returns)} | more, NewSubmission))


def check(parsed: ParsedSubmission) -> CheckedSubmission:
    return check_submission(parsed, HARBOUR_CATALOGUE, "quay-college", {}, now=NOW)


def reject(parsed: ParsedSubmission) -> Rejected:
    with pytest.raises(Rejected) as refusal:
        check(parsed)
    return refusal.value


def as_table(parsed: ParsedSubmission) -> ParsedSubmission:
    """Return the submission as parsed from a file with a header and one cell per line."""
    return msgspec.structs.replace(parsed, is_tabular=True, row=parsed.row + 1)


# fmt: off
#   path of the finding              in a table: rows, column, path             in JSON
LOCATIONS = [
    ("/returns/1/period",            ([4], "period", None),                     ([], None, "/returns/1/period")),
    ("/returns/0",                   ([2, 3], None, None),                      ([], None, "/returns/0")),
    ("/returns/0/items/3/stage",     ([2, 3], "items", None),                   ([], None, "/returns/0/items/3/stage")),
    ("/note",                        ([], None, "/note"),                       ([], None, "/note")),
    ("/returns/0/items/2",           ([2, 3], "items", None),                   ([], None, "/returns/0/items/2")),
]
# fmt: on


@pytest.mark.parametrize(("path", "of_table", "of_json"), LOCATIONS)
def test_finding_has_rows_in_a_table_and_a_path_in_json(path, of_table, of_json):
    for parsed, expected in (
        (as_table(parse_submission(*TWO_RETURNS)), of_table),
        (parse_submission(*TWO_RETURNS), of_json),
    ):
        findings = Findings(parsed)
        findings.add("unclear-period", "No.", path=path)
        [finding] = findings.listed()
        assert (finding.rows, finding.column, finding.path) == expected


def test_finding_with_known_rows_keeps_them():
    findings = Findings(as_table(parse_submission(*TWO_RETURNS)))
    findings.add("possible-personal-data", "Hm.", path="/returns/0/observations", column="note", rows=[1])
    [finding] = findings.listed()
    assert (finding.rows, finding.column) == ([3], "note")


def test_cells_of_one_return_need_not_be_adjacent():
    parsed = parse_submission(*TWO_RETURNS)
    interleaved = msgspec.structs.replace(
        parsed, cells=parsed.cells.select(np.array([0, 2, 1])), row=np.array([2, 3, 4])
    )
    grouped = interleaved.group_by_return()
    assert (grouped.cells.item.tolist(), grouped.cells.value.tolist()) == ([0, 0, 1], [9, 3, 4])
    assert grouped.row.tolist() == [2, 4, 3]
    assert grouped.group_by_return() is grouped
    assert [
        return_diff.counts.received
        for return_diff in compare_with_current(check(interleaved), {}, NO_CELLS, HARBOUR_CATALOGUE, now=NOW).returns
    ] == [2, 1]


NO_CELLS = check(parse_submission(make_return("learners", kind="nil"))).cells


# ---- justifications


def submit_justified(new_return: dict, *ids: str | None) -> ParsedSubmission:
    return parse_submission(
        new_return, justifications=[{"finding": finding_id, "text": "They arrived late."} for finding_id in ids]
    )


def test_justifiable_error_blocks_until_it_is_justified():
    refusal = reject(parse_submission(BELOW_TOTAL))
    [finding] = refusal.findings
    assert (finding.code, finding.severity, finding.justifiable) == ("sum-below-total", "error", True)
    assert "1 error" in str(refusal)
    [warning] = check(submit_justified(BELOW_TOTAL, finding.id)).findings.listed()
    assert (warning.severity, warning.justification) == ("warning", "They arrived late.")
    assert warning.id == finding.id
    assert check(submit_justified(BELOW_TOTAL, finding.id)).findings.finish() == [warning]


def test_justification_applies_only_to_its_exact_figures():
    [finding] = reject(parse_submission(BELOW_TOTAL)).findings
    changed_return = make_return("learners", "town 10", *SPLIT)
    [new_finding] = reject(submit_justified(changed_return, finding.id)).findings
    assert new_finding.id != finding.id
    assert new_finding.justification is None


def test_two_findings_about_one_total_have_different_ids():
    raw = msgspec.to_builtins(HARBOUR_CATALOGUE.plan)
    learners = raw["measures"][0]
    need = next(item for item in learners["schemes"] if item["dimensions"] == ["need"])
    need |= {"exclusive": True, "exhaustive": True}
    catalogue = msgspec.structs.replace(HARBOUR_CATALOGUE, plan=msgspec.convert(raw, type(HARBOUR_CATALOGUE.plan)))
    parsed = parse_submission(make_return("learners", "town 9", *SPLIT, "town need=travel 6", "town need=childcare 1"))
    with pytest.raises(Rejected) as refusal:
        check_submission(parsed, catalogue, "quay-college", {}, now=NOW)
    by_need, by_sex = sorted(refusal.value.findings, key=lambda item: item.message)
    assert (by_need.cell, by_need.expected, by_need.actual) == (by_sex.cell, by_sex.expected, by_sex.actual)
    assert by_need.id != by_sex.id


def test_unjustifiable_error_remains_despite_a_justification():
    new_return = make_return("learners", "town 9", "town 10")  # the same cell twice
    [error] = reject(parse_submission(new_return)).findings
    [unchanged] = reject(submit_justified(new_return, error.id)).findings
    assert (unchanged.severity, unchanged.justification, unchanged.justifiable) == ("error", None, False)


def test_unknown_justification_is_an_error():
    findings = check(
        submit_justified(make_return("learners", "town 20", "town sex=female 1"), "abc", "abc", "def")
    ).findings
    [missing] = findings.listed()
    with pytest.raises(Rejected) as refusal:
        findings.finish()
    unknown = [finding for finding in refusal.value.findings if finding.code == "unknown-justification"]
    assert [(finding.path, finding.actual, finding.expected) for finding in unknown] == [
        ("/justifications/0/finding", "abc", missing.id),
        ("/justifications/1/finding", "abc", missing.id),
        ("/justifications/2/finding", "def", missing.id),
    ]


def test_unknown_justification_has_no_suggestion_without_justifiable_findings():
    with pytest.raises(Rejected) as refusal:
        check(submit_justified(make_return("learners", "town 20"), "abc")).findings.finish()
    assert refusal.value.findings[0].expected is None


def test_return_stores_the_justifications_that_apply_to_it():
    cells = {"male": CellName(measure="m", series="s", service="v", period="p", breakdown={"sex": "male"})}
    parsed = parse_submission(*TWO_RETURNS)

    def add_findings(findings: Findings) -> None:
        findings.add("sum-below-total", "First return.", rows=[0, 1], expected="1")
        findings.add("outlier", "Second return.", rows=[2], expected="2")
        findings.add("outlier", "A nil return's.", cell=cells["male"])
        findings.add("possible-personal-data", "The second's note.", path="/returns/1/note")
        findings.add("possible-personal-data", "The submission's note.", path="/note")

    first = Findings(parsed)
    add_findings(first)
    texts = {item.message: item for item in first.listed()}
    envelope = msgspec.structs.replace(
        parsed.envelope,
        justifications=[Justification(finding=item.id or "", text=text) for text, item in texts.items()],
    )
    findings = Findings(msgspec.structs.replace(parsed, envelope=envelope))
    add_findings(findings)
    shared_texts = {"A nil return's.", "The submission's note."}
    assert {item.text for item in findings.justifications_for(0)} == {"First return.", *shared_texts}
    assert {item.text for item in findings.justifications_for(1)} == {
        "Second return.",
        "The second's note.",
        *shared_texts,
    }


# ---- more than are listed


def make_justified_findings(code: str, number: int, justified_count: int = 0) -> Findings:
    """Return this number of findings; the first of them are justified."""
    ids = [finding.id for n in range(justified_count) for finding in _make_findings(code, range(n, n + 1), []).listed()]
    return _make_findings(code, range(number), ids)


def _make_findings(code: str, numbers: range, ids: list[str | None]) -> Findings:
    findings = Findings(submit_justified(make_return("learners", "town 9"), *ids))
    for n in numbers:
        findings.add(code, "Hm.", expected=str(n))
    return findings


# fmt: off
#   code, findings, justified      numbers in the message; None: accepted
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


@pytest.mark.parametrize(("code", "number", "justified_count", "numbers"), DETAILS)
def test_error_rejects_the_submission_even_if_not_listed(code, number, justified_count, numbers):
    findings = make_justified_findings(code, number, justified_count)
    if numbers is None:
        assert len(findings.raise_if_errors()) == min(number, MAX_LISTED_FINDINGS)
        return
    with pytest.raises(Rejected) as refusal:
        findings.raise_if_errors()
    assert re.findall(r"\d[\d,]*", str(refusal.value)) == numbers
    listed = [finding for finding in refusal.value.findings if finding.severity == "error"]
    assert len(listed) == min(number - justified_count, MAX_LISTED_FINDINGS)


def test_unlisted_errors_reject_the_submission():
    findings = Findings()
    findings.count_unlisted("categories-missing", 3)
    assert findings.raise_if_errors() == []
    findings.count_unlisted("sum-exceeds-total", 3)
    findings.count_unlisted("sum-exceeds-total", 4)
    with pytest.raises(Rejected, match="0 of 7 errors"):
        findings.raise_if_errors()


def test_findings_beyond_the_limit_are_counted_and_name_their_returns():
    findings = Findings()
    for number in range(2 * MAX_JUSTIFIABLE_FINDINGS):
        findings.add("unknown-area", "Hm.", path=f"/returns/{number}/observations", actual=str(number))
    findings.add("unknown-area", "Hm.", path="/returns/0/observations", actual="0", rows=[7])
    assert findings.list_returns({"unknown-area"}) == set(range(2 * MAX_JUSTIFIABLE_FINDINGS))
    assert findings.list_returns({"unknown-measure"}) == set()
    with pytest.raises(Rejected, match=r"200 of 2,000 errors") as refusal:
        findings.raise_if_errors()
    assert refusal.value.findings[0].rows == [7]


def test_many_warnings_do_not_hide_an_error():
    """Check 2,000 totals with missing categories; the parts of the last one exceed their total."""
    months = [f"2026-0{n}" for n in (1, 2)]
    new_returns = [make_return("learners", "town 9", "town sex=female 1", period=month) for month in months]
    parsed = parse_submission(new_returns[0])
    size = 2000
    tiled = parsed.cells.select(np.tile(np.arange(2), size))
    repeated = msgspec.structs.replace(
        parsed,
        cells=msgspec.structs.replace(
            tiled,
            value=np.where(np.arange(2 * size) == 2 * size - 1, 10, tiled.value),
            item=np.repeat(np.arange(size), 2),
        ),
        row=np.arange(1, 2 * size + 1),
    )
    findings = Findings(repeated)
    checked = check_submission(parsed, HARBOUR_CATALOGUE, "quay-college", {}, now=NOW)
    columns = resolve_codes(repeated, [], HARBOUR_CATALOGUE, findings)
    check_totals(index_cells(columns, HARBOUR_CATALOGUE), checked.returns * size, HARBOUR_CATALOGUE, findings)
    with pytest.raises(Rejected) as refusal:
        findings.raise_if_errors()
    assert [(finding.rows, finding.actual) for finding in refusal.value.findings if finding.severity == "error"] == [
        ([3999, 4000], "10")
    ]


CODES_BY_TIER = [
    (
        [make_return("learners", "town 9", "town 9"), make_return("on-roll", "town 1/2", "town 1/2")],
        ["duplicate-cell", "wrong-value-fields"],
    ),
    (
        [BELOW_TOTAL, make_return("learners", "town 1", "east sex=male 2", period="2026-01")],
        ["total-missing", "sum-below-total"],
    ),
]


@pytest.mark.parametrize(("new_returns", "codes"), CODES_BY_TIER)
def test_blocks_of_returns_have_the_findings_of_the_whole(new_returns, codes, monkeypatch):
    whole = reject(parse_submission(*new_returns)).findings
    monkeypatch.setattr(cells, "BLOCK_CELLS", 1)
    assert reject(parse_submission(*new_returns)).findings == whole
    assert {finding.code for finding in whole} == set(codes)


@pytest.mark.parametrize("code", FINDING_EXPLANATIONS)
def test_each_finding_code_explains_its_fix(code):
    explanation = FINDING_EXPLANATIONS[code]
    assert explanation.meaning.endswith(".")
    assert explanation.fix.endswith(".")
    assert explanation.meaning[0].isupper() or explanation.meaning[0] == "`"
    if explanation.severity == "error" and explanation.justifiable:
        assert "justification" in explanation.fix
