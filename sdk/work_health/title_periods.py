"""The period that the titles of a table state, such as `Reporting period: January to March 2026`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ._spelling.period_codes import parse_canonical
from ._spelling.period_spellings import list_candidates
from ._spelling.period_structs import PeriodType
from .tables import build_finding

if TYPE_CHECKING:
    from ._generated.models import Finding
    from .mapping_rules import PeriodRule

MAX_SPELLING_WORDS = 6


def find_title_periods(texts: Iterable[str], period_type: str) -> dict[str, str]:
    """Return the codes of the periods of this type that the texts clearly state, with the words that state them.

    A part of a longer period, a date and a year without words are not clear: `March 2026` in `January to March 2026`
    is no month.
    """
    periods: dict[str, str] = {}
    for words, candidates in (pair for text in texts for pair in _iter_spellings(text)):
        codes = {code for code in candidates if (period := parse_canonical(code)) and period.type == period_type}
        if len(codes) == 1:
            periods.setdefault(codes.pop(), words)
    return periods


def _iter_spellings(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the longest runs of words that spell periods, from left to right, with the codes that they may mean."""
    words = [word.strip(",;:.()") for word in text.split()]
    start = 0
    while start < len(words):
        runs = [words[start : start + length] for length in range(MAX_SPELLING_WORDS, 0, -1)]
        run = next((run for run in runs if any(list_candidates(" ".join(run)))), words[start : start + 1])
        text = " ".join(run)
        if not text.isdecimal():
            yield text, list(list_candidates(text))
        start += len(run)


def choose_title_period(rule: PeriodRule | None, stated: str, texts: Iterable[str]) -> tuple[str, list[Finding]]:
    """Return the period that the titles give by this rule, or an empty text; and a finding if they are unclear.

    `stated` is the period of an option or a constant. Titles that state other periods of its type contradict it.
    """
    if rule is not None and not rule.reads_titles:
        return "", []
    is_read = rule is not None and not rule.column
    period = parse_canonical(stated)
    period_type = rule.type if rule is not None and is_read else period.type if period else ""
    if not period_type or period_type == PeriodType.SNAPSHOT:
        return "", []
    titled = find_title_periods(texts, period_type)
    names = " and ".join(f"{code} ({words!r})" for code, words in titled.items())
    if stated and titled and stated not in titled:
        message = f"The titles of the sheet state {names}, but the period to send is {stated}."
        fix = 'Correct the one that is wrong. To ignore the titles, write `from = "constants"` under [period].'
        return "", [build_finding("title-period", message, actual=stated, fix=fix)]
    if is_read and not stated and len(titled) != 1:
        message = f"The titles of the sheet state {names or f'no {period_type}'}."
        fix = "Write one period into the title, or pass `period=`."
        return "", [build_finding("title-period", message, fix=fix)]
    return ("" if stated or not is_read else next(iter(titled))), []
