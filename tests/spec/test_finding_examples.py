"""The examples on the pages of the codes: each, sent as it is shown, finds what it is an example of."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

import api.app  # noqa: F401  so that every refusal is known
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
HERE = make_catalogue(queries_loading.read_plan(NOTTINGHAM_PLAN_FILE))
MAY_2026 = datetime(2026, 5, 20, 12, tzinfo=UTC)
AT = {"period-closed": datetime(2027, 1, 15, 12, tzinfo=UTC)}
WHOLE_FILES = {"not-json", "envelope-missing", "envelope-with-observations", "unknown-return"}
REFERRALS = {"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2"}
PUBLISHED = {
    "nil-published": "office-for-national-statistics",
    "limits-not-around-value": "office-for-national-statistics",
    "duplicate-limits": "office-for-national-statistics",
    "ratio-differs-from-value": "office-for-national-statistics",
}
INACTIVE = {
    "measure": "economic-inactivity-ill-health",
    "series": "lts-of-inactive-16-64",
    "period": "R12-2025-06",
}
FILLED = {"observations": [{"area": "E06000018", "value": 140}]}

# Told in words, or resting on what stands: other tests find them.
TOLD = {
    "not-text", "wrong-encoding", "row-too-long", "field-too-long", "contradicts-parameter", "too-many-returns",
    "too-many-errors", "series-required", "unconfirmed-withdrawals", "nothing-to-withdraw", "changed-since-base",
    "outlier", "cumulative-fell", "possible-double-count", "unknown-justification",
}  # fmt: skip


def shown(code: str) -> str:
    """The part of an example that is sent, without its words."""
    return "\n\n".join(part for part in FINDING_EXPLANATIONS[code].example.split("\n\n") if not part.endswith("."))


def submission(example: str) -> ParsedSubmission:
    """Returns as they are; else observations, items or entries of a return."""
    try:
        told = [json.loads(example)]
    except ValueError:
        told = [json.loads(line) for line in example.splitlines()]
    one = told[0]
    if "measure" in one:
        returns = [one if {"observations", "kind"} & set(one) else FILLED | one for one in told]
    elif "item" in one:
        returns = [{"measure": "jsna-research-published", "period": "FY2025-26", "items": told}]
    else:
        returns = [{"measure": "lived-experience-involvement", "period": "FY2025-26-H1", "entries": told}]
    return to_columns(msgspec.convert({"returns": returns}, NewSubmission))


def read(code: str) -> ParsedSubmission:
    example = shown(code)
    if not example.startswith("{"):
        reader = CsvReader(list(HERE.dimensions), NewSubmission(returns=[]))
    elif code in WHOLE_FILES:
        reader = NdjsonReader()
    elif code in PUBLISHED and '"area"' in example:
        return to_columns(msgspec.convert({"returns": [INACTIVE | {"figures": [json.loads(example)]}]}, NewSubmission))
    elif '"area"' in example.split(":")[0]:
        reader = NdjsonReader()
        example = json.dumps({"returns": [REFERRALS]}) + "\n" + example
    else:
        return submission(example)
    reader.feed(example.encode())
    return reader.finish()


@pytest.mark.parametrize("code", sorted(set(FINDING_EXPLANATIONS) - TOLD))
def test_an_example_finds_what_it_is_an_example_of(code):
    try:
        examined = check_submission(read(code), HERE, PUBLISHED.get(code, COUNCIL), {}, now=AT.get(code, MAY_2026))
    except Rejected as refusal:
        found = [finding.code for finding in refusal.findings]
    else:
        found = [finding.code for finding in examined.findings.listed()]
        assert FINDING_EXPLANATIONS[code].severity is Severity.WARNING
    assert found == [code]


@pytest.mark.parametrize("code", sorted(TOLD))
def test_what_is_told_is_told_in_words(code):
    assert FINDING_EXPLANATIONS[code].example.endswith(".")


def kinds(refusal: type[Refusal] = Refusal) -> list[type[Refusal]]:
    return [found for kind in refusal.__subclasses__() for found in (kind, *kinds(kind))]


def test_every_refusal_has_an_example_of_its_own():
    assert [kind.__name__ for kind in kinds() if not vars(kind).get("example")] == []
