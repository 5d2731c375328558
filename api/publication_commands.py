"""The operator's commands that list, cancel and repeat publication jobs."""

import argparse
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from api import settings
from api.commands import record_operator_audit, run_as_owner
from api.database.database_clock import fetch_instant
from api.plan.queries import fetch_all_catalogues
from api.releases import queries_jobs
from api.releases.queries_jobs import PublicationKey

MAX_LISTED_JOBS = 20  # of each programme


def list_publications(_: argparse.Namespace, configuration: settings.Settings) -> int:
    """Print the newest publication jobs of each programme."""

    async def read(transaction: AsyncConnection) -> list[str]:
        lines: list[str] = []
        for catalogue in await fetch_all_catalogues(transaction):
            for job in await queries_jobs.list_publications(transaction, catalogue, limit=MAX_LISTED_JOBS):
                requested_at = f"{job.requested_at:%Y-%m-%d %H:%M}"
                kind = "rehearsal" if job.dry_run else "release"
                lines.append(f"{job.id}  {requested_at}  {kind:<9}  {job.state}")
                lines.append(f"    {catalogue.slug}" + (f": {job.failure_reason}" if job.failure_reason else ""))
        return lines

    print("\n".join(run_as_owner(configuration, read) or ["There is no publication job."]))
    return 0


def cancel_publication(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """End a queued or running publication job. It publishes nothing."""

    async def cancel(transaction: AsyncConnection) -> None:
        key = await queries_jobs.find_key(transaction, arguments.publication)
        await queries_jobs.cancel_publication(transaction, key, now=await fetch_instant(transaction))
        await record_operator_audit(
            transaction, key.programme, "publication.cancelled", {"publication": str(key.publication)}
        )

    run_as_owner(configuration, cancel)
    print(f"{arguments.publication} is cancelled.")
    return 0


def repeat_publication(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Start a new job with the request of one that has ended, in the name of the client that requested it."""

    async def repeat(transaction: AsyncConnection) -> UUID:
        key = await queries_jobs.find_key(transaction, arguments.publication)
        new = PublicationKey(programme=key.programme, publication=uuid4())
        await queries_jobs.repeat_publication(transaction, key, new, now=await fetch_instant(transaction))
        await record_operator_audit(
            transaction, new.programme, "publication.requested", {"publication": str(new.publication)}
        )
        return new.publication

    print(f"{run_as_owner(configuration, repeat)} is queued.")
    return 0
