from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    APPROVE = "approve"
    CLEAR = "clear"
    COMMENT = "comment"
    CONFIRM_REDACTION = "confirm-redaction"
    PROPOSE_REDACTION = "propose-redaction"
    QUERY = "query"
    REOPEN = "reopen"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"

    @classmethod
    def _missing_(cls, value: object) -> Action | None:
        """A value that the API has learnt since this release is kept as it is."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
