"""The operator's commands that list, cancel and repeat publication jobs."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from api import settings
from api.access.audit import record_audit
from api.commands import begin_owner_transaction, open_database
from api.database.database_clock import fetch_instant
from api.plan.queries import fetch_all_catalogues
from api.releases import queries_jobs
from api.releases.queries_jobs import PublicationKey

Result = TypeVar("Result")
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

    print("\n".join(_run_as_owner(configuration, read) or ["There is no publication job."]))
    return 0


def cancel_publication(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """End a queued or running publication job. It publishes nothing."""

    async def cancel(transaction: AsyncConnection) -> None:
        key = await queries_jobs.find_key(transaction, arguments.publication)
        await queries_jobs.cancel_publication(transaction, key, now=await fetch_instant(transaction))
        await _record_audit(transaction, key, "publication.cancelled")

    _run_as_owner(configuration, cancel)
    print(f"{arguments.publication} is cancelled.")
    return 0


def repeat_publication(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Start a new job with the request of one that has ended, in the name of the client that requested it."""

    async def repeat(transaction: AsyncConnection) -> UUID:
        key = await queries_jobs.find_key(transaction, arguments.publication)
        new = PublicationKey(programme=key.programme, publication=uuid4())
        await queries_jobs.repeat_publication(transaction, key, new, now=await fetch_instant(transaction))
        await _record_audit(transaction, new, "publication.requested")
        return new.publication

    print(f"{_run_as_owner(configuration, repeat)} is queued.")
    return 0


def _run_as_owner(configuration: settings.Settings, act: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
    async def run(url: str) -> Result:
        async with begin_owner_transaction(url) as transaction:
            return await act(transaction)

    with open_database(configuration) as url:
        return asyncio.run(run(url))


async def _record_audit(transaction: AsyncConnection, key: PublicationKey, action: str) -> None:
    subject = {"publication": str(key.publication)}
    await record_audit(transaction, key.programme, None, action, subject, organisation_id=None)
