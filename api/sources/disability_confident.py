"""DWP's list of employers that have signed up to Disability Confident, as CSV. Only counts leave this module, no names.

The list on gov.uk has one row for each employer, with its town and its level. Its columns have changed names: the known
names are listed here. The lists of names are not verified to be complete.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from api.sources.row_account import NO_EMPLOYER, Row, RowAccount
from api.sources.tables import UnexpectedSourceFormat, read_table
from schema.submissions import NewReturn, Observation

MEASURE, SERIES, LEVEL_DIMENSION = "disability-confident-uptake", "headline", "disability-confident-level"
NAME_COLUMNS = ("Business Name", "Employer Name", "Employer name", "Organisation", "Company Name")
TOWN_COLUMNS = ("Town/City", "Town", "City", "Location")
LEVEL_COLUMNS = ("DC Level", "Disability Confident Level", "Level", "Scheme level")
# The field has the word or the number: `Committed`, `Level 2`, `3`.
LEVEL_BY_WORD = {"committed": 1, "1": 1, "employer": 2, "2": 2, "leader": 3, "3": 3}
MIN_SIMILARITY = 0.8
MAX_LISTED_TOWNS = 10
LEVEL_CODES = ("unknown", "1-committed", "2-employer", "3-leader")


def read_rows(text: str, account: RowAccount) -> list[Row]:
    """Return the rows of the list. Raises UnexpectedSourceFormat."""
    return read_table(text, (NAME_COLUMNS, TOWN_COLUMNS, LEVEL_COLUMNS), account)


def build_returns(
    rows: Iterable[Row], account: RowAccount, *, area: str, towns: Sequence[str], period: str
) -> list[NewReturn]:
    """Count the employers of a town by level. An employer that is listed twice counts once, at its highest level.

    `towns` are the spellings of the town. Its return notes which of them are counted, and which near spellings are not,
    with their rows. Raises UnexpectedSourceFormat.
    """
    level_by_employer: dict[str, int] = {}
    counted, others = Counter[str](), Counter[str]()
    spellings = {_normalise(town) for town in towns}
    for row in rows:
        name, town, level = (_get_field(row, names) for names in (NAME_COLUMNS, TOWN_COLUMNS, LEVEL_COLUMNS))
        if _normalise(town) not in spellings:
            others[town] += 1
            account.leave_out(row.number, "another town")
            continue
        employer = " ".join(name.casefold().split())
        if not employer:
            account.leave_out(row.number, NO_EMPLOYER)
            continue
        counted[town] += 1
        account.use()
        level_by_employer[employer] = max(level_by_employer.get(employer, 0), _parse_level(level))
    if not level_by_employer:
        raise UnexpectedSourceFormat(f"The list has no employer in {towns[0]!r}.")
    counts = Counter(level_by_employer.values())
    by_level = [
        Observation(area=area, breakdown={LEVEL_DIMENSION: code}, value=counts[level])
        for level, code in enumerate(LEVEL_CODES)
    ]
    total = Observation(area=area, value=len(level_by_employer))
    near = Counter({town: number for town, number in others.items() if _is_near(_normalise(town), spellings)})
    note = f"Counted: {_format_towns(counted)}."
    if near:
        note += f" Not counted, though the spelling is near: {_format_towns(near)}."
    return [NewReturn(measure=MEASURE, series=SERIES, period=period, observations=[total, *by_level], note=note)]


def _normalise(town: str) -> str:
    """Return the words of a name in lower case, without punctuation."""
    return " ".join(re.findall(r"\w+", town.casefold()))


def _is_near(town: str, spellings: Iterable[str]) -> bool:
    """Return True if the name contains a spelling, or is nearly the same: a reader may think that it is the town."""
    return any(
        f" {spelling} " in f" {town} " or SequenceMatcher(None, town, spelling).ratio() >= MIN_SIMILARITY
        for spelling in spellings
    )


def _format_towns(towns: Counter[str]) -> str:
    listed = [f"{town!r} in {number} rows" for town, number in towns.most_common(MAX_LISTED_TOWNS)]
    return ", ".join([*listed, *(["more"] if len(towns) > MAX_LISTED_TOWNS else [])])


def _get_field(row: Row, names: Iterable[str]) -> str:
    return next(row[name] for name in names if name in row)


def _parse_level(text: str) -> int:
    """Return the level, or 0 if the text names none."""
    return next((level for word, level in LEVEL_BY_WORD.items() if word in text.casefold().split()), 0)
