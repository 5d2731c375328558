"""Locks: submissions to the same return wait for each other, and readers of the past wait for running writers."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import fetch_in_transaction
from api.plan.catalogue import Catalogue
from api.submissions.revisions import IdentifiedReturn, ReturnKey

# Writers share this lock while they write. A reader of the past acquires it exclusively, so it waits for them.
WRITE_LOCK = 0x77726974


async def lock_returns(
    transaction: AsyncConnection, catalogue: Catalogue, owner: str, returns: Sequence[IdentifiedReturn]
) -> tuple[dict[ReturnKey, int], dict[ReturnKey, int]]:
    """Create the missing returns, and lock all of them until the transaction ends.

    Return the ids of all returns, and the ids of those that existed already. Returns are locked in a fixed order, so
    that two submissions cannot wait for each other. A second creator waits for the first one's transaction.
    """
    ordered = sorted(returns, key=lambda identified: identified.key)
    keys = {
        (
            catalogue.ids.series[identified.measure.slug, identified.series.slug],
            identified.duty.service,
            identified.period.code,
        ): identified.key
        for identified in ordered
    }
    arguments = [catalogue.id, catalogue.ids.organisations[owner], *map(list, zip(*keys, strict=True))]
    starts = [identified.period.start for identified in ordered]
    ends = [identified.period.end for identified in ordered]
    rows = await fetch_in_transaction(transaction, _INSERT_RETURNS, *arguments, starts, ends)
    created = {keys[tuple(key)]: return_id for return_id, *key in rows}
    existing: dict[ReturnKey, int] = {}
    if len(created) < len(ordered):
        rows = await fetch_in_transaction(transaction, _SELECT_RETURNS, *arguments)
        known = {keys[tuple(key)]: return_id for return_id, *key in rows}
        existing = {key: return_id for key, return_id in known.items() if key not in created}
        await fetch_in_transaction(transaction, _LOCK_RETURNS, sorted(existing.values()))
    await acquire_shared_write_lock(transaction, catalogue)
    return created | existing, existing


# Arrays as arguments: PostgreSQL plans one statement for any number of returns.
_INSERT_RETURNS = """
    insert into return (programme, organisation, series, service, period, period_start, period_end)
    select $1, $2, * from unnest($3::int[], $4::text[], $5::text[], $6::date[], $7::date[])
    on conflict do nothing returning id, series, service, period
"""
_SELECT_RETURNS = """
    select r.id, r.series, r.service, r.period
    from unnest($3::int[], $4::text[], $5::text[]) as named (series, service, period)
    join return r using (series, service, period)
    where r.programme = $1 and r.organisation = $2
"""
_LOCK_RETURNS = "select pg_advisory_xact_lock(number) from unnest($1::bigint[]) as number"


async def acquire_shared_write_lock(transaction: AsyncConnection, catalogue: Catalogue) -> None:
    """Acquire the lock that readers of the past wait for. Read the clock for `recorded_at` only after this call."""
    await fetch_in_transaction(transaction, "select pg_advisory_xact_lock_shared($1, $2)", WRITE_LOCK, catalogue.id)
