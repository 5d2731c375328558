"""Periods of a duty that titles, sheet names and columns spell in their own way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ._spelling.names import fold_name
from ._spelling.period_candidates import list_periods_meant
from ._spelling.period_structs import PeriodType

if TYPE_CHECKING:
    from ._generated.models import Period

MAX_SPELLING_WORDS = 6


def find_period(text: str, periods: Sequence[Period]) -> Period | None:
    """Return the only period of these that the text means."""
    types = dict.fromkeys(period.type_.value for period in periods)
    meant = {code for name in types for code in list_periods_meant(text.strip(), PeriodType(name))}
    names = {period.code: {fold_name(period.code), fold_name(period.label)} for period in periods}
    matches = [period for period in periods if period.code in meant or fold_name(text) in names[period.code]]
    return matches[0] if len(matches) == 1 else None


def find_period_in_title(text: str, periods: Sequence[Period]) -> Period | None:
    """Return the period that the longest run of words in the text means; None if runs of that length differ."""
    words = [word.strip(",;:.()") for word in text.split()]
    for length in range(MAX_SPELLING_WORDS, 0, -1):
        runs = [" ".join(words[start : start + length]) for start in range(len(words) - length + 1)]
        matches = {period.code: period for run in runs if (period := find_period(run, periods))}
        if matches:
            return next(iter(matches.values())) if len(matches) == 1 else None
    return None
