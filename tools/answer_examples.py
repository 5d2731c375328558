"""Answer the examples of findings as the server does, for the pages of the codes: `python -m tools.answer_examples`.

Each example is read and checked as JSON, and as CSV if it can have the finding there.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from api.docs.finding_examples import (
    ANSWERS_FILE,
    FindingExample,
    build_json_body,
    select_content,
    write_csv,
    write_json,
)
from api.http.refusals import Refusal
from api.plan import queries_loading
from api.submissions.checks.finding_codes import FINDING_EXPLANATIONS
from api.submissions.checks.tiers import check_submission
from api.submissions.parsed import ParsedSubmission
from api.submissions.reading.csv_reader import CsvReader
from api.submissions.reading.json_parts import JsonPartsReader
from api.submissions.reading.ndjson_reader import NdjsonReader
from schema.problems import Finding
from schema.submissions import NewSubmission
from tests.conftest import NOTTINGHAM_PLAN_FILE
from tests.fixtures.example_plan import make_catalogue

CATALOGUE = make_catalogue(queries_loading.read_plan(NOTTINGHAM_PLAN_FILE))
COUNCIL, PUBLISHER = "nottingham-city-council", "office-for-national-statistics"
MAY_2026 = datetime(2026, 5, 20, 12, tzinfo=UTC)
CHECKED_AT = {"period-closed": datetime(2027, 1, 15, 12, tzinfo=UTC)}
NDJSON_CODES = {"not-json", "envelope-missing", "envelope-with-observations", "unknown-return"}


def list_findings(code: str, format_name: str, content: str) -> list[Finding]:
    """Return the findings of the content, as the real readers and checks report them."""
    publishes = '"figures"' in content or ('"nil"' in content and "economic-inactivity" in content)
    try:
        checked = check_submission(
            parse(format_name, content),
            CATALOGUE,
            PUBLISHER if publishes else COUNCIL,
            {},
            now=CHECKED_AT.get(code, MAY_2026),
        )
    except Refusal as refusal:
        return list(refusal.findings)
    return checked.findings.listed()


def parse(format_name: str, content: str) -> ParsedSubmission:
    if format_name == "JSON":
        return JsonPartsReader().read(content.encode())
    dimensions = list(CATALOGUE.dimensions)
    reader = NdjsonReader() if format_name == "NDJSON" else CsvReader(dimensions, NewSubmission(returns=[]))
    reader.feed(content.encode())
    return reader.finish()


def list_forms(code: str) -> Iterator[tuple[str, str, str]]:
    """Yield each format of the example with its wrong and its corrected content."""
    explanation = FINDING_EXPLANATIONS[code]
    content, corrected = select_content(explanation), explanation.corrected
    if not content.startswith("{"):
        yield "CSV", content, corrected
    elif code in NDJSON_CODES:
        yield "NDJSON", content, corrected
    else:
        wrong, right = build_json_body(content), build_json_body(corrected) if corrected else None
        yield "JSON", write_json(wrong), write_json(right) if right else ""
        if all({"figures", "items", "entries"}.isdisjoint(one) for one in wrong["returns"]):
            yield "CSV", write_csv(wrong), write_csv(right) if right and is_tabular(right) else ""


def is_tabular(body: dict[str, list[dict[str, object]]]) -> bool:
    return all({"figures", "items", "entries"}.isdisjoint(one) for one in body["returns"])


def answer_examples() -> dict[str, list[FindingExample]]:
    """Return the examples of all codes, each in the formats in which the content has the finding."""
    answers: dict[str, list[FindingExample]] = {}
    for code in FINDING_EXPLANATIONS:
        if not select_content(FINDING_EXPLANATIONS[code]):
            continue
        for format_name, wrong, corrected in list_forms(code):
            findings = list_findings(code, format_name, wrong)
            if code in {finding.code for finding in findings}:
                example = FindingExample(format=format_name, wrong=wrong, findings=findings, corrected=corrected)
                answers.setdefault(code, []).append(example)
    return answers


def write_answers(path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(answer_examples()), indent=1) + b"\n")


if __name__ == "__main__":
    write_answers(Path(sys.argv[1]) if sys.argv[1:] else ANSWERS_FILE)
