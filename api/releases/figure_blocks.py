"""The figures of a series in one period of a release, stored as one block of columns."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import msgspec
import numpy as np
from msgspec import Struct

from api.figures.resolution import CellKey
from api.plan.breakdowns import format_breakdown_key, parse_breakdown_key
from api.releases.struct_columns import pack_structs
from api.releases.struct_tables import StructTable
from api.statistics.disclosure.sparse_rows import IntArray
from schema.released_figures import PublishedFigure

_AREA, _BREAKDOWN = "area", "breakdown"  # a stored name never changes
_DECODER = msgspec.json.Decoder(PublishedFigure)


class ReleasedPeriod(Struct, frozen=True, kw_only=True):
    """A series in a period of a release."""

    series: int
    """The database's number."""
    period: str
    received: bool
    """True if anything was returned."""
    positions: range
    """The positions of the figures in the release."""


def pack_figures(figures: Sequence[PublishedFigure], numbers: IntArray, cells: Sequence[CellKey]) -> bytes:
    """Pack a figure for each cell: the one that `numbers` states, but for its area and breakdown."""
    breakdowns = {key: parse_breakdown_key(key) for key in {key for _, key in cells}}
    own_values = {_AREA: [area for area, _ in cells], _BREAKDOWN: [breakdowns[key] for _, key in cells]}
    return pack_structs(figures, numbers, own_values)


class FigureBlock:
    """Stored figures of a series in a period. Their positions in the release are consecutive."""

    def __init__(self, first_position: int, content: bytes) -> None:
        """Raises UnknownFormat, and msgspec.DecodeError if the content is damaged."""
        self.first_position, self.table = first_position, StructTable(PublishedFigure, content)
        self._stored_bytes = len(content)

    @property
    def positions(self) -> range:
        return range(self.first_position, self.first_position + self.table.row_count)

    @property
    def memory_bytes(self) -> int:
        """The approximate size in memory: as much as is stored, the objects of texts, and two indices of each row."""
        texts = sum(len(column.texts) for column in self.table.packed.columns.values())
        return self._stored_bytes + 64 * texts + 16 * self.table.row_count

    @cached_property
    def cells(self) -> list[CellKey]:
        """The area and the breakdown of each figure, in order."""
        (areas, area_rows), (keys, key_rows) = self._areas, self._breakdowns
        rows = zip(area_rows.tolist(), key_rows.tolist(), strict=True)
        return [(areas[area], keys[key]) for area, key in rows]

    def find_rows(self, areas: Iterable[str], breakdowns: Iterable[str], *, after: int = -1) -> IntArray:
        """Return the rows of these areas and breakdown keys after a position."""
        is_chosen = np.ones(self.table.row_count, dtype=np.bool_)
        for (codes, rows), wanted in ((self._areas, frozenset(areas)), (self._breakdowns, frozenset(breakdowns))):
            is_chosen &= np.array([code in wanted for code in codes])[rows]
        is_chosen[: max(0, after + 1 - self.first_position)] = False
        return np.flatnonzero(is_chosen)

    def read_displayed_values(self) -> dict[CellKey, float | None]:
        """Return the value of each figure that has bounds; None if it has only bounds."""
        rows = zip(self.cells, self.table.read_values("value"), self.table.read_values("lower_bound"), strict=True)
        return {cell: value for cell, value, low in rows if low is not None}

    def decode(self, rows: IntArray) -> list[PublishedFigure]:
        return decode_figures(self.table.render(rows))

    @cached_property
    def _areas(self) -> tuple[list[str], IntArray]:
        """The distinct areas, and the index of each figure's."""
        return self.table.read_distinct(_AREA)

    @cached_property
    def _breakdowns(self) -> tuple[list[str], IntArray]:
        """The distinct breakdown keys, and the index of each figure's."""
        breakdowns, rows = self.table.read_distinct(_BREAKDOWN)
        return [format_breakdown_key(breakdown) for breakdown in breakdowns], rows


def decode_figures(texts: Sequence[bytes]) -> list[PublishedFigure]:
    return [_DECODER.decode(text) for text in texts]


def decode_at(positions: IntArray, blocks: Iterable[FigureBlock]) -> list[PublishedFigure | None]:
    """Return the figures at these positions of a release; None where no block has the position."""
    figures: dict[int, PublishedFigure] = {}
    wanted = np.unique(positions)
    for block in blocks:
        first, end = np.searchsorted(wanted, (block.positions.start, block.positions.stop))
        chosen = wanted[first:end]
        figures.update(zip(chosen.tolist(), block.decode(chosen - block.first_position), strict=True))
    return [figures.get(position) for position in positions.tolist()]
