"""The meaning of every error code and finding code, for their pages."""

from http import HTTPStatus

from msgspec import Struct

from api.http.problems import error_code, error_title
from api.http.refusals import list_refusal_classes
from api.submissions.checks.finding_codes import FINDING_EXPLANATIONS
from schema.problems import Severity

FINDING_CONSEQUENCES = {
    Severity.ERROR: "Error in a submission: the whole submission is rejected",
    Severity.WARNING: "Warning in a submission: the submission is accepted",
}


class CodeMeaning(Struct, frozen=True):
    """A meaning of a code. Most codes have one."""

    meaning: str
    example: str
    fix: str
    appears_as: str  # the HTTP status, or the consequence for the submission
    severity: Severity


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
        )
        meanings.setdefault(error_code(refusal), []).append(meaning)
    return meanings


def list_findings() -> dict[str, list[CodeMeaning]]:
    """Return the meanings of the codes of findings."""
    return {
        code: [
            CodeMeaning(
                explanation.meaning,
                explanation.example,
                explanation.fix,
                FINDING_CONSEQUENCES[explanation.severity],
                explanation.severity,
            )
        ]
        for code, explanation in FINDING_EXPLANATIONS.items()
    }
