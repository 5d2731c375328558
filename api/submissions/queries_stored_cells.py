"""Read the stored cells of a whole database, and check them."""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.plan.breakdowns import TOTAL_KEY
from api.submissions.packed_cells import EMPTY_VALUES, PackedCells
from api.submissions.stored_cells import KnownCodes, find_faults

REVISIONS_PER_BATCH = 200

_SELECT_REVISIONS = text(
    f"""
    select r.programme, r.id, p.slug, o.slug as organisation, s.measure, s.slug as series, t.service, t.period,
        r.number, r.cells, r.totals, {", ".join(f"r.cell_{name}" for name in EMPTY_VALUES)}
    from revision r
    join "return" t on t.programme = r.programme and t.id = r."return"
    join programme p on p.id = r.programme
    join organisation o on o.programme = t.programme and o.id = t.organisation
    join series s on s.programme = t.programme and s.id = t.series
    where (r.programme, r.id) > (:programme, :revision) and r.cells > 0 and not exists (
        select from return_event e
        where e.programme = r.programme and e."return" = r."return" and e.number = r.number and e.event = 'redacted'
    )
    order by r.programme, r.id limit :limit
    """  # noqa: S608  the names of the columns are constants
)


async def list_faults(connection: AsyncConnection) -> AsyncIterator[str]:
    """Yield a line for each revision whose cells break a rule, with the codes of these rules."""
    known: dict[int, KnownCodes] = {}
    programme, revision = 0, 0
    while rows := (
        await connection.execute(
            _SELECT_REVISIONS, {"programme": programme, "revision": revision, "limit": REVISIONS_PER_BATCH}
        )
    ).all():
        for row in rows:
            if row.programme not in known:
                known[row.programme] = await _fetch_known_codes(connection, row.programme)
            if codes := find_faults(_to_packed_cells(row), known[row.programme]):
                name = " ".join([row.slug, row.organisation, row.measure, row.series, row.service, row.period])
                yield f"{name}, revision {row.number}: {', '.join(codes)}"
        programme, revision = rows[-1].programme, rows[-1].id


def _to_packed_cells(row: Row[Any]) -> PackedCells:
    columns = tuple(getattr(row, f"cell_{name}") for name in EMPTY_VALUES)
    return PackedCells(count=row.cells, totals=row.totals, columns=columns)


async def _fetch_known_codes(connection: AsyncConnection, programme: int) -> KnownCodes:
    areas = await connection.execute(text("select id from area where programme = :p"), {"p": programme})
    breakdowns = (
        await connection.execute(text("select key, id from breakdown where programme = :p"), {"p": programme})
    ).all()
    return KnownCodes(
        areas=frozenset(areas.scalars()),
        breakdowns=frozenset(row.id for row in breakdowns),
        total=next((row.id for row in breakdowns if row.key == TOTAL_KEY), None),
    )
