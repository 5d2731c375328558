"""Wait for running submissions before reading the past."""

import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.plan.catalogue import Catalogue
from api.returns.parameters import WriteInProgress
from api.returns.query import HistoryRange
from api.submissions.queries_locks import WRITE_LOCK

MAX_WAIT_SECONDS = 10.0
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.005, 0.1


async def wait_for_past_writes(transaction: AsyncConnection, catalogue: Catalogue, history_range: HistoryRange) -> None:
    """Wait, if the range refers to the past, until no write to that past is still running. Raises WriteInProgress."""
    is_past = history_range.as_of is not None or history_range.updated_after is not None
    if is_past and not await wait_for_writers(transaction, catalogue):
        raise WriteInProgress("A submission that began before this request is still being written.")


async def wait_for_writers(transaction: AsyncConnection, catalogue: Catalogue) -> bool:
    """Wait until all transactions that are writing now have ended. Return False if one still writes after 10 seconds.

    `recorded_at` of a revision is the time at which it was written, not committed. A revision of instant T may become
    visible long after T, and a response for T sent before that would lack it. But a writer reads the clock only after
    it has acquired WRITE_LOCK. So each revision of a past T belongs to a transaction that has ended or that holds the
    lock now. Once the current holders have ended, no revision can be added at T. Writers that begin meanwhile read a
    later clock, and this function does not wait for them.
    """
    select_holders = text(
        """
        select virtualtransaction from pg_locks
        where locktype = 'advisory' and granted and objsubid = 2
          and database = (select oid from pg_database where datname = current_database())
          and classid = cast(:kind as oid) and objid = cast(:programme as oid) and pid <> pg_backend_pid()
        """
    )
    parameters = {"kind": WRITE_LOCK, "programme": catalogue.id}
    writers: set[str] | None = None
    clock = asyncio.get_running_loop()
    deadline, pause = clock.time() + MAX_WAIT_SECONDS, FIRST_PAUSE_SECONDS
    while True:
        holders = set((await transaction.execute(select_holders, parameters)).scalars())
        writers = holders if writers is None else writers & holders
        if not writers:
            return True
        if clock.time() > deadline:
            return False
        await asyncio.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE_SECONDS)
