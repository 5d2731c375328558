"""Delete what is no longer needed, in the worker.

The function `delete_expired` of the database has the periods, and docs/reference/retention.md describes them.
"""

from functools import partial
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncEngine

from api.database.connections import autocommit_connection, fetch_any
from api.database.repetition import repeat_forever

PAUSE_SECONDS = 3600
KINDS = ("responses", "keys", "rate-counts", "publication-inputs", "job-log", "snapshots", "workers")


async def delete_forever(engine: AsyncEngine) -> NoReturn:
    """Delete what has expired, now and every hour. `engine` has the login that publishes."""
    failure = "Expired rows could not be deleted. The worker tries again in an hour."
    await repeat_forever(partial(delete_expired, engine), PAUSE_SECONDS, failure=failure)


async def delete_expired(engine: AsyncEngine) -> None:
    """Delete what has expired, each batch in its own transaction. Do nothing while another worker does it."""
    async with autocommit_connection(engine) as connection:
        for kind in KINDS:
            while (await fetch_any(connection, "select delete_expired($1)", kind))[0][0]:
                pass
