"""Generated from api/statistics/period_spellings.py by tools/share_spelling.py; do not edit."""

import re
from collections.abc import Iterator

from .period_codes import (
    LENGTH_AND_FIRST_MONTH,
    MAX_MONTHS_ENDING,
    MONTH_NAMES,
    InvalidPeriodCode,
    build_from_months,
    parse_canonical,
)
from .period_structs import PeriodType

_SEPARATOR_PATTERN = re.compile(r"[\s/\\_.,\u2010-\u2014-]+")
_MAX_SPELLING_LENGTH = 60
_MIDNIGHT = re.compile(r"[ T]00:00(:00)?(\.0+)?$")  # of a date, as programs write it
_YEARS_PATTERN = re.compile(
    r"(?P<kind>FY|CY|AY)?-?(?P<year>\d{4}|\d\d)(-?(?P<next>\d{4}|\d\d))?(-?(?P<part>[QH]\d))?", re.ASCII
)
# fmt: off
_SPELLING_REWRITES = (
    (r"M?(\d{4})-?M?(\d\d?)", ["{0}-{1:0>2}"]),
    (r"(\d\d?)-(\d{4})", ["{1}-{0:0>2}"]),
    (r"(\d\d)-(\d\d)", ["20{1}-{0}"]),
    (r"D?(\d{4})-?(\d\d)-?01", ["D{0}-{1}-01", "{0}-{1}"]),
    (r"D?(\d{4})-?(\d\d)-?(\d\d)", ["D{0}-{1}-{2}"]),
    (r"(\d\d?)-(\d\d?)-(\d{4})", ["D{2}-{1:0>2}-{0:0>2}"]),
    (r"(\d\d)-TO-(\d\d)-(\d{4})", ["P{2}-{0}..{2}-{1}"]),
    (r"R0?(\d\d?)-?(\d{4})-?(\d\d?)", ["R{0}-{1}-{2:0>2}"]),
    (r"P?(\d{4})-?(\d\d)-?(?:TO-)?(\d{4})-?(\d\d)", ["P{0}-{1}..{2}-{3}"]),
)
# fmt: on


_LENGTH_WORDS = {"MONTH": 1, "QUARTER": 3, "HALF": 6, "YEAR": 12}
_ENDING_PATTERN = re.compile(
    r"(?:THE-)?(?:(?P<number>\d\d?)-?(?P<unit>MONTHS?|YEARS?)|(?P<word>MONTH|QUARTER|HALF|YEAR))"
    r"-(?:ENDING|ENDED|ENDS|END|TO)-(?:(?P<day>\d\d?)(?:ST|ND|RD|TH)?-)?(?P<month>\d\d)-(?P<year>\d{4})"
)
_RANGE_PATTERN = re.compile(
    r"(?:FROM-)?(?P<first>\d\d)(?:-(?P<first_year>\d{4}))?(?P<word>-TO|-UNTIL)?-(?P<last>\d\d)-(?P<year>\d{4})"
)
_YEAR_KIND_PATTERN = re.compile(
    r"(?:(FINANCIAL|FISCAL|CALENDAR|ACADEMIC)-YEAR-(.+)|(.+)-(FINANCIAL|FISCAL|CALENDAR|ACADEMIC)-YEAR)"
)
_KIND_WORDS = {"FINANCIAL": "FY", "FISCAL": "FY", "CALENDAR": "CY", "ACADEMIC": "AY"}


def list_candidates(spelling: str) -> Iterator[str]:
    """Yield the canonical codes that the spelling may mean, likeliest first."""
    if len(spelling) > _MAX_SPELLING_LENGTH:
        return
    normalised = _normalise_spelling(re.sub(r"\(.*\)", "", spelling))
    candidates = [*_list_year_codes(normalised), *_list_academic_quarters(normalised)]
    candidates += _list_ending_codes(normalised)
    months = [word for word in re.findall(r"[A-Z]{3,}", spelling.upper()) if _find_month(word)]
    # Two numbers and a year are a day, two names of months and a year are a span.
    candidates += _list_range_codes(normalised, needs_word=len(months) < 2)
    if len(months) > 1:
        normalised = ""
    for pattern, formats in _SPELLING_REWRITES:
        match = re.fullmatch(pattern, normalised, re.ASCII)
        if match:
            candidates += [code_format.format(*match.groups()) for code_format in formats]
    yield from filter(parse_canonical, dict.fromkeys(candidates))


def _normalise_spelling(spelling: str) -> str:
    """Return the spelling in capitals, with month numbers, single hyphens, and a leading `Q1` or `H1` last."""
    numbered = re.sub(r"[A-Z]{3,}", _replace_month_name, _MIDNIGHT.sub("", spelling.strip().upper()))
    plain = _SEPARATOR_PATTERN.sub("-", numbered).strip("-").removeprefix("AS-").removeprefix("AT-")
    kind = _YEAR_KIND_PATTERN.fullmatch(plain)
    if kind:
        plain = _KIND_WORDS[kind[1] or kind[4]] + (kind[2] or kind[3])
    return re.sub(r"^([QH]\d)-?(.+)$", r"\2-\1", re.sub(r"^(\d\d?)(?:ST|ND|RD|TH)-", r"\1-", plain))


def _replace_month_name(word: re.Match[str]) -> str:
    number = _find_month(word[0])
    return f"-{number:02}-" if number else word[0]


def _find_month(word: str) -> int:
    """Return the number of the month whose name begins with the word in capitals; 0 if there is none."""
    return next((number for number, name in enumerate(MONTH_NAMES, start=1) if name.upper().startswith(word)), 0)


def _list_year_codes(normalised: str) -> Iterator[str]:
    match = _YEARS_PATTERN.fullmatch(normalised)
    if match is None:
        return
    kind, part, following = match["kind"], match["part"], match["next"]
    start = int(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
    if kind is None and following and int(following) not in {start + 1, (start + 1) % 100}:
        return
    kinds = [kind] if kind else ["FY", "AY"] if following else ["FY", "CY"] if part else ["CY", "FY", "AY"]
    for candidate_kind in kinds:
        yield _format_year_code(candidate_kind, start, part)
    if kind in {"FY", "AY"} and not following:
        # Some people name a financial or academic year by the year in which it ends.
        yield _format_year_code(kind, start - 1, part)


def _format_year_code(kind: str, year: int, part: str | None) -> str:
    if kind == "CY" and part in {"H1", "H2"}:
        return f"P{year}-01..{year}-06" if part == "H1" else f"P{year}-07..{year}-12"
    years = str(year) if kind == "CY" else f"{year}-{(year + 1) % 100:02}"
    return f"{kind}{years}-{part}" if part else f"{kind}{years}"


def _list_ending_codes(normalised: str) -> Iterator[str]:
    """Yield the codes of `12 months to December 2025` and `year ending 31 March 2026`."""
    match = _ENDING_PATTERN.fullmatch(normalised)
    if match:
        number = int(match["number"] or 1)
        length = number * _LENGTH_WORDS[(match["unit"] or match["word"]).removesuffix("S")]
        last = int(match["year"]) * 12 + int(match["month"]) - 1
        yield from _list_span_codes(last - length + 1, last)


def _list_range_codes(normalised: str, *, needs_word: bool) -> Iterator[str]:
    """Yield the codes of `Jan 2025 to Dec 2025` and `April to June 2025`."""
    match = _RANGE_PATTERN.fullmatch(normalised)
    if match and (match["word"] or match["first_year"] or not needs_word):
        year = int(match["year"])
        first = int(match["first_year"] or year) * 12 + int(match["first"]) - 1
        yield from _list_span_codes(first, year * 12 + int(match["last"]) - 1)


def _list_span_codes(first: int, last: int) -> Iterator[str]:
    """Yield the codes of every type of period that consists of these months, counted from year 0."""
    length = last - first + 1
    for period_type, (months, offset) in LENGTH_AND_FIRST_MONTH.items():
        if months == length and (first - offset) % months == 0:
            yield from _build_code(period_type, first, last)
    if 1 < length <= MAX_MONTHS_ENDING:
        yield from _build_code(PeriodType.MONTHS_ENDING, first, last)
    if length > 1:
        yield from _build_code(PeriodType.TO_DATE, first, last)


def _build_code(period_type: PeriodType, first: int, last: int) -> Iterator[str]:
    try:
        yield build_from_months(period_type, first, last).code
    except InvalidPeriodCode:
        return


def _list_academic_quarters(normalised: str) -> Iterator[str]:
    """Yield the three months of a quarter of an academic year, which has no code of its own.

    Its first quarter is September to November, as `AY2025-26` begins in September.
    """
    match = re.fullmatch(r"AY-?(\d{4})(?:-?\d{2,4})?-?Q([1-4])", normalised, re.ASCII)
    if match:
        first = int(match[1]) * 12 + 8 + 3 * (int(match[2]) - 1)
        yield from _list_span_codes(first, first + 2)
