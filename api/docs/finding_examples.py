"""Examples of findings as they are sent: the content as a JSON body, and the same as a CSV file."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from api.submissions.checks.finding_codes import FindingExplanation
from schema.problems import Finding

Json = Any
ANSWERS_FILE = Path(__file__).with_name("finding_answers.json")  # written by `tools/answer_examples.py`
OBSERVED_RETURN = {"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2"}
PUBLISHED_RETURN = {
    "measure": "economic-inactivity-ill-health",
    "series": "lts-of-inactive-16-64",
    "period": "R12-2025-06",
}
MILESTONE_RETURN = {"measure": "jsna-research-published", "period": "FY2025-26"}
EVIDENCE_RETURN = {"measure": "lived-experience-involvement", "period": "FY2025-26-H1"}
RETURN_FIELDS = ("measure", "series", "service", "period", "kind", "base_revision")
NUMBER_FIELDS = ("value", "numerator", "denominator", "status", "lower", "upper", "note")


class FindingExample(Struct, frozen=True, kw_only=True):
    """Wrong content in one format, the findings that the server answers, and the corrected content."""

    format: str
    wrong: str
    findings: list[Finding]
    corrected: str


def load_examples() -> dict[str, list[FindingExample]]:
    """Return the examples of each code of a finding that has some."""
    return msgspec.json.decode(ANSWERS_FILE.read_bytes(), type=dict[str, list[FindingExample]])


def select_content(explanation: FindingExplanation) -> str:
    """Return the part of an example that can be sent, without its sentences."""
    return "\n\n".join(part for part in explanation.example.strip().split("\n\n") if not part.endswith("."))


def build_json_body(content: str) -> Json:
    """Return the body with the content, which is a list of returns, or of the cells, figures or entries of one."""
    records = _parse_records(content)
    first = records[0]
    if "returns" in first:
        return first
    if "measure" in first:
        kinds = {"observations", "kind", "items", "entries"}
        observed = {"observations": [{"area": "E06000018", "value": 140}]}
        return {"returns": [record if kinds & record.keys() else record | observed for record in records]}
    if "limits" in first or (isinstance(first.get("value"), str) and "numerator" in first):
        return {"returns": [PUBLISHED_RETURN | {"figures": records}]}
    if "area" in first:
        return {"returns": [OBSERVED_RETURN | {"observations": records}]}
    kind, named = ("items", MILESTONE_RETURN) if "item" in first else ("entries", EVIDENCE_RETURN)
    return {"returns": [named | {kind: records}]}


def _parse_records(content: str) -> list[Json]:
    try:
        return [json.loads(content)]
    except ValueError:
        return [json.loads(line) for line in content.splitlines()]


def write_json(body: Json) -> str:
    """Return the body with a line for each cell."""
    returns = [json.dumps(one, ensure_ascii=False).replace('"}, {', '"},\n    {') for one in body["returns"]]
    return '{"returns": [\n  ' + ",\n  ".join(_break_lines(text) for text in returns) + "\n]}"


def _break_lines(text: str) -> str:
    for name in ("observations", "figures", "items", "entries"):
        text = text.replace(f'"{name}": [{{', f'"{name}": [\n    {{')
    return text.replace('}, {"area"', '},\n    {"area"').replace('}, {"item"', '},\n    {"item"')


def write_csv(body: Json) -> str:
    """Return the same content as a CSV file: a row for each cell, and a column for each field that is used."""
    rows = [row for one in body["returns"] for row in _list_rows(one)]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, _order_columns(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().strip()


def _list_rows(one: Json) -> Iterable[dict[str, Json]]:
    named = {name: one[name] for name in RETURN_FIELDS if name in one}
    if "note" in one:
        named["return_note"] = one["note"]
    cells: list[dict[str, Json]] = one.get("observations") or [{}]
    for cell in cells:
        yield named | {"area": ""} | cell.get("breakdown", {}) | {k: v for k, v in cell.items() if k != "breakdown"}


def _order_columns(columns: list[str]) -> list[str]:
    """Return the columns in the order of the documentation: names, area, dimensions, numbers, the whole return."""
    names = ("measure", "series", "service", "period", "area")
    last = (*NUMBER_FIELDS, "kind", "base_revision", "return_note")
    dimensions = [name for name in columns if name not in (*names, *last)]
    return [name for name in (*names, *dimensions, *last) if name in columns]
