"""The flow between two counts of a cumulative measure."""

from msgspec.structs import replace

from api.statistics.roll_up import Tally


def subtract_tallies(later: Tally, earlier: Tally) -> Tally:
    """Return the flow between two tallies of one cumulative measure that count from the same reset.

    The result has bounds, never below 0. It has a reason instead of a value if one tally has no value or nothing was
    returned since the earlier one (`no_data`), if a tally is as of several periods (`mixed_as_of`), if the sources
    differ (`coverage_differs`), because a missing return would look like no growth, or if the later tally is
    certainly smaller (`cumulative_fell`).
    """
    is_mixed = later.has_mixed_as_of or earlier.has_mixed_as_of
    flow = Tally(sources=later.sources, periods=later.periods, as_of=later.as_of, has_mixed_as_of=is_mixed)
    if later.low is None or earlier.low is None or (later.as_of or 0) <= (earlier.as_of or 0):
        return replace(flow, reason="no_data")
    if is_mixed:
        return replace(flow, reason="mixed_as_of")
    if later.sources != earlier.sources:
        return replace(flow, reason="coverage_differs")
    high = None if later.high is None else later.high - earlier.low
    if high is not None and high < 0:
        return replace(flow, reason="cumulative_fell")
    low = 0 if earlier.high is None else max(later.low - earlier.high, 0)
    return replace(flow, low=low, high=high)
