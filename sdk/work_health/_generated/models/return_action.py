from __future__ import annotations

from enum import StrEnum


class ReturnAction(StrEnum):
    APPROVE = "approve"
    CLEAR_FOR_RELEASE = "clear-for-release"
    COMMENT = "comment"
    CONFIRM_REDACTION = "confirm-redaction"
    PROPOSE_REDACTION = "propose-redaction"
    QUERY = "query"
    REOPEN = "reopen"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"

    @classmethod
    def _missing_(cls, value: object) -> ReturnAction | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
