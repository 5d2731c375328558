"""The algebra of periods: read a code, step, nest and tile.

Inside, a month is a number (twelve times the year, plus 0 for January), so that all but the snapshots is
plain arithmetic. Every day of a period lies from 1 January 1990 to 31 December 2100.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache

from schema.periods import Period, PeriodType

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
MAX_MONTHS_ENDING = 60

# fmt: off
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)
_APRIL, _SEPTEMBER = 3, 8

# Length in months, and the month of the year in which the first one begins.
_LENGTH_AND_FIRST_MONTH = {
    PeriodType.MONTH: (1, 0),
    PeriodType.FINANCIAL_QUARTER: (3, _APRIL),
    PeriodType.FINANCIAL_HALF: (6, _APRIL),
    PeriodType.FINANCIAL_YEAR: (12, _APRIL),
    PeriodType.CALENDAR_QUARTER: (3, 0),
    PeriodType.CALENDAR_YEAR: (12, 0),
    PeriodType.ACADEMIC_YEAR: (12, _SEPTEMBER),
}
# How to read the numbers of a code, how to write it, and its label.
_CODE_FORMATS = {
    PeriodType.MONTH: (r"(\d{4})-(\d\d)", "{last}", "{long}"),
    PeriodType.FINANCIAL_QUARTER: (r"FY(\d{4})-\d\d-Q(\d)", "FY{years}-Q{nth}", "Q{nth} {slashed} ({short})"),
    PeriodType.FINANCIAL_HALF: (r"FY(\d{4})-\d\d-H(\d)", "FY{years}-H{nth}", "{short}"),
    PeriodType.FINANCIAL_YEAR: (r"FY(\d{4})-\d\d", "FY{years}", "{slashed}"),
    PeriodType.CALENDAR_QUARTER: (r"CY(\d{4})-Q(\d)", "CY{year}-Q{nth}", "{short}"),
    PeriodType.CALENDAR_YEAR: (r"CY(\d{4})", "CY{year}", "{year}"),
    PeriodType.ACADEMIC_YEAR: (r"AY(\d{4})-\d\d", "AY{years}", "{slashed} academic year"),
    PeriodType.MONTHS_ENDING: (r"R(\d\d?)-(\d{4})-(\d\d)", "R{length}-{last}", "{months} ending {ending}"),
    PeriodType.SNAPSHOT: (r"D(\d{4})-(\d\d)-(\d\d)", "D{start}", "at {start.day} {ending}"),
    PeriodType.TO_DATE: (r"P(\d{4})-(\d\d)\.\.(\d{4})-(\d\d)", "P{first}..{last}", "{long}"),
}
# fmt: on


class InvalidPeriodCode(Exception):  # noqa: N818  a refusal is not an error of ours
    """No period has this code. `candidates` are the codes that may have been meant, the likeliest first.

    There are none where nothing can be guessed: `Q1` alone says no year, and a week is no period here. A step
    or a start that leaves the years 1990 to 2100 has no code; `code` then describes it.
    """

    def __init__(self, code: str, candidates: tuple[str, ...] = ()) -> None:
        meant = f"; it may mean {' or '.join(candidates)}" if candidates else ""
        super().__init__(f"{code!r} is not the code of a period{meant}.")
        self.code = code
        self.candidates = candidates


class PeriodNotDivisible(Exception):  # noqa: N818  as above
    """The period cannot be cut into whole periods of the type."""

    def __init__(self, period: Period, into: PeriodType) -> None:
        super().__init__(f"{period.code} cannot be cut into whole periods of the type {into}.")
        self.period = period
        self.period_type = into


@lru_cache(maxsize=4096)
def parse(code: str) -> Period:
    """Return the period of a canonical code.

    Raises `NotAPeriod` for every other string, whatever it holds.
    """
    period = _parse_canonical(code)
    if period is None:
        raise InvalidPeriodCode(code, tuple(_list_candidates(code)))
    return period


def build_period(type_: PeriodType, start: date, *, months: int | None = None) -> Period:
    """Return the period of a type that begins on a day.

    `months` is the length of a `months-ending` (1 to 60) or `to-date` period; other types have their own
    length and pass it by. Raises `ValueError` where no period of the type begins that day or has that length,
    `NotAPeriod` where it would leave the years 1990 to 2100.
    """
    if type_ is PeriodType.SNAPSHOT:
        return _build_snapshot(start)
    first = _to_month_index(start)
    length, offset = _LENGTH_AND_FIRST_MONTH.get(type_, (months or 0, first))
    if start.day != 1 or (first - offset) % max(length, 1):
        raise ValueError(f"No {type_} period begins on {start}.")
    if length < 1 or (type_ is PeriodType.MONTHS_ENDING and length > MAX_MONTHS_ENDING):
        raise ValueError(f"A {type_} period cannot have {months} months.")
    return _build_from_months(type_, first, first + length - 1)


def contains(outer: Period, inner: Period) -> bool:
    """Whether every day of `inner`, which may be a snapshot's one day, is a day of `outer`."""
    return outer.start <= inner.start and inner.end <= outer.end


def is_same_span(a: Period, b: Period) -> bool:
    """Whether two periods are the same days under two names, as `CY2025-Q3` and `FY2025-26-Q2` are."""
    return (a.start, a.end) == (b.start, b.end)


def count_months(period: Period) -> int:
    """Return how many calendar months the period touches: 3 for a quarter, 1 for a month or a snapshot's day."""
    return _to_month_index(period.end) - _to_month_index(period.start) + 1


def partition(whole: Period, parts: Iterable[Period]) -> tuple[Period, ...] | None:
    """Choose, of the parts given, those that make up the whole with no gap and no overlap, in order of time.

    Of several ways the one with the fewest parts is chosen, so that a longer period that was itself returned
    goes before the shorter ones inside it; of equal spans, the one of the whole's own type. The order in which
    the parts are given plays no role. None where there is no way; snapshots are never parts.
    """
    usable = {part for part in parts if part.type is not PeriodType.SNAPSHOT and contains(whole, part)}
    tails: dict[date, tuple[Period, ...]] = {_find_day_after(whole): ()}
    for part in sorted(usable, key=lambda part: part.start, reverse=True):
        tail = tails.get(_find_day_after(part))
        if tail is None:
            continue
        ways = [way for way in (tails.get(part.start), (part, *tail)) if way]
        tails[part.start] = min(
            ways, key=lambda way: (len(way), [(each.type is not whole.type, each.code) for each in way])
        )
    return tails.get(whole.start)


def divide_period(period: Period, type_: PeriodType) -> tuple[Period, ...]:
    """Return the periods of a type that make up the period: the months of a quarter, the quarters of a year.

    Raises `NotPartitioned` where they do not fit, as financial quarters do not fit an academic year, and for
    the types that do not divide time: snapshots, `months-ending` and `to-date`.
    """
    found = list_periods_between(type_, period.start, period.end) if type_ in _LENGTH_AND_FIRST_MONTH else ()
    if not found or (found[0].start, found[-1].end) != (period.start, period.end):
        raise PeriodNotDivisible(period, type_)
    return found


def shift_period(period: Period, steps: int = 1, *, months: int = 1) -> Period:
    """Return the n-th next period of the same type, or the n-th one before where `n` is negative.

    `months` is how far apart successive `months-ending`, `to-date` and snapshot periods are, as 3 for twelve
    months ending that are published each quarter; other types step by their own length and pass it by. A
    `to-date` period keeps its start; a snapshot of the last day of a month stays on the last day. Raises
    `NotAPeriod` beyond the years 1990 to 2100, and for a `to-date` period that would end before it starts.
    """
    step = steps * (_LENGTH_AND_FIRST_MONTH[period.type][0] if period.type in _LENGTH_AND_FIRST_MONTH else months)
    first, last = _to_month_index(period.start), _to_month_index(period.end) + step
    if period.type is PeriodType.SNAPSHOT:
        end = _build_from_months(PeriodType.MONTH, last, last).end
        stays_last = period.start == _find_last_day(first)
        return _build_snapshot(end if stays_last else end.replace(day=min(period.start.day, end.day)))
    return _build_from_months(period.type, first if period.type is PeriodType.TO_DATE else first + step, last)


def list_periods_between(
    type_: PeriodType, first: date, last: date, *, months: int | None = None
) -> tuple[Period, ...]:
    """Return all periods of a type that lie wholly within a span of days, both ends included, in order.

    `months` is the length of `months-ending` periods, which are listed for each month. `to-date` periods are
    counted from the span's first whole month; of snapshots, the last days of months are listed. Raises
    `ValueError` for `months-ending` without a length of 1 to 60.
    """
    first, last = max(first, FIRST_DAY), min(last, LAST_DAY)
    lowest = _to_month_index(first) + (first.day > 1)
    highest = _to_month_index(last) - (last != _find_last_day(_to_month_index(last)))
    if type_ is PeriodType.SNAPSHOT:
        return tuple(_build_snapshot(_find_last_day(month)) for month in range(_to_month_index(first), highest + 1))
    if type_ is PeriodType.TO_DATE:
        return tuple(_build_from_months(type_, lowest, month) for month in range(lowest, highest + 1))
    length, offset = _LENGTH_AND_FIRST_MONTH.get(type_, (months or 0, 0))
    if not 1 <= length <= MAX_MONTHS_ENDING:
        raise ValueError(f"A {type_} period cannot have {months} months.")
    step = length if type_ in _LENGTH_AND_FIRST_MONTH else 1
    begin = lowest + (offset - lowest) % step
    return tuple(
        _build_from_months(type_, month, month + length - 1) for month in range(begin, highest - length + 2, step)
    )


def _to_month_index(day: date) -> int:
    return day.year * 12 + day.month - 1


def _find_first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _find_last_day(month: int) -> date:
    return _find_first_day(month + 1) - timedelta(days=1)


def _find_day_after(period: Period) -> date:
    return period.end + timedelta(days=1)


def _build_snapshot(day: date) -> Period:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidPeriodCode(f"D{day}")
    return _build_from_days(PeriodType.SNAPSHOT, day, day)


def _build_from_months(type_: PeriodType, first: int, last: int) -> Period:
    if not _to_month_index(FIRST_DAY) <= first <= last <= _to_month_index(LAST_DAY):
        raise InvalidPeriodCode(f"{type_} {_format_month(first)}..{_format_month(last)}")
    return _build_from_days(type_, _find_first_day(first), _find_last_day(last))


def _build_from_days(type_: PeriodType, start: date, end: date) -> Period:
    first, last = _to_month_index(start), _to_month_index(end)
    length, offset = _LENGTH_AND_FIRST_MONTH.get(type_, (last - first + 1, 0))
    year, month = divmod(first - offset, 12)
    words = {
        "start": start,
        "year": year,
        "years": f"{year}-{(year + 1) % 100:02}",
        "slashed": f"{year}/{(year + 1) % 100:02}",
        "nth": month // length + 1,
        "length": length,
        "months": f"{length} months" if length > 1 else "1 month",
        "first": _format_month(first),
        "last": _format_month(last),
        "ending": _format_month_range(last, last),
        "long": _format_month_range(first, last),
        "short": _format_month_range(first, last, letters=3),
    }
    _, code, label = _CODE_FORMATS[type_]
    return Period(code=code.format_map(words), type=type_, start=start, end=end, label=label.format_map(words))


def _format_month_range(first: int, last: int, *, letters: int | None = None) -> str:
    start, end = MONTH_NAMES[first % 12][:letters], f"{MONTH_NAMES[last % 12][:letters]} {last // 12}"
    if first == last:
        return end
    return f"{start} to {end}" if first // 12 == last // 12 else f"{start} {first // 12} to {end}"


def _format_month(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"


def _parse_canonical(code: str) -> Period | None:
    """Read the numbers of a code; it is canonical when it is the code that its own numbers give."""
    for type_, (shape, _, _) in _CODE_FORMATS.items():
        found = re.fullmatch(shape, code, re.ASCII)
        if found:
            try:
                period = _build_from_numbers(type_, [int(number) for number in found.groups()])
            except (InvalidPeriodCode, ValueError):
                return None
            return period if period.code == code else None
    return None


def _build_from_numbers(type_: PeriodType, numbers: list[int]) -> Period:
    match type_, numbers:
        case PeriodType.SNAPSHOT, [year, month, day]:
            return _build_snapshot(date(year, month, day))
        case PeriodType.TO_DATE, [year, month, last_year, last_month]:
            return _build_from_months(type_, year * 12 + month - 1, last_year * 12 + last_month - 1)
        case PeriodType.MONTHS_ENDING, [length, year, month]:
            last = year * 12 + month - 1
            return _build_from_months(type_, last - min(length, MAX_MONTHS_ENDING) + 1, last)
        case _:
            length, offset = _LENGTH_AND_FIRST_MONTH[type_]
            year, nth = (*numbers, 1)[:2]
            first = year * 12 + offset + (nth - 1) * length
            return _build_from_months(type_, first, first + length - 1)


# What people write instead, once `_plain` has evened it out.
_SEPARATOR_PATTERN = re.compile(r"[\s/\\_.,\u2010-\u2014-]+")
_MAX_SPELLING_LENGTH = 40
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
    (r"R0?(\d\d?)-?(\d{4})-?(\d\d?)", ["R{0}-{1}-{2:0>2}"]),
    (r"P?(\d{4})-?(\d\d)-?(?:TO-)?(\d{4})-?(\d\d)", ["P{0}-{1}..{2}-{3}"]),
)
# fmt: on


def _list_candidates(spelling: str) -> Iterator[str]:
    if len(spelling) > _MAX_SPELLING_LENGTH:
        return
    plain = _normalise_spelling(spelling)
    meant = list(_list_year_codes(plain))
    for shape, codes in _SPELLING_REWRITES:
        found = re.fullmatch(shape, plain, re.ASCII)
        if found:
            meant += [code.format(*found.groups()) for code in codes]
    yield from filter(_parse_canonical, dict.fromkeys(meant))


def _normalise_spelling(spelling: str) -> str:
    """Write in capitals, months as numbers, one hyphen for each separator, a leading `Q1` or `H1` last."""
    numbered = re.sub(r"[A-Z]{3,}", _replace_month_name, spelling.upper())
    return re.sub(r"^([QH]\d)-?(.+)$", r"\2-\1", _SEPARATOR_PATTERN.sub("-", numbered).strip("-"))


def _replace_month_name(word: re.Match[str]) -> str:
    found = (nth for nth, month in enumerate(MONTH_NAMES, start=1) if month.upper().startswith(word[0]))
    return next((f"-{nth:02}-" for nth in found), word[0])


def _list_year_codes(plain: str) -> Iterator[str]:
    found = _YEARS_PATTERN.fullmatch(plain)
    if found is None:
        return
    kind, part, after = found["kind"], found["part"], found["next"]
    start = int(found["year"]) + (2000 if len(found["year"]) == 2 else 0)
    if kind is None and after and int(after) not in {start + 1, (start + 1) % 100}:
        return
    kinds = [kind] if kind else ["FY", "AY"] if after else ["FY", "CY"] if part else ["CY", "FY", "AY"]
    for each in kinds:
        yield _format_year_code(each, start, part)
    if kind in {"FY", "AY"} and not after:
        # `FY2025` is the year that begins in 2025 to some and the one that ends then to others.
        yield _format_year_code(kind, start - 1, part)


def _format_year_code(kind: str, year: int, part: str | None) -> str:
    if kind == "CY" and part in {"H1", "H2"}:
        return f"P{year}-01..{year}-06" if part == "H1" else f"P{year}-07..{year}-12"
    years = str(year) if kind == "CY" else f"{year}-{(year + 1) % 100:02}"
    return f"{kind}{years}-{part}" if part else f"{kind}{years}"
