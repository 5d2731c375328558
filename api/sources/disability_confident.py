"""DWP's list of employers that have signed up to Disability Confident, as CSV. Only counts leave this module, no names.

The list on gov.uk has one row for each employer, with its town and its level. Its columns have changed names: the known
names are listed here. The lists of names are not verified to be complete.
"""

from collections import Counter
from collections.abc import Iterable

from api.sources.tables import Row, UnexpectedSourceFormat, read_table
from schema.submissions import NewReturn, Observation

MEASURE, SERIES, LEVEL_DIMENSION = "disability-confident-uptake", "headline", "disability-confident-level"
NAME_COLUMNS = ("Business Name", "Employer Name", "Employer name", "Organisation", "Company Name")
TOWN_COLUMNS = ("Town/City", "Town", "City", "Location")
LEVEL_COLUMNS = ("DC Level", "Disability Confident Level", "Level", "Scheme level")
# The field has the word or the number: `Committed`, `Level 2`, `3`.
LEVEL_BY_WORD = {"committed": 1, "1": 1, "employer": 2, "2": 2, "leader": 3, "3": 3}
LEVEL_CODES = ("unknown", "1-committed", "2-employer", "3-leader")


def read_rows(text: str) -> list[Row]:
    """Return the rows of the list. Raises UnexpectedSourceFormat."""
    return read_table(text, ())


def build_returns(rows: Iterable[Row], *, area: str, town: str, period: str) -> list[NewReturn]:
    """Count the employers of the town by level. An employer that is listed twice counts once, at its highest level.

    Raises UnexpectedSourceFormat.
    """
    level_by_employer: dict[str, int] = {}
    for row in rows:
        name, employer_town, level = (_get_field(row, names) for names in (NAME_COLUMNS, TOWN_COLUMNS, LEVEL_COLUMNS))
        if employer_town.casefold() == town.casefold():
            employer = " ".join(name.casefold().split())
            level_by_employer[employer] = max(level_by_employer.get(employer, 0), _parse_level(level))
    if not level_by_employer:
        raise UnexpectedSourceFormat(f"The list has no employer in {town!r}.")
    counts = Counter(level_by_employer.values())
    by_level = [
        Observation(area=area, breakdown={LEVEL_DIMENSION: code}, value=counts[level])
        for level, code in enumerate(LEVEL_CODES)
    ]
    total = Observation(area=area, value=len(level_by_employer))
    return [NewReturn(measure=MEASURE, series=SERIES, period=period, observations=[total, *by_level])]


def _get_field(row: Row, names: Iterable[str]) -> str:
    for name in names:
        if name in row:
            return row[name]
    raise UnexpectedSourceFormat(f"The list has no column {' or '.join(map(repr, names))}.")


def _parse_level(text: str) -> int:
    """Return the level, or 0 if the text names none."""
    return next((level for word, level in LEVEL_BY_WORD.items() if word in text.casefold().split()), 0)
