"""SQL of the counts of requests."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncEngine

from api.database.connections import autocommit_connection, fetch_any


async def add_counts(engine: AsyncEngine, window: int, counts: Mapping[bytes, int]) -> dict[bytes, int]:
    """Add to the counts of all processes in a window, return the sums, and delete earlier windows."""
    buckets = sorted(counts)  # in one order, so that processes do not lock each other out
    async with autocommit_connection(engine) as connection:
        rows = await fetch_any(connection, _ADD_COUNTS_SQL, window, buckets, [counts[bucket] for bucket in buckets])
    return {row["bucket"]: row["used"] for row in rows}


_ADD_COUNTS_SQL = """
    with ended as (delete from rate_count where "window" < $1)
    insert into rate_count (bucket, "window", used)
    select bucket, $1, used from unnest($2::bytea[], $3::int[]) as added (bucket, used)
    on conflict (bucket, "window") do update set used = rate_count.used + excluded.used
    returning bucket, used
"""
