"""Generated from api/statistics/period_spellings.py by tools/share_spelling.py; do not edit."""

import re
from collections.abc import Iterator

from .period_codes import MONTH_NAMES, parse_canonical

_SEPARATOR_PATTERN = re.compile(r"[\s/\\_.,\u2010-\u2014-]+")
_MAX_SPELLING_LENGTH = 40
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


def list_candidates(spelling: str) -> Iterator[str]:
    """Yield the canonical codes that the spelling may mean, likeliest first."""
    if len(spelling) > _MAX_SPELLING_LENGTH:
        return
    normalised = _normalise_spelling(spelling)
    candidates = list(_list_year_codes(normalised))
    for pattern, formats in _SPELLING_REWRITES:
        match = re.fullmatch(pattern, normalised, re.ASCII)
        if match:
            candidates += [code_format.format(*match.groups()) for code_format in formats]
    yield from filter(parse_canonical, dict.fromkeys(candidates))


def _normalise_spelling(spelling: str) -> str:
    """Return the spelling in capitals, with month numbers, single hyphens, and a leading `Q1` or `H1` last."""
    numbered = re.sub(r"[A-Z]{3,}", _replace_month_name, _MIDNIGHT.sub("", spelling.strip().upper()))
    return re.sub(r"^([QH]\d)-?(.+)$", r"\2-\1", _SEPARATOR_PATTERN.sub("-", numbered).strip("-"))


def _replace_month_name(word: re.Match[str]) -> str:
    numbers = (number for number, month in enumerate(MONTH_NAMES, start=1) if month.upper().startswith(word[0]))
    return next((f"-{number:02}-" for number in numbers), word[0])


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
