"""The parts of a proposed mapping, and the plan's knowledge that it is made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ._spelling.names import fold_name
from .mapping_decisions import OPEN_MARK
from .row_accounts import format_row
from .tables import NUMBER_COLUMNS

if TYPE_CHECKING:
    from ._generated.models import Period
    from .return_forms import Labels

UNKNOWN_WORDS = ("not known", "unknown", "not stated", "not recorded", "unspecified", "missing")


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """The plan's knowledge: names, and the duties of one measure."""

    labels: Labels
    areas: frozenset[str]
    """The areas of the duty."""
    dimensions: frozenset[str]
    """The dimensions by which the measure may be broken down."""
    number_columns: tuple[str, ...]
    periods: tuple[Period, ...]
    """The periods of the duty, oldest first."""

    def find_whole_area(self) -> str | None:
        """Return the area that contains the others: the only one, or the one that has an area for unknown places."""
        whole = [area for area in self.areas if len(self.areas) == 1 or f"{area}-unknown" in self.areas]
        return whole[0] if len(whole) == 1 else None

    def name_area(self, area: str) -> str:
        return self.labels.areas.get(area, area)


class Entry(NamedTuple):
    """The right side of an entry of a mapping, with a comment."""

    value: str
    comment: str = ""
    is_open: bool = False
    """True if a person must decide. The value is then only a proposal, or empty."""

    @property
    def text(self) -> str:
        return f"{OPEN_MARK}{self.value}" if self.is_open else self.value


@dataclass(slots=True)
class Proposal:
    """A mapping in the making."""

    header: int
    columns: dict[str, Entry] = field(default_factory=dict[str, Entry])
    codes: dict[str, dict[str, Entry]] = field(default_factory=dict[str, dict[str, Entry]])
    constants: dict[str, Entry] = field(default_factory=dict[str, Entry])
    marks: dict[str, Entry] = field(default_factory=dict[str, Entry])
    skips: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Texts of rows that are left out, by column."""
    dimension: str | None = None
    """The dimension whose categories are columns."""
    wide_columns: dict[str, Entry] = field(default_factory=dict[str, Entry])
    """The category of each of these columns."""
    period_column: str | None = None
    has_title_period: bool = False
    """True if the titles state the period."""
    skipped_rows: list[int] = field(default_factory=list[int])
    questions: list[str] = field(default_factory=list[str])
    """Choices that belong to no entry."""
    is_summed: bool = False

    def find_target(self, target: str) -> str | None:
        return next((name for name, entry in self.columns.items() if entry.value == target), None)

    def iter_entries(self) -> Iterator[Entry]:
        for section in (self.constants, self.columns, *self.codes.values(), self.wide_columns, self.marks):
            yield from section.values()

    def is_recognised(self) -> bool:
        """Return True if a column has numbers, and another one or the numbers' own names state what they count."""
        has_names = any(entry.value and entry.value not in NUMBER_COLUMNS for entry in self.columns.values())
        return bool(self.list_number_columns()) and (has_names or self.dimension is not None)

    def list_number_columns(self) -> list[str]:
        """Return the columns of the source whose numbers are sent."""
        return [*(name for name, entry in self.columns.items() if entry.value in NUMBER_COLUMNS), *self.wide_columns]


def describe_rows(rows: Sequence[tuple[int, Sequence[str]]]) -> str:
    """Return the numbers of the rows, with the largest number of the first: `row 10 has 17`."""
    numbers = [number for number, _ in rows]
    figure = format_row(rows[0][1]).rpartition(" ")[2]
    more = f", as well as rows {', '.join(map(str, numbers[1:]))}" if numbers[1:] else ""
    return f"row {numbers[0]} has {figure}{more}"


def has_words(text: str, known: Iterable[str]) -> bool:
    """Return True if the text has one of these words or runs of words, however it writes them."""
    folded = f" {fold_name(text)} "
    return any(f" {words} " in folded for words in known)
