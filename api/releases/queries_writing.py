"""Write a release and its contents, in SQL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import insert_rows
from api.plan.catalogue import Catalogue
from api.releases.figure_keys import SeriesKey
from api.releases.queries_jobs import PublicationKey
from api.releases.released_entries import Entry
from api.submissions.queries_locks import lock_returns
from schema.disclosure import DisclosureClass
from schema.periods import Period
from schema.released_figures import ReleasedEntry
from schema.releases import ReleaseReport
from schema.submissions import EvidenceEntry, MilestoneItem
from schema.tables import release, released_period, revision


class Block(Struct, frozen=True, kw_only=True):
    """Packed figures of a series in a period, and their place in the release."""

    key: SeriesKey
    period: str
    first_position: int
    figure_count: int
    content: bytes


async def add_release(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    job: PublicationKey,
    number: int,
    report: ReleaseReport,
    *,
    notes: str | None,
    published_at: datetime,
    frozen_at: datetime,
    sha256: bytes,
) -> None:
    await transaction.execute(
        insert(release).values(
            programme=catalogue.id,
            number=number,
            publication=job.publication,
            plan_version=catalogue.version,
            published_at=published_at,
            frozen_at=frozen_at,
            notes=notes,
            policy=msgspec.to_builtins(catalogue.plan.disclosure),
            explanations={name.value: catalogue.plan.disclosure.explain(name) for name in DisclosureClass},
            report=msgspec.to_builtins(report),
            sha256=sha256,
        )
    )


async def add_periods(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    number: int,
    periods: Iterable[tuple[tuple[str, str], Period, bool]],
) -> None:
    rows = [
        {
            "programme": catalogue.id,
            "release": number,
            "series": catalogue.ids.series[key],
            "period": period.code,
            "period_end": period.end,
            "received": received,
        }
        for key, period, received in periods
    ]
    if rows:
        await transaction.execute(insert(released_period), rows)


async def defer_release_check(transaction: AsyncConnection) -> None:
    """Check only at the end of the transaction that the release of each figure exists."""
    await transaction.execute(text("set constraints all deferred"))


async def add_figures(transaction: AsyncConnection, catalogue: Catalogue, number: int, blocks: Iterable[Block]) -> None:
    columns = ("programme", "release", "series", "period", "first_position", "figure_count", "content")
    rows = (
        (
            catalogue.id,
            number,
            catalogue.ids.series[block.key],
            block.period,
            block.first_position,
            block.figure_count,
            block.content,
        )
        for block in blocks
    )
    await insert_rows(transaction, "release.figure_block", columns, rows)


async def add_changes(
    transaction: AsyncConnection, catalogue: Catalogue, number: int, blocks: Iterable[tuple[int, int, bytes]]
) -> None:
    """Write the changes of a release, as `pack_changes` yields them."""
    columns = ("programme", "release", "first_position", "change_count", "content")
    rows = ((catalogue.id, number, *block) for block in blocks)
    await insert_rows(transaction, "release.change_block", columns, rows)


async def lock_returned_entries(
    transaction: AsyncConnection, catalogue: Catalogue, revisions: Sequence[int]
) -> dict[int, list[Entry]]:
    """Return the current content of these revisions; an empty list for one that has been redacted since.

    Redaction of these returns waits until the release is written, and then removes the entry from it as well.
    """
    await lock_returns(transaction, catalogue, revisions)
    rows = await transaction.execute(
        select(revision.c.id, revision.c.content).where(
            revision.c.programme == catalogue.id, revision.c.id == func.any(list(revisions))
        )
    )
    return {row.id: [_decode_entry(stored) for stored in row.content or ()] for row in rows}


def _decode_entry(stored: Mapping[str, object]) -> Entry:
    return msgspec.convert(stored, MilestoneItem if "stage" in stored else EvidenceEntry)


async def add_entries(
    transaction: AsyncConnection, catalogue: Catalogue, number: int, entries: Iterable[tuple[ReleasedEntry, int]]
) -> None:
    """Write entries in order, each with its revision."""
    columns = ("programme", "release", "position", "series", "period", "revision", "content")
    rows = (
        (
            catalogue.id,
            number,
            position,
            catalogue.ids.series[entry.measure, entry.series],
            entry.period.code,
            revision_id,
            msgspec.json.encode(entry),
        )
        for position, (entry, revision_id) in enumerate(entries)
    )
    await insert_rows(transaction, "release.entry", columns, rows)
