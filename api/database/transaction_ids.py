"""Transaction ids in restored rows, which are those of another PostgreSQL server.

Rows record the transaction that wrote them, and readers compare it with the transactions that run now. On a server that
has given out fewer ids, restored rows would seem to be written later than new ones, and their events would be hidden.
"""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_MISSING_SQL = """
    with stored (id) as (
        select (
            select e.transaction from return_event e where e.programme = p.id order by e.transaction desc limit 1
        ) from programme p
        union all select pg_snapshot_xmax(snapshot) from past_snapshot
    )
    select coalesce(max(id::text::bigint), 0) - pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1 from stored
"""
# Each transaction takes the next id and writes nothing else. A server does about 150,000 in a second.
USE_UP = """
    do $$ begin
        for number in 1..{count} loop
            perform pg_current_xact_id();
            commit;
        end loop;
    end $$
"""


async def advance_transaction_ids(connection: AsyncConnection) -> None:
    """Use up transaction ids until the next one is larger than every stored one. Usually none are missing."""
    missing = (await connection.execute(text(_MISSING_SQL))).scalar_one()
    await connection.commit()
    if missing > 0:
        driver_connection: Any = (await connection.get_raw_connection()).driver_connection
        await driver_connection.execute("set synchronous_commit = off")
        await driver_connection.execute(USE_UP.format(count=missing))
        await driver_connection.execute("reset synchronous_commit")
