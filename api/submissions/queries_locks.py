"""The locks by which readers of the past know of running writers, and redactions wait for those who read a return."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import fetch_in_transaction
from api.plan.catalogue import Catalogue

# Writers share this lock while they write. Nobody waits for it: who reads the past asks whether somebody holds it.
WRITE_LOCK = 0x77726974


async def acquire_shared_write_lock(transaction: AsyncConnection, catalogue: Catalogue) -> None:
    """Acquire the lock that shows a running writer. Ask the database for `recorded_at` only after this call."""
    await fetch_in_transaction(transaction, "select pg_advisory_xact_lock_shared($1, $2)", WRITE_LOCK, catalogue.id)


_LOCK_RETURNS = """
    select pg_advisory_xact_lock_shared(number) from (
        select distinct "return" as number from revision
        where programme = $1 and id = any($2::bigint[]) order by number
    ) as returns
"""


async def lock_returns(transaction: AsyncConnection, catalogue: Catalogue, revisions: Sequence[int]) -> None:
    """Block decisions about these returns, and their redaction, until the transaction ends."""
    await fetch_in_transaction(transaction, _LOCK_RETURNS, catalogue.id, list(revisions))
