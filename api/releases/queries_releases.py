"""Published releases and their changes, in SQL."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, Select, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.releases.queries_previous import FIGURE_DECODER
from api.releases.release_diff import to_release_change
from schema.disclosure import DisclosureClass, Policy
from schema.released_figures import PublishedFigure
from schema.releases import Release, ReleaseChange, ReleaseReport
from schema.tables import release, release_change, released_figure


def _select_visible_releases(programme_id: int, *, now: datetime) -> Select[Any]:
    return select(release).where(release.c.programme == programme_id, release.c.published_at <= now)


async def list_releases(transaction: AsyncConnection, programme_id: int, slug: str, *, now: datetime) -> list[Release]:
    """Return the releases that everybody may see, newest first."""
    rows = await transaction.execute(_select_visible_releases(programme_id, now=now).order_by(release.c.number.desc()))
    return [to_release(row, slug) for row in rows]


def to_release(row: Row[Any], slug: str) -> Release:
    policy = msgspec.convert(row.policy, Policy)
    return Release(
        programme=slug,
        number=row.number,
        published_at=row.published_at,
        frozen_at=row.frozen_at,
        plan_version=row.plan_version,
        notes=row.notes,
        policy=policy,
        explanations={name.value: policy.rule(name).explanation for name in DisclosureClass},
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
    old, new = released_figure.alias(), released_figure.alias()
    is_before = (
        old.c.programme == programme_id,
        old.c.release == number - 1,
        old.c.position == release_change.c.before,
    )
    is_after = (new.c.programme == programme_id, new.c.release == number, new.c.position == release_change.c.after)
    rows = await transaction.execute(
        select(release_change.c.position, release_change.c.why, old.c.content.label("old"), new.c.content.label("new"))
        .outerjoin(old, and_(*is_before))
        .outerjoin(new, and_(*is_after))
        .where(
            release_change.c.programme == programme_id,
            release_change.c.release == number,
            release_change.c.position > after,
        )
        .order_by(release_change.c.position)
        .limit(limit)
    )

    def decode(content: bytes | None) -> PublishedFigure | None:
        return None if content is None else FIGURE_DECODER.decode(content)

    return [(row.position, to_release_change(row.why, decode(row.old), decode(row.new))) for row in rows]
