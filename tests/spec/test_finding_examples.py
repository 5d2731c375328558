"""The examples on the pages of the finding codes: submitting an example yields its finding, and correcting it none."""

import pytest

import api.app  # noqa: F401  imports every refusal
from api.docs import finding_examples
from api.http.refusals import Refusal
from api.submissions.checks.finding_codes import FINDING_EXPLANATIONS
from schema.problems import Severity
from tools import answer_examples

# Their examples are sentences, or depend on earlier returns. Other tests produce these findings.
IN_SENTENCES = {
    "not-text", "wrong-encoding", "row-too-long", "field-too-long", "contradicts-parameter", "too-many-returns", "too-many-columns",
    "line-breaks-missing", "ambiguous-area", "replaced-area",
    "too-many-entries", "too-many-errors", "series-required", "unconfirmed-withdrawals", "nothing-to-withdraw", "changed-since-base",
    "impossible-tables", "outlier", "cumulative-fell", "distinct-outside-bounds", "possible-double-count", "unknown-justification",
}  # fmt: skip


# The fix is to leave something out, to wait, or to ask.
WITHOUT_CORRECTION = {"not-submittable", "no-duty", "period-not-over", "period-closed", "nil-published"}
# Their examples have no such finding in a CSV file: it names its columns, and has no empty returns.
ONLY_IN_JSON = {"unreadable-field", "duplicate-return", "no-observations", "unknown-dimension", "value-missing"}
SENT = sorted(set(FINDING_EXPLANATIONS) - IN_SENTENCES)
EXAMPLES = finding_examples.load_examples()


def test_examples_and_answers_are_up_to_date():
    assert answer_examples.answer_examples() == EXAMPLES, "run `python -m tools.answer_examples`"


@pytest.mark.parametrize("code", SENT)
def test_example_yields_its_own_finding_in_each_format(code):
    assert [[finding.code for finding in example.findings] for example in EXAMPLES[code]] == [[code]] * len(
        EXAMPLES[code]
    )


@pytest.mark.parametrize("code", SENT)
def test_examples_in_json_are_also_shown_as_csv(code):
    formats = [example.format for example in EXAMPLES[code]]
    content = finding_examples.select_content(FINDING_EXPLANATIONS[code])
    is_tabular = not any(word in content for word in ('"item', '"title"', '"limits"', '"nil"}', '"numerator": "'))
    if formats[0] == "JSON":
        assert ("CSV" in formats) == (is_tabular and code not in ONLY_IN_JSON)


@pytest.mark.parametrize("code", SENT)
def test_finding_in_a_csv_file_has_its_rows(code):
    for example in EXAMPLES[code]:
        if example.format == "CSV":
            lines = example.wrong.splitlines()
            assert all(1 <= row <= len(lines) for finding in example.findings for row in finding.rows)
            assert any(finding.rows or finding.column for finding in example.findings) or len(lines) == 1


@pytest.mark.parametrize("code", SENT)
def test_corrected_content_has_no_error(code):
    for example in EXAMPLES[code]:
        if code in WITHOUT_CORRECTION:
            assert example.corrected == ""
            continue
        if example.format == "CSV" and code == "wrong-content":  # milestones are sent as JSON only
            continue
        findings = answer_examples.list_findings(code, example.format, example.corrected)
        assert [finding for finding in findings if finding.severity is Severity.ERROR or finding.code == code] == []


@pytest.mark.parametrize("code", sorted(IN_SENTENCES))
def test_other_examples_are_sentences(code):
    assert FINDING_EXPLANATIONS[code].example.endswith(".")


def list_refusals(refusal: type[Refusal] = Refusal) -> list[type[Refusal]]:
    return [subclass for kind in refusal.__subclasses__() for subclass in (kind, *list_refusals(kind))]


def test_every_refusal_has_its_own_example():
    assert [kind.__name__ for kind in list_refusals() if not vars(kind).get("example")] == []
