"""Returns whose counts are rounded: their sums, with and without a declared base."""

from pathlib import Path

import pytest

from api.submissions.checks.rejections import Rejected
from api.submissions.checks.tiers import CheckedSubmission, check_submission
from api.submissions.reading.csv_reader import CsvReader
from schema.problems import Finding
from schema.submissions import Justification, NewSubmission
from tools.answer_examples import CATALOGUE, COUNCIL, MAY_2026

CASES = Path(__file__).parents[1] / "cases"
FILES = ["rounded-above", "rounded-below"]
HEAD = "measure,period,area,sex,value,rounded_to\n"
ROW = "ips-primary-care-referrals,FY2025-26-Q3,E06000018"


def check(text: str, justifications: list[Justification] | None = None) -> CheckedSubmission:
    reader = CsvReader(list(CATALOGUE.dimensions), NewSubmission(returns=[], justifications=justifications or []))
    reader.feed(text.encode())
    return check_submission(reader.finish(), CATALOGUE, COUNCIL, {}, now=MAY_2026)


def reject(text: str) -> Finding:
    with pytest.raises(Rejected) as refusal:
        check(text)
    [finding] = refusal.value.findings
    return finding


def declare(text: str, base: int) -> str:
    head, *rows = text.splitlines()
    return "\n".join([f"{head},rounded_to", *(f"{row},{base}" for row in rows), ""])


@pytest.mark.parametrize("name", FILES)
def test_sum_of_rounded_counts_is_accepted_within_the_tolerance(name):
    checked = check(declare((CASES / f"{name}.csv").read_text(), 5))
    assert checked.findings.listed() == []
    assert checked.returns[0].submitted.rounded_to == 5


@pytest.mark.parametrize("name", FILES)
def test_difference_of_undeclared_rounding_can_be_justified_in_both_directions(name):
    text = (CASES / f"{name}.csv").read_text()
    finding = reject(text)
    assert (finding.code, finding.justifiable) == (
        "sum-exceeds-total" if name == "rounded-above" else "sum-below-total",
        True,
    )
    justified = check(text, [Justification(finding=finding.id or "", text="Each is rounded to five.")])
    assert [finding.justification for finding in justified.findings.finish()] == ["Each is rounded to five."]


# fmt: off
TOTALS = [  # the total, the base, and whether the parts 80, 60 and 5 may belong to it
    (140, 5, True), (135, 5, False), (145, 5, True), (150, 5, True), (155, 5, False), (140, 1, False), (145, 1, True),
    (130, 10, True), (120, 10, False),
]
# fmt: on


@pytest.mark.parametrize(("total", "base", "fits"), TOTALS)
def test_tolerance_is_half_the_base_for_each_count(total, base, fits):
    counts = {"": total, "female": 80, "male": 60, "unknown": 5}
    text = HEAD + "".join(f"{ROW},{sex},{count},{base}\n" for sex, count in counts.items())
    if fits:
        assert check(text).findings.listed() == []
    else:
        assert reject(text).code in {"sum-exceeds-total", "sum-below-total"}


@pytest.mark.parametrize("base", ["0", "1001", "x", "-5"])
def test_impossible_base_of_rounding_is_an_error(base):
    assert reject(f"{HEAD}{ROW},,140,{base}\n").column == "rounded_to"


def test_rows_of_a_return_state_one_base():
    assert reject(f"{HEAD}{ROW},,140,5\n{ROW},female,140,10\n").code == "inconsistent-return"
