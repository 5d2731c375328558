"""Audit histories, in SQL."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Text, column, insert, literal, select, values
from sqlalchemy.ext.asyncio import AsyncConnection

from api.releases.queries_jobs import PublicationKey
from schema.releases import ReleaseReport
from schema.tables import audit_history, publication_step, release


async def fetch_audit_histories(transaction: AsyncConnection, programme_id: int, scope: str) -> list[bytes]:
    """Return the histories of a scope in earlier releases, in order, including withdrawn releases."""
    rows = await transaction.execute(
        select(audit_history.c.content)
        .where(audit_history.c.programme == programme_id, audit_history.c.scope == scope)
        .order_by(audit_history.c.release)
    )
    return list(rows.scalars())


async def save_audit_histories(
    transaction: AsyncConnection, job: PublicationKey, number: int, steps: Mapping[str, str]
) -> None:
    """Copy the content of steps into the histories of a release. `steps` maps each scope to a step's name."""
    if not steps:
        return
    scope_steps = values(column("scope", Text), column("step", Text), name="scope_steps").data(list(steps.items()))
    await transaction.execute(
        insert(audit_history).from_select(
            ["programme", "release", "scope", "content"],
            select(publication_step.c.programme, literal(number), scope_steps.c.scope, publication_step.c.content)
            .join(scope_steps, scope_steps.c.step == publication_step.c.scope)
            .where(publication_step.c.programme == job.programme, publication_step.c.publication == job.publication),
        )
    )


async def list_audited_scopes(transaction: AsyncConnection, programme_id: int) -> list[tuple[str, list[str]]]:
    """Return the key and the measures of every scope with a history, including those of withdrawn releases."""
    scopes = await transaction.execute(select(audit_history.c.scope).where(audit_history.c.programme == programme_id))
    keys = set(scopes.scalars())
    rows = await transaction.execute(select(release.c.report).where(release.c.programme == programme_id))
    reports = [msgspec.convert(report, ReleaseReport) for report in rows.scalars()]
    return [(scope.scope, scope.measures) for report in reports for scope in report.scopes if scope.scope in keys]
