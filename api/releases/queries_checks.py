"""Read every stored release to check it, in SQL."""

from collections.abc import AsyncIterator

from sqlalchemy import ColumnElement, Table, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.releases.release_checks import Fault, StoredBlock, StoredRelease, find_change_faults, find_figure_faults
from schema.tables import change_block, figure_block, programme, release

_UNCOVERED_SQL = text("""
    select series, period
    from release.period full join release.figure_block using (programme, release, series, period)
    where programme = :programme and release = :release and (received is null or figure_count is null)
    order by series, period
""")


async def find_release_faults(transaction: AsyncConnection) -> AsyncIterator[Fault]:
    """Yield the faults of every release of the database. Memory needs: the packed figures of one release."""
    rows = await transaction.execute(
        select(programme.c.slug, release).join_from(release, programme).order_by(release.c.programme, release.c.number)
    )
    figure_counts: dict[tuple[int, int], int] = {}
    for row in rows.all():
        stored = StoredRelease(
            sha256=row.sha256,
            figure_count=row.report["figures"],
            change_count=row.report["changes"],
            previous_figure_count=figure_counts.get((row.programme, row.number - 1), 0),
        )
        figure_counts[row.programme, row.number] = stored.figure_count
        async for fault in _find_faults(transaction, row.programme, row.number, stored):
            yield Fault(fault.code, f"Release {row.number} of `{row.slug}`: {fault.message}")


async def _find_faults(
    transaction: AsyncConnection, programme_id: int, number: int, stored: StoredRelease
) -> AsyncIterator[Fault]:
    figures = await _fetch_blocks(transaction, figure_block, figure_block.c.figure_count, programme_id, number)
    for fault in find_figure_faults(stored, figures):
        yield fault
    changes = await _fetch_blocks(transaction, change_block, change_block.c.change_count, programme_id, number)
    for fault in find_change_faults(stored, changes):
        yield fault
    rows = await transaction.execute(_UNCOVERED_SQL, {"programme": programme_id, "release": number})
    for row in rows.all():
        message = f"The period {row.period} of series {row.series} is listed without figures, or has figures unlisted."
        yield Fault("period", message)


async def _fetch_blocks(
    transaction: AsyncConnection, table: Table, count: ColumnElement[int], programme_id: int, number: int
) -> list[StoredBlock]:
    rows = await transaction.execute(
        select(table.c.first_position, count, table.c.content)
        .where(table.c.programme == programme_id, table.c.release == number)
        .order_by(table.c.first_position)
    )
    return [(first, count, content) for first, count, content in rows]
