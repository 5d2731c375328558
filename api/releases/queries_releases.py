"""Published releases and their changes, in SQL."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.releases.change_blocks import unpack_changes
from api.releases.queries_previous import fetch_blocks_at
from api.releases.release_diff import find_readable, list_changes
from schema.releases import Release, ReleaseChange, ReleaseReport
from schema.tables import change_block, release


async def list_releases(
    transaction: AsyncConnection, programme_id: int, slug: str, *, now: datetime | None
) -> list[Release]:
    """Return the releases that everybody may see at `now`, newest first; all of them if `now` is None."""
    statement = select(release).where(release.c.programme == programme_id).order_by(release.c.number.desc())
    if now is not None:
        statement = statement.where(release.c.published_at <= now)
    return [to_release(row, slug) for row in await transaction.execute(statement)]


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
    transaction: AsyncConnection, programme_id: int, number: int, *, previous: int | None, after: int, limit: int
) -> list[tuple[int, ReleaseChange]]:
    """Return changes with their positions, each with the figure of the previous release and of this one.

    If `previous` is None, nobody may read the previous release: earlier figures are left out. Removed figures have no
    other one, so the list ends before them.
    """
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
        before = (
            []
            if previous is None
            else await fetch_blocks_at(transaction, programme_id, previous, chosen.before.tolist())
        )
        later = await fetch_blocks_at(transaction, programme_id, number, chosen.after.tolist())
        rows_with_figure = find_readable(chosen, before, later)
        positions = (rows_with_figure + start).tolist()
        changes += zip(positions, list_changes(chosen[rows_with_figure], before, later), strict=True)
    return changes
