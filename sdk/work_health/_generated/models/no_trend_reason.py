from __future__ import annotations

from enum import StrEnum


class NoTrendReason(StrEnum):
    BREAK_IN_SERIES = "break_in_series"
    DIFFERENT_SERIES = "different_series"
    KIND_WITHOUT_TREND = "kind_without_trend"
    MISSING_PERIOD = "missing_period"
    MISSING_VALUE = "missing_value"
    NOT_ANNUAL = "not_annual"
    NOT_A_PROPORTION_OR_RATE = "not_a_proportion_or_rate"
    NO_COUNTS = "no_counts"
    NO_INTERVAL = "no_interval"
    OVERLAPPING_PERIODS = "overlapping_periods"
    TOO_FEW_POINTS = "too_few_points"
    ZERO_OR_ALL_COUNTS = "zero_or_all_counts"

    @classmethod
    def _missing_(cls, value: object) -> NoTrendReason | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
