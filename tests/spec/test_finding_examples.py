"""The examples on the pages of the finding codes: submitting an example yields its finding."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

import api.app  # noqa: F401  imports every refusal
from api.http.refusals import Refusal
from api.plan import queries_loading
from api.submissions.checks.finding_codes import FINDING_EXPLANATIONS
from api.submissions.checks.rejections import Rejected
from api.submissions.checks.tiers import check_submission
from api.submissions.parsed import ParsedSubmission, to_columns
from api.submissions.reading.csv_reader import CsvReader
from api.submissions.reading.ndjson_reader import NdjsonReader
from schema.problems import Severity
from schema.submissions import NewSubmission
from tests.conftest import NOTTINGHAM_PLAN_FILE
from tests.fixtures.example_plan import make_catalogue

COUNCIL = "nottingham-city-council"
CATALOGUE = make_catalogue(queries_loading.read_plan(NOTTINGHAM_PLAN_FILE))
MAY_2026 = datetime(2026, 5, 20, 12, tzinfo=UTC)
CHECKED_AT = {"period-closed": datetime(2027, 1, 15, 12, tzinfo=UTC)}
WHOLE_FILES = {"not-json", "envelope-missing", "envelope-with-observations", "unknown-return"}
REFERRALS = {"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2"}
PUBLISHERS = {
    "nil-published": "office-for-national-statistics",
    "limits-not-around-value": "office-for-national-statistics",
    "duplicate-limits": "office-for-national-statistics",
    "ratio-differs-from-value": "office-for-national-statistics",
}
INACTIVITY = {
    "measure": "economic-inactivity-ill-health",
    "series": "lts-of-inactive-16-64",
    "period": "R12-2025-06",
}
OBSERVATION = {"observations": [{"area": "E06000018", "value": 140}]}

# Their examples are sentences, or depend on earlier returns. Other tests produce these findings.
IN_SENTENCES = {
    "not-text", "wrong-encoding", "row-too-long", "field-too-long", "contradicts-parameter", "too-many-returns", "too-many-columns",
    "line-breaks-missing", "ambiguous-area", "replaced-area",
    "too-many-entries", "too-many-errors", "series-required", "unconfirmed-withdrawals", "nothing-to-withdraw", "changed-since-base",
    "impossible-tables", "outlier", "cumulative-fell", "distinct-outside-bounds", "possible-double-count", "unknown-justification",
}  # fmt: skip


def select_submittable_part(code: str) -> str:
    """Return the part of an example that can be submitted, without its sentences."""
    return "\n\n".join(part for part in FINDING_EXPLANATIONS[code].example.split("\n\n") if not part.endswith("."))


def parse_records(example: str) -> ParsedSubmission:
    """Parse an example, which is a list of returns, or the observations, items or entries of one return."""
    try:
        records = [json.loads(example)]
    except ValueError:
        records = [json.loads(line) for line in example.splitlines()]
    first = records[0]
    if "measure" in first:
        returns = [record if {"observations", "kind"} & set(record) else OBSERVATION | record for record in records]
    elif "item" in first:
        returns = [{"measure": "jsna-research-published", "period": "FY2025-26", "items": records}]
    else:
        returns = [{"measure": "lived-experience-involvement", "period": "FY2025-26-H1", "entries": records}]
    return to_columns(msgspec.convert({"returns": returns}, NewSubmission))


def parse_example(code: str) -> ParsedSubmission:
    example = select_submittable_part(code)
    if not example.startswith("{"):
        reader = CsvReader(list(CATALOGUE.dimensions), NewSubmission(returns=[]))
    elif code in WHOLE_FILES:
        reader = NdjsonReader()
    elif code in PUBLISHERS and '"area"' in example:
        return to_columns(
            msgspec.convert({"returns": [INACTIVITY | {"figures": [json.loads(example)]}]}, NewSubmission)
        )
    elif '"area"' in example.split(":")[0]:
        reader = NdjsonReader()
        example = json.dumps({"returns": [REFERRALS]}) + "\n" + example
    else:
        return parse_records(example)
    reader.feed(example.encode())
    return reader.finish()


@pytest.mark.parametrize("code", sorted(set(FINDING_EXPLANATIONS) - IN_SENTENCES))
def test_example_yields_its_own_finding(code):
    try:
        checked = check_submission(
            parse_example(code), CATALOGUE, PUBLISHERS.get(code, COUNCIL), {}, now=CHECKED_AT.get(code, MAY_2026)
        )
    except Rejected as refusal:
        codes = [finding.code for finding in refusal.findings]
    else:
        codes = [finding.code for finding in checked.findings.listed()]
        assert FINDING_EXPLANATIONS[code].severity is Severity.WARNING
    assert codes == [code]


@pytest.mark.parametrize("code", sorted(IN_SENTENCES))
def test_other_examples_are_sentences(code):
    assert FINDING_EXPLANATIONS[code].example.endswith(".")


def list_refusals(refusal: type[Refusal] = Refusal) -> list[type[Refusal]]:
    return [subclass for kind in refusal.__subclasses__() for subclass in (kind, *list_refusals(kind))]


def test_every_refusal_has_its_own_example():
    assert [kind.__name__ for kind in list_refusals() if not vars(kind).get("example")] == []
