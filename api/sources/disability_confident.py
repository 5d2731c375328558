"""DWP's list of employers that have signed up to Disability Confident, as CSV: counts only, no employer's name is kept.

The list on gov.uk has one row for each employer, with its town and its level; its columns have changed names, and
those known are listed here. That they are all is not verified.
"""

from collections import Counter
from collections.abc import Iterable

from api.sources.tables import NotThePublication, Row, read
from schema.submissions import NewReturn, Observation

MEASURE, SERIES, LEVEL = "disability-confident-uptake", "headline", "disability-confident-level"
NAMES = ("Business Name", "Employer Name", "Employer name", "Organisation", "Company Name")
TOWNS = ("Town/City", "Town", "City", "Location")
LEVELS = ("DC Level", "Disability Confident Level", "Level", "Scheme level")
# By the word in the field: `Committed`, `Level 2`, `3`.
KNOWN = {"committed": 1, "1": 1, "employer": 2, "2": 2, "leader": 3, "3": 3}
CODES = ("unknown", "1-committed", "2-employer", "3-leader")


def rows(text: str) -> list[Row]:
    """Raises NotThePublication."""
    return read(text, ())


def returns(found: Iterable[Row], *, area: str, town: str, period: str) -> list[NewReturn]:
    """How many employers of the town hold each level. One that is listed twice counts once, at its highest level.

    Raises NotThePublication.
    """
    highest: dict[str, int] = {}
    for row in found:
        name, place, level = (_field(row, names) for names in (NAMES, TOWNS, LEVELS))
        if place.casefold() == town.casefold():
            employer = " ".join(name.casefold().split())
            highest[employer] = max(highest.get(employer, 0), _level(level))
    if not highest:
        raise NotThePublication(f"The list has no employer in {town!r}.")
    counts = Counter(highest.values())
    by_level = [
        Observation(area=area, breakdown={LEVEL: code}, value=counts[level]) for level, code in enumerate(CODES)
    ]
    total = Observation(area=area, value=len(highest))
    return [NewReturn(measure=MEASURE, series=SERIES, period=period, observations=[total, *by_level])]


def _field(row: Row, names: Iterable[str]) -> str:
    for name in names:
        if name in row:
            return row[name]
    raise NotThePublication(f"The list has no column {' or '.join(map(repr, names))}.")


def _level(text: str) -> int:
    """0 where it is not known."""
    return next((level for word, level in KNOWN.items() if word in text.casefold().split()), 0)
