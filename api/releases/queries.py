"""Publications, releases and their figures, in SQL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import copy_records_in, queue
from api.plan.catalogue import Catalogue
from api.releases.release_diff import FigureChange, to_release_change
from api.releases.released_entries import Entry
from api.releases.released_figures import FigureKey, PreviousFigure, make_figure_key
from api.releases.released_values import CellKey
from schema.disclosure import DisclosureClass, Policy
from schema.partners import Author
from schema.periods import Period
from schema.publication_jobs import FailedScope, NewRelease, PublicationJob, PublicationJobState, Rehearsal
from schema.released_figures import PublishedFigure, ReleasedEntry
from schema.releases import Release, ReleaseChange, ReleaseReport
from schema.submissions import EvidenceEntry, MilestoneItem
from schema.tables import (
    audit_history,
    programme,
    publication_job,
    publication_step,
    release,
    release_change,
    released_figure,
    released_period,
    revision,
)

PUBLISH_JOB_KIND = "publish"

FIGURE_DECODER = msgspec.json.Decoder(PublishedFigure)


class PublicationRecord(Struct, frozen=True, kw_only=True):
    """A publication as the worker finds it."""

    id: UUID
    programme: str
    dry_run: bool
    request: NewRelease
    state: PublicationJobState
    requested_at: datetime
    frozen_at: datetime | None
    plan_version: int | None


class PreviousRelease(Struct, frozen=True, kw_only=True):
    """The release before the one that is made."""

    number: int
    plan_version: int


class PublicationKey(Struct, frozen=True, kw_only=True):
    """What the queue is told."""

    programme: int
    publication: UUID


async def request_publication(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    new: NewRelease,
    by: Author,
    *,
    publication_id: UUID,
    dry_run: bool,
    now: datetime,
) -> bool:
    """Ask for a publication; False where another one of the programme has not ended."""
    asked = await transaction.execute(
        upsert(publication_job)
        .values(
            programme=catalogue.id,
            id=publication_id,
            client=by.client,
            organisation=catalogue.ids.organisations[by.organisation],
            dry_run=dry_run,
            request=msgspec.to_builtins(new),
            state=PublicationJobState.QUEUED,
            requested_at=now,
        )
        .on_conflict_do_nothing()
    )
    if asked.rowcount == 0:
        return False
    await queue.enqueue(
        transaction,
        PUBLISH_JOB_KIND,
        msgspec.json.encode(PublicationKey(programme=catalogue.id, publication=publication_id)),
    )
    return True


async def find_publication(transaction: AsyncConnection, catalogue: Catalogue, number: UUID) -> PublicationJob | None:
    row = (
        await transaction.execute(
            select(publication_job).where(publication_job.c.programme == catalogue.id, publication_job.c.id == number)
        )
    ).one_or_none()
    return None if row is None else _read_publication(row)


async def list_publications(transaction: AsyncConnection, catalogue: Catalogue, *, limit: int) -> list[PublicationJob]:
    """The newest first."""
    rows = await transaction.execute(
        select(publication_job)
        .where(publication_job.c.programme == catalogue.id)
        .order_by(publication_job.c.requested_at.desc(), publication_job.c.id)
        .limit(limit)
    )
    return [_read_publication(row) for row in rows]


def _read_publication(row: Row[Any]) -> PublicationJob:
    found = None if row.rehearsal is None else msgspec.convert(row.rehearsal, Rehearsal)
    return PublicationJob(
        id=row.id,
        state=PublicationJobState(row.state),
        dry_run=row.dry_run,
        requested_at=row.requested_at,
        frozen_at=row.frozen_at,
        finished_at=row.finished_at,
        scope_count=row.scopes,
        scopes_audited=row.done,
        release=row.release,
        failures=msgspec.convert(row.failures, list[FailedScope]),
        rehearsal=found if row.dry_run else None,
        audit=found.report if found is not None and not row.dry_run else None,
    )


async def allow_all_returns(transaction: AsyncConnection, programme_id: int) -> None:
    """The rest of the transaction reads every return of a programme, as those who publish it must."""
    await transaction.execute(
        text(
            "select set_config('work_health.programme', :programme, true), set_config('work_health.review', 'on', true)"
        ),
        {"programme": str(programme_id)},
    )


async def lock_publication(transaction: AsyncConnection, job: PublicationKey) -> PublicationRecord:
    """The publication that a job is about, held against others."""
    row = (
        await transaction.execute(
            select(publication_job, programme.c.slug)
            .join(programme, programme.c.id == publication_job.c.programme)
            .where(publication_job.c.programme == job.programme, publication_job.c.id == job.publication)
            .with_for_update(of=publication_job)
        )
    ).one()
    return PublicationRecord(
        id=row.id,
        programme=row.slug,
        dry_run=row.dry_run,
        request=msgspec.convert(row.request, NewRelease),
        state=PublicationJobState(row.state),
        requested_at=row.requested_at,
        frozen_at=row.frozen_at,
        plan_version=row.plan_version,
    )


async def update_publication(transaction: AsyncConnection, job: PublicationKey, **values: object) -> None:
    """How far a publication is."""
    await transaction.execute(
        update(publication_job)
        .where(publication_job.c.programme == job.programme, publication_job.c.id == job.publication)
        .values(**values)
    )


async def list_completed_steps(transaction: AsyncConnection, job: PublicationKey) -> set[str]:
    found = await transaction.execute(
        select(publication_step.c.scope).where(
            publication_step.c.programme == job.programme, publication_step.c.publication == job.publication
        )
    )
    return set(found.scalars())


async def fetch_step(transaction: AsyncConnection, job: PublicationKey, scope: str) -> bytes:
    return (
        await transaction.execute(
            select(publication_step.c.content).where(
                publication_step.c.programme == job.programme,
                publication_step.c.publication == job.publication,
                publication_step.c.scope == scope,
            )
        )
    ).scalar_one()


async def save_step(transaction: AsyncConnection, job: PublicationKey, scope: str, content: bytes) -> None:
    """Keep what was done, in place of what was there."""
    await transaction.execute(
        upsert(publication_step)
        .values(programme=job.programme, publication=job.publication, scope=scope, content=content)
        .on_conflict_do_update(index_elements=["programme", "publication", "scope"], set_={"content": content})
    )


async def delete_steps(transaction: AsyncConnection, job: PublicationKey) -> None:
    await transaction.execute(
        delete(publication_step).where(
            publication_step.c.programme == job.programme, publication_step.c.publication == job.publication
        )
    )


async def fetch_audit_histories(transaction: AsyncConnection, programme_id: int, scope: str) -> list[bytes]:
    """What earlier releases left for the audit of a scope, in their order. Withdrawn ones are remembered too."""
    found = await transaction.execute(
        select(audit_history.c.content)
        .where(audit_history.c.programme == programme_id, audit_history.c.scope == scope)
        .order_by(audit_history.c.release)
    )
    return list(found.scalars())


async def save_audit_histories(
    transaction: AsyncConnection, job: PublicationKey, number: int, every: Mapping[str, str]
) -> None:
    """Of each scope what the publication left in the step that is named."""
    of = values(column("scope", Text), column("step", Text), name="of").data(list(every.items()))
    if every:
        await transaction.execute(
            insert(audit_history).from_select(
                ["programme", "release", "scope", "content"],
                select(publication_step.c.programme, literal(number), of.c.scope, publication_step.c.content)
                .join(of, of.c.step == publication_step.c.scope)
                .where(
                    publication_step.c.programme == job.programme, publication_step.c.publication == job.publication
                ),
            )
        )


async def list_audited_scopes(transaction: AsyncConnection, programme_id: int) -> list[tuple[str, list[str]]]:
    """The key and the measures of every scope of which something is kept, for withdrawn releases too."""
    keys = set(
        (
            await transaction.execute(select(audit_history.c.scope).where(audit_history.c.programme == programme_id))
        ).scalars()
    )
    reports = await transaction.execute(select(release.c.report).where(release.c.programme == programme_id))
    found = [msgspec.convert(report, ReleaseReport) for report in reports.scalars()]
    return [(one.scope, one.measures) for report in found for one in report.scopes if one.scope in keys]


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
    """Until the end of the transaction nobody asks whether there is the release that a figure is of."""
    await transaction.execute(text("set constraints all deferred"))


async def add_figures(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    number: int,
    figures: Iterable[tuple[PublishedFigure, CellKey, bytes]],
    *,
    first_position: int,
) -> None:
    """In their order, the first of them at that position."""
    ids = catalogue.ids
    columns = ("programme", "release", "position", "series", "period", "area", "breakdown", "content")
    rows = (
        (
            catalogue.id,
            number,
            position,
            ids.series[one.measure, one.series],
            one.period.code,
            ids.areas[area],
            ids.breakdowns[breakdown],
            content,
        )
        for position, (one, (area, breakdown), content) in enumerate(figures, first_position)
    )
    await copy_records_in(transaction, "release", "figure", columns, rows)


async def add_changes(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    number: int,
    changes: Iterable[FigureChange],
    *,
    first_position: int,
) -> None:
    """The figures that they are of are in this release and the one before."""
    columns = ("programme", "release", "position", "why", "before", "after")
    rows = (
        (catalogue.id, number, position, one.why, one.before.position if one.before else None, one.position)
        for position, one in enumerate(changes, first_position)
    )
    await copy_records_in(transaction, "release", "change", columns, rows)


_LOCK_RETURNS_SQL = text("""
    select pg_advisory_xact_lock_shared(number) from (
        select distinct "return" as number from revision
        where programme = :programme and id = any(cast(:revisions as bigint[])) order by number
    ) as returns
""")


async def lock_returned_entries(
    transaction: AsyncConnection, catalogue: Catalogue, revisions: Sequence[int]
) -> dict[int, list[Entry]]:
    """The items and entries of these revisions as they are now: of one that was redacted meanwhile, none.

    Who would redact one of them waits until the release is written, and takes it out of that too.
    """
    await transaction.execute(_LOCK_RETURNS_SQL, {"programme": catalogue.id, "revisions": list(revisions)})
    rows = await transaction.execute(
        select(revision.c.id, revision.c.content).where(
            revision.c.programme == catalogue.id, revision.c.id == func.any(list(revisions))
        )
    )
    return {row.id: [_decode_entry(one) for one in row.content or ()] for row in rows}


def _decode_entry(stored: Mapping[str, object]) -> Entry:
    return msgspec.convert(stored, MilestoneItem if "stage" in stored else EvidenceEntry)


async def add_entries(
    transaction: AsyncConnection, catalogue: Catalogue, number: int, found: Iterable[tuple[ReleasedEntry, int]]
) -> None:
    """In their order; each with the revision that it is of."""
    columns = ("programme", "release", "position", "series", "period", "revision", "content")
    rows = (
        (
            catalogue.id,
            number,
            position,
            catalogue.ids.series[one.measure, one.series],
            one.period.code,
            of,
            msgspec.json.encode(one),
        )
        for position, (one, of) in enumerate(found)
    )
    await copy_records_in(transaction, "release", "entry", columns, rows)


def _select_visible_releases(programme_id: int, *, now: datetime) -> Select[Any]:
    return select(release).where(release.c.programme == programme_id, release.c.published_at <= now)


async def list_releases(transaction: AsyncConnection, programme_id: int, slug: str, *, now: datetime) -> list[Release]:
    """Those that everybody may see, the newest first."""
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
        explanations={one.value: policy.rule(one).explanation for one in DisclosureClass},
        report=msgspec.convert(row.report, ReleaseReport),
        sha256=row.sha256.hex(),
        citation=f"{slug}, release {row.number}, {row.published_at.date().isoformat()}",
        withdrawn_at=row.withdrawn_at,
        withdrawal_reason=row.withdrawal_reason,
    )


async def find_previous_release(transaction: AsyncConnection, programme_id: int) -> PreviousRelease | None:
    """The newest release, embargoed and withdrawn ones included."""
    row = (
        await transaction.execute(
            select(release.c.number, release.c.plan_version)
            .where(release.c.programme == programme_id)
            .order_by(release.c.number.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else PreviousRelease(number=row.number, plan_version=row.plan_version)


async def withdraw_release(
    transaction: AsyncConnection, programme_id: int, number: int, reason: str, *, now: datetime
) -> bool:
    """False where it is withdrawn already."""
    done = await transaction.execute(
        update(release)
        .where(release.c.programme == programme_id, release.c.number == number, release.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawal_reason=reason)
    )
    return done.rowcount == 1


async def fetch_period_figures(
    transaction: AsyncConnection, programme_id: int, number: int, series: int, period: str
) -> dict[FigureKey, PreviousFigure]:
    """Those of a release of a series in a period, in order."""
    chosen = released_figure.c.programme == programme_id, released_figure.c.release == number
    found = await _select_figures(
        transaction, *chosen, released_figure.c.series == series, released_figure.c.period == period
    )
    return {make_figure_key(one.figure): one for one in found}


async def fetch_figures_at(
    transaction: AsyncConnection, programme_id: int, number: int, positions: Sequence[int]
) -> list[PreviousFigure]:
    """Those of a release at these positions, in order."""
    chosen = released_figure.c.programme == programme_id, released_figure.c.release == number
    return await _select_figures(transaction, *chosen, released_figure.c.position == func.any(list(positions)))


async def _select_figures(transaction: AsyncConnection, *where: ColumnElement[bool]) -> list[PreviousFigure]:
    query = (
        select(released_figure.c.position, released_figure.c.content).where(*where).order_by(released_figure.c.position)
    )
    rows = await transaction.execute(query)
    return [PreviousFigure(position=row.position, figure=FIGURE_DECODER.decode(row.content)) for row in rows]


async def list_positions(
    transaction: AsyncConnection, programme_id: int, number: int, series: int, periods: Sequence[str]
) -> list[int]:
    """Of the figures of a release of a series in these periods."""
    if not periods:
        return []
    found = await transaction.execute(
        select(released_figure.c.position).where(
            released_figure.c.programme == programme_id,
            released_figure.c.release == number,
            released_figure.c.series == series,
            released_figure.c.period.in_(periods),
        )
    )
    return list(found.scalars())


async def list_released_periods(
    transaction: AsyncConnection, programme_id: int, number: int
) -> dict[int, list[tuple[str, bool]]]:
    """The periods that a release covers of each series, in order of time, and whether anything was returned."""
    found: dict[int, list[tuple[str, bool]]] = {}
    rows = await transaction.execute(
        select(released_period.c.series, released_period.c.period, released_period.c.received)
        .where(released_period.c.programme == programme_id, released_period.c.release == number)
        .order_by(released_period.c.series, released_period.c.period_end, released_period.c.period)
    )
    for row in rows:
        found.setdefault(row.series, []).append((row.period, row.received))
    return found


async def fetch_changes(
    transaction: AsyncConnection, programme_id: int, number: int, *, after: int, limit: int
) -> list[tuple[int, ReleaseChange]]:
    """Each with the figure of the release before, and that of this one."""
    old, new = released_figure.alias(), released_figure.alias()
    here = (old.c.programme == programme_id, old.c.release == number - 1, old.c.position == release_change.c.before)
    there = (new.c.programme == programme_id, new.c.release == number, new.c.position == release_change.c.after)
    rows = await transaction.execute(
        select(release_change.c.position, release_change.c.why, old.c.content.label("old"), new.c.content.label("new"))
        .outerjoin(old, and_(*here))
        .outerjoin(new, and_(*there))
        .where(
            release_change.c.programme == programme_id,
            release_change.c.release == number,
            release_change.c.position > after,
        )
        .order_by(release_change.c.position)
        .limit(limit)
    )

    def read(content: bytes | None) -> PublishedFigure | None:
        return None if content is None else FIGURE_DECODER.decode(content)

    return [(row.position, to_release_change(row.why, read(row.old), read(row.new))) for row in rows]
