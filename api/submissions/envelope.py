"""The envelope of a submitted file, from the parameters of its request."""

from collections.abc import Sequence

from api.http.refusals import InvalidParameter
from schema.submissions import MAX_NOTE_CHARACTERS, Justification, NewSubmission


def build_envelope(
    *, organisation: str | None, confirm_withdrawals: bool, justifications: Sequence[str], note: str | None
) -> NewSubmission:
    """Return the envelope, without returns. Raises InvalidParameter if a justification is not `finding: text`."""
    return NewSubmission(
        returns=[],
        organisation=organisation,
        confirm_withdrawals=confirm_withdrawals,
        justifications=[_parse_justification(parameter) for parameter in justifications],
        note=note,
    )


def _parse_justification(parameter: str) -> Justification:
    finding, colon, text = parameter.partition(":")
    if not (finding.strip() and colon and text.strip()) or len(text) > MAX_NOTE_CHARACTERS:
        raise InvalidParameter(
            f"{parameter[:80]!r} does not have the form `finding: text`, "
            f"with a text of at most {MAX_NOTE_CHARACTERS} characters."
        )
    return Justification(finding=finding.strip(), text=text.strip())
