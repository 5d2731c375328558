"""The meaning of every error code and finding code, for their pages."""

from collections.abc import Iterator
from http import HTTPStatus

from msgspec import Struct

from api.http.problems import error_code, error_title
from api.http.refusals import Refusal
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
    for refusal in _list_refusal_classes(Refusal):
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


def _list_refusal_classes(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    for subclass in refusal.__subclasses__():
        yield subclass
        yield from _list_refusal_classes(subclass)


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
