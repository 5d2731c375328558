"""The yardstick of storage: a table with one row for each cell, in a database of its own.

It is written by COPY of asyncpg, with its index and its checks but no trigger. The application's tables do not matter.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

import asyncpg
import numpy as np

from benchmarks import synthetic_data
from benchmarks.measured_server import run_statements

CREATE_TABLES_SQL = """
create table revision (id bigint generated always as identity primary key, series integer, period text, period_start date);
create table observation (
    programme integer not null, revision bigint not null, area integer not null, breakdown integer not null,
    value bigint, numerator bigint, denominator bigint, lower bigint, upper bigint, status text, note text,
    primary key (programme, revision, area, breakdown),
    check ((status is not null) = (value is null and numerator is null and denominator is null)),
    check (status in ('c', 'x', 'z', 'w')),
    check (value >= 0),
    check ((numerator is null) = (denominator is null) and (numerator is null or value is null)),
    check (numerator >= 0 and denominator >= 0),
    check (lower >= 0 and upper >= 0 and lower <= upper),
    check (status = 'c' or (lower is null and upper is null))
)
"""
CELL_COLUMNS = (
    "programme", "revision", "area", "breakdown", "value", "numerator", "denominator", "lower", "upper", "status",
    "note",
)  # fmt: skip
GROUP_BY_SQL = """
select r.series, o.area, o.breakdown, coalesce(longer.code, r.period) as period, sum(o.value) as value
from observation o
join revision r on r.id = o.revision
cross join lateral (select r.period_start - interval '3 months' as shifted) financial
cross join lateral (values
    (null),
    (to_char(shifted, 'YYYY"-Q"Q')),
    (to_char(shifted, 'YYYY') || case when to_char(shifted, 'Q') < '3' then '-H1' else '-H2' end),
    (to_char(shifted, 'YYYY'))
) longer (code)
group by r.series, o.area, o.breakdown, coalesce(longer.code, r.period)
"""
"""Cells of months, quarters, halves and financial years, from a row table."""
Row = tuple[object, ...]


class RowTable:
    """A database with the table. Revisions are numbered from 1 in the order in which they are written."""

    def __init__(self, dsn: Callable[[str], str], name: str) -> None:
        asyncio.run(run_statements(dsn("postgres"), f"create database {name}"))
        self.url = dsn(name)
        self._revision_count = 0
        self.cell_count = 0
        asyncio.run(run_statements(self.url, CREATE_TABLES_SQL))

    def copy(self, revisions: Sequence[Sequence[Row]]) -> float:
        """Write the cells of new revisions, without programme and revision. Return the seconds of COPY and commit."""
        first = self._revision_count + 1
        self._revision_count += len(revisions)
        rows = [(1, number, *cell) for number, cells in enumerate(revisions, first) for cell in cells]
        self.cell_count += len(rows)
        return asyncio.run(self._copy("observation", rows, CELL_COLUMNS))

    def describe_revisions(self, revisions: Iterable[tuple[int, str]]) -> None:
        """Write the series and the month of each new revision."""
        rows = [(series, month, date.fromisoformat(f"{month}-01")) for series, month in revisions]
        asyncio.run(self._copy("revision", rows, ("series", "period", "period_start")))

    def time_group_by(self) -> float:
        """Return the seconds to write the cells of every month, quarter, half and year to a table."""
        started = time.perf_counter()
        asyncio.run(run_statements(self.url, f"create temporary table cells as {GROUP_BY_SQL}"))
        return time.perf_counter() - started

    async def _copy(self, table: str, rows: Sequence[Row], columns: Sequence[str]) -> float:
        connection = await asyncpg.connect(self.url)
        try:
            started = time.perf_counter()
            await connection.copy_records_to_table(table, records=rows, columns=columns)
            return time.perf_counter() - started
        finally:
            await connection.close()


def build_revisions(observations: int) -> list[list[Row]]:
    """Return the cells that `synthetic_data.write_files` writes, for `RowTable.copy`."""
    return [list(_build_rows(cells)) for _, _, cells in synthetic_data.generate_cells(observations)]


def _build_rows(cells: Iterable[synthetic_data.SyntheticCell]) -> Iterator[Row]:
    for cell in cells:
        numbers = (cell.value, cell.numerator, cell.denominator, None, None)
        yield (cell.area, cell.breakdown, *numbers, cell.status or None, cell.note or None)


def build_value_rows(values: np.ndarray) -> list[Row]:
    """Return the rows of a table of values, by area and breakdown."""
    return [
        (area, breakdown, value, None, None, None, None, None, None)
        for area, row in enumerate(values.tolist())
        for breakdown, value in enumerate(row)
    ]


async def measure_disk_bytes(url: str, schema: str = "public") -> int:
    """Return the size of all tables of a schema with their indexes."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(
            "select sum(pg_total_relation_size(oid))::bigint from pg_class "
            "where relkind = 'r' and relnamespace = $1::text::regnamespace",
            schema,
        )
    finally:
        await connection.close()
