"""The meaning of every error code and finding code, for their pages."""

import re
from functools import cache
from http import HTTPStatus

import msgspec
from msgspec import Struct

from api.docs.contract_pages import find_answer
from api.docs.finding_examples import FindingExample, load_examples
from api.http.problems import error_code, error_title
from api.http.refusals import list_refusal_classes
from api.submissions.checks.finding_codes import FINDING_EXPLANATIONS
from api.submissions.checks.rejections import Rejected
from schema.problems import Problem, Severity

_LIST_OF_ROWS = re.compile(r"\[([\d,\s]+)\]")
REQUEST_ID = "req_0f8e2c61d5a94b7c3e11"

FINDING_CONSEQUENCES = {
    Severity.ERROR: "Error in a submission: the whole submission is rejected",
    Severity.WARNING: "Warning in a submission: the submission is accepted",
}


class Example(Struct, frozen=True):
    """Wrong content, the answer of the server, and the corrected content."""

    format: str
    wrong: str
    answer: str
    corrected: str


class CodeMeaning(Struct, frozen=True):
    """A meaning of a code. Most codes have one."""

    meaning: str
    example: str
    fix: str
    appears_as: str  # the HTTP status, or the consequence for the submission
    severity: Severity
    examples: list[Example] = []  # in each format in which the content can have the fault
    answer: str | None = None  # of a refusal


def list_refusals() -> dict[str, list[CodeMeaning]]:
    """Return the meanings of the codes in a problem's `type`. Call it after all modules are imported."""
    meanings: dict[str, list[CodeMeaning]] = {}
    for refusal in list_refusal_classes():
        status = HTTPStatus(refusal.status)
        meaning = CodeMeaning(
            error_title(refusal),
            refusal.example,
            refusal.fix,
            f"HTTP {status.value} {status.phrase}",
            Severity.ERROR,
            answer=find_answer(error_code(refusal)),
        )
        meanings.setdefault(error_code(refusal), []).append(meaning)
    return meanings


def _answer(example: FindingExample) -> Example:
    """Return an example with the whole answer: a problem, or the findings of the report of an accepted submission."""
    errors = [finding for finding in example.findings if finding.severity is Severity.ERROR]
    answer = {"outcome": "accepted", "findings": example.findings}
    if errors:
        detail = f"{len(errors)} error{'s' if len(errors) > 1 else ''}. Nothing was written."
        answer = Problem(
            type=f"/errors/{error_code(Rejected)}",
            title=error_title(Rejected),
            status=Rejected.status,
            detail=detail + (" Each can be justified." if all(error.justifiable for error in errors) else ""),
            request_id=REQUEST_ID,
            errors=example.findings,
        )
    text = msgspec.json.format(msgspec.json.encode(answer), indent=2).decode()
    on_one_line = _LIST_OF_ROWS.sub(lambda rows: f"[{' '.join(rows[1].split())}]", text)
    return Example(example.format, example.wrong, on_one_line, example.corrected)


@cache
def list_findings() -> dict[str, list[CodeMeaning]]:
    """Return the meanings of the codes of findings."""
    examples = load_examples()
    return {
        code: [
            CodeMeaning(
                explanation.meaning,
                explanation.example,
                explanation.fix,
                FINDING_CONSEQUENCES[explanation.severity],
                explanation.severity,
                examples=[_answer(example) for example in examples.get(code, ())],
            )
        ]
        for code, explanation in FINDING_EXPLANATIONS.items()
    }
