"""Read from the database what the metrics state: the queue, the worker, publications and keys. Never a return."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import fetch_any, get_driver_connection
from api.database.heartbeats import fetch_heartbeat_age

JOBS = """
    select entrypoint, status::text, count(*),
        extract(epoch from clock_timestamp() - min(greatest(created, execute_after)))
    from queue.pgqueuer where entrypoint is not null group by entrypoint, status
"""
PROGRAMMES = "select id, slug from programme order by id"
PUBLICATIONS = """
    select state, count(*), extract(epoch from clock_timestamp() - min(requested_at)), sum(contributions), sum(done)
    from publication where programme = $1 group by state
"""
ENDING_CLIENTS = """
    select count(*) from (
        select max(expires_at) as ends_at from client_key where revoked_at is null group by client
    ) newest where ends_at between now() and now() + interval '14 days'
"""


class JobCounts(Struct, frozen=True, kw_only=True):
    """Jobs of one kind in one state, and the seconds since the oldest of them could begin."""

    kind: str
    status: str
    jobs: int
    oldest_seconds: float


class PublicationCounts(Struct, frozen=True, kw_only=True):
    """Publications of a programme in one state, the seconds since the oldest request, and the progress."""

    programme: str
    state: str
    publications: int
    oldest_seconds: float
    contributions: int
    protected: int


class DatabaseState(Struct, frozen=True, kw_only=True):
    """The state of the work in a database."""

    jobs: Sequence[JobCounts]
    publications: Sequence[PublicationCounts]
    programmes: Sequence[str]
    heartbeat_age: float | None
    ending_clients: int


async def fetch_database_state(connection: AsyncConnection) -> DatabaseState:
    """Read the state. Row-level security shows publications of one programme at a time."""
    programmes = await fetch_any(connection, PROGRAMMES)
    publications: list[PublicationCounts] = []
    for programme_id, slug in programmes:
        async with get_driver_connection(connection).transaction(readonly=True):
            await fetch_any(connection, "select set_config('work_health.programme', $1, true)", str(programme_id))
            publications += [
                PublicationCounts(
                    programme=slug,
                    state=state,
                    publications=count,
                    oldest_seconds=float(seconds),
                    contributions=contributions or 0,
                    protected=done or 0,
                )
                for state, count, seconds, contributions, done in await fetch_any(
                    connection, PUBLICATIONS, programme_id
                )
            ]
    [[ending_clients]] = await fetch_any(connection, ENDING_CLIENTS)
    return DatabaseState(
        jobs=[
            JobCounts(kind=kind, status=status, jobs=count, oldest_seconds=max(float(seconds), 0))
            for kind, status, count, seconds in await fetch_any(connection, JOBS)
        ],
        publications=publications,
        programmes=[slug for _, slug in programmes],
        heartbeat_age=await fetch_heartbeat_age(connection),
        ending_clients=ending_clients,
    )
