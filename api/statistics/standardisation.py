"""Direct standardisation of rates by age, with Dobson's limits.

The reference is `calculate_dsr` of PHEindicatormethods, which Fingertips uses. The standard is the European Standard
Population of 2013 (Eurostat, Revision of the European Standard Population, 2013, table 1), in nineteen bands of five
years, the last one from 90 on. The limits are those of Dobson and others, Statistics in Medicine 1991; 10: 457-462,
with Byar's limits of the total count. A total below 10 has no standardised rate, as in PHEindicatormethods.
"""

import re
from collections.abc import Sequence
from math import sqrt

from msgspec import Struct

from api.statistics.intervals import MIN_BYAR_COUNT, calculate_count_interval
from schema.intervals import Confidence, Interval, IntervalMethod

ESP_2013 = (
    *(5000, 5500, 5500, 5500, 6000, 6000, 6500, 7000, 7000, 7000),
    *(7000, 6500, 6000, 5500, 5000, 4000, 2500, 1500, 1000),
)
"""The standard population aged 0 to 4, 5 to 9 and so on, and 90 and over; 100,000 in all."""

BAND_YEARS = 5
BAND_PATTERN = re.compile(r"(\d{1,2})-(\d{1,2}|plus)")


class AgeGroup(Struct, frozen=True, kw_only=True):
    """The count of an age band between two bounds, which are equal for an exact count, and who could be counted."""

    value: float
    """The count as displayed."""
    low: int
    high: int
    residents: float
    weight: float
    """The standard population of the band."""


class StandardisedRate(Struct, frozen=True, kw_only=True):
    """A directly standardised rate, with the rates of the bounds of the counts."""

    value: float
    low: float
    high: float
    intervals: tuple[Interval, ...]


def parse_age_band(code: str) -> tuple[int, int | None] | None:
    """Return the first and the last year of age of `16-24`, no last one for `65-plus`; None for any other code."""
    match = BAND_PATTERN.fullmatch(code)
    if match is None or (match[2] != "plus" and int(match[2]) < int(match[1])):
        return None
    return int(match[1]), None if match[2] == "plus" else int(match[2])


def get_standard_population(code: str) -> float:
    """Return the standard population of an age band. Raises ValueError if the code is none.

    Where the band divides five years, they are divided evenly, because the standard states no single years.
    """
    band = parse_age_band(code)
    if band is None:
        raise ValueError(f"{code!r} is no age band such as 16-24 or 65-plus.")
    return sum(
        population * _count_shared_years(number, *band) / BAND_YEARS for number, population in enumerate(ESP_2013)
    )


def _count_shared_years(number: int, first: int, last: int | None) -> int:
    """Return how many of the five years of a standard band lie between two ages. The last, open band counts whole."""
    start = BAND_YEARS * number
    if number == len(ESP_2013) - 1:
        return BAND_YEARS if last is None else 0
    end = start + BAND_YEARS - 1
    return max(min(end, end if last is None else last) - max(start, first) + 1, 0)


def calculate_standardised_rate(groups: Sequence[AgeGroup], *, per: float) -> StandardisedRate | None:
    """Return the rate of the standard population, times `per`; None if the total count is below 10.

    Every group must have residents. For bounds, the limits contain those of every count within the bounds: they add the
    largest distance of a limit to the extreme rates.
    """
    if sum(group.value for group in groups) < MIN_BYAR_COUNT:
        return None
    standard = sum(group.weight for group in groups)
    shares = [group.weight / group.residents / standard * per for group in groups]
    value, low, high = (
        sum(share * count for share, count in zip(shares, counts, strict=True))
        for counts in (
            [group.value for group in groups],
            [group.low for group in groups],
            [group.high for group in groups],
        )
    )
    error = sqrt(sum(share**2 * group.high for share, group in zip(shares, groups, strict=True)))
    total_low, total_high = max(sum(group.low for group in groups), 1), sum(group.high for group in groups)
    return StandardisedRate(
        value=value,
        low=low,
        high=high,
        intervals=tuple(
            Interval(
                lower=max(low - error * _measure_distance(total_high, level, is_upper=False), 0.0),
                upper=high + error * _measure_distance(total_low, level, is_upper=True),
                confidence=level,
                method=IntervalMethod.DOBSON,
                envelope=low < high,
            )
            for level in Confidence
        ),
    )


def _measure_distance(count: int, confidence: Confidence, *, is_upper: bool) -> float:
    """Return the distance from a count to a limit, in standard errors of the count.

    That of the lower limit rises with the count, that of the upper one falls.
    """
    interval = calculate_count_interval(count, count, confidence=confidence)
    return (interval.upper - count if is_upper else count - interval.lower) / sqrt(count)
