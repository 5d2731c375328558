"""Programmes, their plan versions, and the numbers of their codes, in SQL."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Engine, Table, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import fetch_any
from api.http.refusals import NotFound
from api.plan.breakdowns import list_breakdown_keys
from api.plan.catalogue import Catalogue, DatabaseIds
from api.plan.obligations import ExpectedReturn
from api.plan.suggestions import suggest_codes
from schema.plan import Plan
from schema.tables import (
    area,
    breakdown,
    obligation,
    observation,
    organisation,
    plan_version,
    programme,
    return_table,
    series,
)

# Plan versions are immutable, and the newest number is asked for each time: what is kept is never stale.
_catalogue_cache: WeakKeyDictionary[Engine, dict[tuple[int, int], Catalogue]] = WeakKeyDictionary()


async def fetch_catalogue(transaction: AsyncConnection, slug: str) -> Catalogue:
    """The newest plan version of a programme. Raises NotFound, naming the nearest."""
    found = await fetch_any(transaction, _NEWEST_VERSION_SQL, slug)
    if not found:
        known = (await transaction.execute(select(programme.c.slug))).scalars().all()
        hint = suggest_codes(slug, known) or "`/v1/programmes` lists them."
        raise NotFound(f"There is no programme {slug!r}. {hint}")
    return await fetch_catalogue_version(transaction, slug, *found[0])


_NEWEST_VERSION_SQL = """
    select p.id, max(v.number) from programme p join plan_version v on v.programme = p.id
    where p.slug = $1 group by p.id
"""


async def fetch_all_catalogues(transaction: AsyncConnection) -> list[Catalogue]:
    """The newest plan version of each programme, sandboxes last."""
    rows = await transaction.execute(select(programme.c.slug).order_by(programme.c.sandbox, programme.c.slug))
    return [await fetch_catalogue(transaction, slug) for slug in rows.scalars().all()]


async def fetch_catalogue_version(transaction: AsyncConnection, slug: str, number: int, version: int) -> Catalogue:
    """One plan version of a programme."""
    read = _catalogue_cache.setdefault(transaction.engine.sync_engine, {})
    if (number, version) in read:
        return read[number, version]
    row = (
        await transaction.execute(
            select(plan_version.c.content, programme.c.sandbox)
            .join(programme, programme.c.id == plan_version.c.programme)
            .where(plan_version.c.programme == number, plan_version.c.number == version)
        )
    ).one()
    read[number, version] = Catalogue(
        id=number,
        slug=slug,
        sandbox=row.sandbox,
        version=version,
        plan=msgspec.convert(row.content, Plan),
        ids=await fetch_ids(transaction, number),
    )
    return read[number, version]


async def fetch_ids(transaction: AsyncConnection, number: int) -> DatabaseIds:
    async def of(table: Table, code: str) -> dict[str, int]:
        rows = await transaction.execute(select(table.c[code], table.c.id).where(table.c.programme == number))
        return {row[0]: row[1] for row in rows}

    rows = await transaction.execute(
        select(series.c.measure, series.c.slug, series.c.id).where(series.c.programme == number)
    )
    return DatabaseIds(
        organisations=await of(organisation, "slug"),
        series={(row.measure, row.slug): row.id for row in rows},
        areas=await of(area, "code"),
        breakdowns=await of(breakdown, "key"),
    )


async def fetch_is_sandbox(transaction: AsyncConnection, slug: str) -> bool | None:
    """Whether a programme is a sandbox; None where there is no such programme yet."""
    return (await transaction.execute(select(programme.c.sandbox).where(programme.c.slug == slug))).scalar_one_or_none()


async def add_programme(transaction: AsyncConnection, slug: str, *, sandbox: bool, now: datetime) -> None:
    """Two loaders that come at once make one programme."""
    await transaction.execute(
        upsert(programme).values(slug=slug, sandbox=sandbox, created_at=now).on_conflict_do_nothing()
    )


async def lock_newest_version(transaction: AsyncConnection, slug: str) -> tuple[int, int, Plan | None, bytes | None]:
    """The programme's id, version (0 before the first), plan and hash; holds off other loaders until the end."""
    number = (
        await transaction.execute(select(programme.c.id).where(programme.c.slug == slug).with_for_update())
    ).scalar_one()
    row = (
        await transaction.execute(
            select(plan_version.c.number, plan_version.c.content, plan_version.c.sha256)
            .where(plan_version.c.programme == number)
            .order_by(plan_version.c.number.desc())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        return number, 0, None, None
    return number, row.number, msgspec.convert(row.content, Plan), row.sha256


async def fetch_codes_in_use(
    transaction: AsyncConnection, number: int
) -> tuple[list[tuple[str, str]], list[str], list[str], list[str]]:
    """Series, organisations, areas and breakdown keys that some return of the programme rests on."""
    series_rows = await transaction.execute(
        select(series.c.measure, series.c.slug)
        .distinct()
        .join(return_table, (return_table.c.programme == series.c.programme) & (return_table.c.series == series.c.id))
        .where(series.c.programme == number)
    )
    organisations = await transaction.execute(
        select(organisation.c.slug)
        .distinct()
        .join(
            return_table,
            (return_table.c.programme == organisation.c.programme) & (return_table.c.organisation == organisation.c.id),
        )
        .where(organisation.c.programme == number)
    )

    async def observed(table: Table, code: str, name: str) -> Sequence[str]:
        used = select(observation.c.revision).where(
            observation.c.programme == number, observation.c[name] == table.c.id
        )
        return (
            (await transaction.execute(select(table.c[code]).where(table.c.programme == number, used.exists())))
            .scalars()
            .all()
        )

    return (
        [(row[0], row[1]) for row in series_rows],
        list(organisations.scalars().all()),
        list(await observed(area, "code", "area")),
        list(await observed(breakdown, "key", "breakdown")),
    )


async def replace_obligations(
    transaction: AsyncConnection, number: int, ids: DatabaseIds, expectations: Iterable[ExpectedReturn]
) -> None:
    """Put these obligations in place of those of the version before."""
    await transaction.execute(delete(obligation).where(obligation.c.programme == number))
    rows = [
        {
            "programme": number,
            "holder": one.holder,
            "series": ids.series[one.measure, one.series],
            "service": one.service,
            "period": one.period.code,
            "organisation": None if one.organisation is None else ids.organisations[one.organisation],
            "period_start": one.period.start,
            "period_end": one.period.end,
            "due": one.deadlines.due,
            "timely_until": one.deadlines.timely_until,
            "closes_at": one.deadlines.closes_at,
        }
        for one in expectations
    ]
    if rows:
        await transaction.execute(insert(obligation), rows)


async def add_version(
    transaction: AsyncConnection,
    number: int,
    version: int,
    plan: Plan,
    *,
    sha256: bytes,
    changes: Sequence[str],
    now: datetime,
) -> None:
    """Record a plan version and give each new code its number."""
    await transaction.execute(
        insert(plan_version).values(
            programme=number,
            number=version,
            sha256=sha256,
            content=msgspec.to_builtins(plan),
            changes=list(changes),
            loaded_at=now,
        )
    )
    registered: list[tuple[Table, list[dict[str, str]]]] = [
        (organisation, [{"slug": o.slug} for o in plan.organisations]),
        (series, [{"measure": m.slug, "slug": s.slug} for m in plan.measures for s in m.series]),
        (area, [{"code": a.code} for a in plan.areas]),
        (breakdown, [{"key": key} for key in list_breakdown_keys(plan)]),
    ]
    for table, codes in registered:
        rows = [{"programme": number, **code} for code in codes]
        await transaction.execute(upsert(table).on_conflict_do_nothing(), rows)
