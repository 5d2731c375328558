"""The figures of a series in one period of a release, stored as one block of columns."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import msgspec
import numpy as np

from api.figures.resolution import CellKey
from api.plan.breakdowns import format_breakdown_key, parse_breakdown_key
from api.releases.struct_columns import pack_structs
from api.releases.struct_tables import StructTable
from api.statistics.disclosure.sparse_rows import IntArray
from schema.released_figures import PublishedFigure

_AREA, _BREAKDOWN = "area", "breakdown"  # a stored name never changes
_DECODER = msgspec.json.Decoder(PublishedFigure)


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

    @property
    def positions(self) -> range:
        return range(self.first_position, self.first_position + self.table.row_count)

    @cached_property
    def cells(self) -> list[CellKey]:
        """The area and the breakdown of each figure, in order."""
        breakdowns, rows = self._read_breakdowns()
        indices: list[int] = rows.tolist()
        keys = [breakdowns[index] for index in indices]
        return list(zip(self.table.read_values(_AREA), keys, strict=True))

    def find_rows(self, areas: Iterable[str], breakdowns: Iterable[str], *, after: int = -1) -> IntArray:
        """Return the rows of these areas and breakdown keys after a position."""
        is_chosen = np.ones(self.table.row_count, dtype=np.bool_)
        for (codes, rows), wanted in (
            (self.table.read_distinct(_AREA), frozenset(areas)),
            (self._read_breakdowns(), frozenset(breakdowns)),
        ):
            is_chosen &= np.array([code in wanted for code in codes])[rows]
        is_chosen[: max(0, after + 1 - self.first_position)] = False
        return np.flatnonzero(is_chosen)

    def read_displayed_values(self) -> dict[CellKey, float | None]:
        """Return the value of each figure that has bounds; None if it has only bounds."""
        rows = zip(self.cells, self.table.read_values("value"), self.table.read_values("lower_bound"), strict=True)
        return {cell: value for cell, value, low in rows if low is not None}

    def decode(self, rows: IntArray) -> list[PublishedFigure]:
        return decode_figures(self.table.render(rows))

    def _read_breakdowns(self) -> tuple[list[str], IntArray]:
        """Return the distinct breakdown keys, and the index of each figure's."""
        breakdowns, rows = self.table.read_distinct(_BREAKDOWN)
        return [format_breakdown_key(breakdown) for breakdown in breakdowns], rows


def decode_figures(texts: Sequence[bytes]) -> list[PublishedFigure]:
    return [_DECODER.decode(text) for text in texts]


def decode_at(positions: IntArray, blocks: Iterable[FigureBlock]) -> list[PublishedFigure | None]:
    """Return the figures at these positions of a release; None where no block has the position."""
    figures: dict[int, PublishedFigure] = {}
    for block in blocks:
        covered = block.positions
        rows = np.unique(positions[(positions >= covered.start) & (positions < covered.stop)]) - covered.start
        figures.update(zip((rows + covered.start).tolist(), block.decode(rows), strict=True))
    return [figures.get(position) for position in positions.tolist()]
