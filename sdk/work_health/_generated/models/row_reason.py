from __future__ import annotations

from enum import StrEnum


class RowReason(StrEnum):
    BLANK = "blank"
    FOOTNOTE = "footnote"
    HEADER = "header"
    TITLE = "title"
    TOTAL = "total"

    @classmethod
    def _missing_(cls, value: object) -> RowReason | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
