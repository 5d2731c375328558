"""Displayed counts with their errors, and the percentages that are calculated from them."""

from msgspec import Struct

from api.statistics.intervals import RatioCounts
from schema.disclosure import Rule


class DisplayedCount(Struct, frozen=True, kw_only=True, gc=False):
    """A displayed count, or none where it is hidden."""

    value: int | None
    largest_error: int = 0
    """The true count is never farther from the displayed one than this."""
    error_95: int = 0
    """In 95 % of roundings, the true count is not farther from the displayed one than this."""

    @property
    def low(self) -> int | None:
        """The true count is at least this."""
        return None if self.value is None else max(self.value - self.largest_error, 0)

    @property
    def high(self) -> int | None:
        """The true count is at most this."""
        return None if self.value is None else self.value + self.largest_error

    @property
    def likely_low(self) -> int:
        """The lower end of the 95 % interval of the rounding."""
        return max((self.value or 0) - self.error_95, 0)

    @property
    def likely_high(self) -> int:
        """The upper end of the 95 % interval of the rounding."""
        return (self.value or 0) + self.error_95


HIDDEN_COUNT = DisplayedCount(value=None)


class Percentage(Struct, frozen=True, kw_only=True):
    """A percentage calculated from two displayed counts, or the reason why there is none."""

    value: float | None
    low: float | None = None
    """The true percentage is at least this."""
    high: float | None = None
    """The true percentage is at most this."""
    error_95: float | None = None
    """The largest error of the percentage if both counts lie within their 95 % intervals."""
    reason: str | None = None
    """`input_suppressed` or `small_denominator`."""


def calculate_percentage(part: DisplayedCount, whole: DisplayedCount, rule: Rule) -> Percentage:
    """Calculate a percentage from displayed counts, with certain bounds of the true percentage."""
    if part.value is None or whole.value is None:
        return Percentage(value=None, reason="input_suppressed")
    if whole.value < rule.smallest_denominator or not whole.value:
        return Percentage(value=None, reason="small_denominator")
    value = round(min(100.0, 100 * part.value / whole.value), get_percentage_digits(whole.value, rule))
    low, high = _calculate_share(bound_counts(part, whole))
    likely_low, likely_high = _calculate_share(bound_likely_counts(part, whole))
    error_95 = round(max(value - likely_low, likely_high - value), 1)
    return Percentage(value=value, error_95=error_95, low=low, high=high)


def get_percentage_digits(whole: int, rule: Rule) -> int:
    """Return the digits after the point of a percentage of a displayed denominator."""
    return 0 if whole < rule.whole_percent_below else 1


def bound_counts(part: DisplayedCount, whole: DisplayedCount) -> RatioCounts:
    """Return bounds that always contain the true counts. Both must have a value, and the whole must not be 0."""
    return RatioCounts(
        numerator_low=part.low or 0,
        numerator_high=part.high,
        denominator_low=whole.low or 0,
        denominator_high=whole.high,
    )


def bound_likely_counts(part: DisplayedCount, whole: DisplayedCount) -> RatioCounts:
    """Return the 95 % intervals of the rounding. If no part of the whole lies within both, return certain bounds."""
    if part.likely_low > whole.likely_high:
        return bound_counts(part, whole)
    return RatioCounts(
        numerator_low=part.likely_low,
        numerator_high=part.likely_high,
        denominator_low=whole.likely_low,
        denominator_high=whole.likely_high,
    )


def _calculate_share(counts: RatioCounts) -> tuple[float, float]:
    """Return the lowest and the highest percentage within bounds."""
    low = 100 * counts.numerator_low / (counts.denominator_high or 1)
    return low, min(100.0, 100 * (counts.numerator_high or 0) / max(counts.denominator_low, 1))
