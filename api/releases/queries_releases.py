"""Published releases and their changes, in SQL."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.releases.change_blocks import unpack_changes
from api.releases.queries_previous import fetch_blocks_at
from api.releases.release_diff import list_changes
from schema.releases import Release, ReleaseChange, ReleaseReport
from schema.tables import change_block, release


def _select_visible_releases(programme_id: int, *, now: datetime) -> Select[Any]:
    return select(release).where(release.c.programme == programme_id, release.c.published_at <= now)


async def list_releases(transaction: AsyncConnection, programme_id: int, slug: str, *, now: datetime) -> list[Release]:
    """Return the releases that everybody may see, newest first."""
    rows = await transaction.execute(_select_visible_releases(programme_id, now=now).order_by(release.c.number.desc()))
    return [to_release(row, slug) for row in rows]


def to_release(row: Row[Any], slug: str) -> Release:
    return Release(
        programme=slug,
        number=row.number,
        published_at=row.published_at,
        frozen_at=row.frozen_at,
        plan_version=row.plan_version,
        notes=row.notes,
        policy=row.policy,
        explanations=row.explanations,
        report=msgspec.convert(row.report, ReleaseReport),
        sha256=row.sha256.hex(),
        citation=f"{slug}, release {row.number}, {row.published_at.date().isoformat()}",
        withdrawn_at=row.withdrawn_at,
        withdrawal_reason=row.withdrawal_reason,
    )


async def withdraw_release(
    transaction: AsyncConnection, programme_id: int, number: int, reason: str, *, now: datetime
) -> bool:
    """Withdraw a release. Return False if it is already withdrawn."""
    result = await transaction.execute(
        update(release)
        .where(release.c.programme == programme_id, release.c.number == number, release.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawal_reason=reason)
    )
    return result.rowcount == 1


async def fetch_changes(
    transaction: AsyncConnection, programme_id: int, number: int, *, after: int, limit: int
) -> list[tuple[int, ReleaseChange]]:
    """Return changes with their positions, each with the figure of the previous release and of this one."""
    rows = await transaction.execute(
        select(change_block.c.first_position, change_block.c.content)
        .where(
            change_block.c.programme == programme_id,
            change_block.c.release == number,
            change_block.c.first_position + change_block.c.change_count > after + 1,
            change_block.c.first_position <= after + limit,
        )
        .order_by(change_block.c.first_position)
    )
    changes: list[tuple[int, ReleaseChange]] = []
    for row in rows.all():
        start = max(after + 1, row.first_position)
        chosen = unpack_changes(row.content)[start - row.first_position : after + 1 + limit - row.first_position]
        before = await fetch_blocks_at(transaction, programme_id, number - 1, chosen.before.tolist())
        later = await fetch_blocks_at(transaction, programme_id, number, chosen.after.tolist())
        changes += enumerate(list_changes(chosen, before, later), start)
    return changes
