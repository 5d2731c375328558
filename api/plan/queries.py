"""SQL for programmes, their plan versions, and the ids of their codes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct
from sqlalchemy import Engine, Table, delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import fetch_any
from api.http.refusals import NotFound
from api.plan.bindings import apply_bindings
from api.plan.breakdowns import list_breakdown_keys, parse_breakdown_key
from api.plan.catalogue import Catalogue, DatabaseIds
from api.plan.obligations import ExpectedReturn
from api.plan.suggestions import suggest_codes
from api.plan.version_changes import CodesInUse
from schema.plan import Plan
from schema.tables import (
    area,
    breakdown,
    obligation,
    organisation,
    plan_version,
    programme,
    return_table,
    series,
)

# Plan versions are immutable, and each request reads the newest number, so the cache is never stale.
_catalogue_cache: WeakKeyDictionary[Engine, dict[tuple[int, int], Catalogue]] = WeakKeyDictionary()


async def fetch_catalogue(transaction: AsyncConnection, slug: str) -> Catalogue:
    """Return the newest plan version of a programme. Raises NotFound, which suggests similar slugs."""
    rows = await fetch_any(transaction, _NEWEST_VERSION_SQL, slug)
    if not rows:
        known = (await transaction.execute(select(programme.c.slug))).scalars().all()
        suggestion = suggest_codes(slug, known) or "`/v1/programmes` lists them."
        raise NotFound(f"There is no programme {slug!r}. {suggestion}")
    return await fetch_catalogue_version(transaction, slug, *rows[0])


async def fetch_plan_version(
    transaction: AsyncConnection, slug: str, version: int | None = None
) -> tuple[Catalogue, datetime]:
    """Return a plan version, by default the newest one, and when it was loaded. Raises NotFound."""
    newest = await fetch_catalogue(transaction, slug)
    number = newest.version if version is None else version
    loaded_at = (
        await transaction.execute(
            select(plan_version.c.loaded_at).where(
                plan_version.c.programme == newest.id, plan_version.c.number == number
            )
        )
    ).scalar_one_or_none()
    if loaded_at is None:
        raise NotFound(f"There is no plan version {number}; the newest one is {newest.version}.")
    return await fetch_catalogue_version(transaction, slug, newest.id, number), loaded_at


_NEWEST_VERSION_SQL = """
    select p.id, max(v.number) from programme p join plan_version v on v.programme = p.id
    where p.slug = $1 group by p.id
"""


async def fetch_all_catalogues(transaction: AsyncConnection) -> list[Catalogue]:
    """Return the newest plan version of each programme, sandboxes last."""
    rows = await transaction.execute(select(programme.c.slug).order_by(programme.c.sandbox, programme.c.slug))
    return [await fetch_catalogue(transaction, slug) for slug in rows.scalars().all()]


async def fetch_catalogue_version(
    transaction: AsyncConnection, slug: str, programme_id: int, version: int
) -> Catalogue:
    """Return one plan version of a programme, from the cache if it is there."""
    cache = _catalogue_cache.setdefault(transaction.engine.sync_engine, {})
    if (programme_id, version) in cache:
        return cache[programme_id, version]
    row = (
        await transaction.execute(
            select(plan_version.c.content, programme.c.sandbox)
            .join(programme, programme.c.id == plan_version.c.programme)
            .where(plan_version.c.programme == programme_id, plan_version.c.number == version)
        )
    ).one()
    cache[programme_id, version] = Catalogue(
        id=programme_id,
        slug=slug,
        sandbox=row.sandbox,
        version=version,
        plan=apply_bindings(msgspec.convert(row.content, Plan)),
        ids=await fetch_ids(transaction, programme_id),
    )
    return cache[programme_id, version]


async def fetch_ids(transaction: AsyncConnection, programme_id: int) -> DatabaseIds:
    async def fetch_ids_of(table: Table, code: str) -> dict[str, int]:
        rows = await transaction.execute(select(table.c[code], table.c.id).where(table.c.programme == programme_id))
        return {row[0]: row[1] for row in rows}

    rows = await transaction.execute(
        select(series.c.measure, series.c.slug, series.c.id).where(series.c.programme == programme_id)
    )
    return DatabaseIds(
        organisations=await fetch_ids_of(organisation, "slug"),
        series={(row.measure, row.slug): row.id for row in rows},
        areas=await fetch_ids_of(area, "code"),
        breakdowns=await fetch_ids_of(breakdown, "key"),
    )


async def fetch_programmes(transaction: AsyncConnection) -> dict[str, bool]:
    """Return the slug of each programme, the oldest first, and whether it is a sandbox."""
    rows = await transaction.execute(select(programme.c.slug, programme.c.sandbox).order_by(programme.c.id))
    return {row.slug: row.sandbox for row in rows}


async def fetch_is_sandbox(transaction: AsyncConnection, slug: str) -> bool | None:
    """Return True if the programme is a sandbox, or None if there is no such programme yet."""
    return (await transaction.execute(select(programme.c.sandbox).where(programme.c.slug == slug))).scalar_one_or_none()


async def add_programme(transaction: AsyncConnection, slug: str, *, sandbox: bool, now: datetime) -> None:
    """Add a programme, unless another loader has added it at the same time."""
    await transaction.execute(
        upsert(programme).values(slug=slug, sandbox=sandbox, created_at=now).on_conflict_do_nothing()
    )


class NewestVersion(Struct, frozen=True, kw_only=True):
    """The newest plan version of a programme: number 0 without a plan, before the first."""

    programme_id: int
    number: int = 0
    plan: Plan | None = None
    sha256: bytes | None = None


async def lock_newest_version(transaction: AsyncConnection, slug: str) -> NewestVersion:
    """Return the newest version, and lock the programme against other loaders until the transaction ends."""
    programme_id = (
        await transaction.execute(select(programme.c.id).where(programme.c.slug == slug).with_for_update())
    ).scalar_one()
    row = (
        await transaction.execute(
            select(plan_version.c.number, plan_version.c.content, plan_version.c.sha256)
            .where(plan_version.c.programme == programme_id)
            .order_by(plan_version.c.number.desc())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        return NewestVersion(programme_id=programme_id)
    return NewestVersion(
        programme_id=programme_id, number=row.number, plan=msgspec.convert(row.content, Plan), sha256=row.sha256
    )


async def fetch_codes_in_use(transaction: AsyncConnection, programme_id: int) -> CodesInUse:
    """Return the codes that some return of the programme uses."""
    series_rows = await transaction.execute(
        select(series.c.measure, series.c.slug)
        .distinct()
        .join(return_table, (return_table.c.programme == series.c.programme) & (return_table.c.series == series.c.id))
        .where(series.c.programme == programme_id)
    )
    organisations = await transaction.execute(
        select(organisation.c.slug)
        .distinct()
        .join(
            return_table,
            (return_table.c.programme == organisation.c.programme) & (return_table.c.organisation == organisation.c.id),
        )
        .where(organisation.c.programme == programme_id)
    )

    async def fetch_observed(table: Table, code: str) -> Sequence[str]:
        statement = text(_SELECT_CODES_IN_USE.format(table=table.name, code=code))
        return (await transaction.execute(statement, {"programme": programme_id})).scalars().all()

    breakdown_keys = await fetch_observed(breakdown, "key")
    return CodesInUse(
        series=frozenset((row[0], row[1]) for row in series_rows),
        organisations=frozenset(organisations.scalars().all()),
        areas=frozenset(await fetch_observed(area, "code")),
        categories=frozenset(category for key in breakdown_keys for category in parse_breakdown_key(key).items()),
    )


# Most revisions have the same areas and breakdowns in the same order, so only some distinct columns are unpacked.
_SELECT_CODES_IN_USE = """
    select {code} from {table} where programme = :programme and id in (
        select number - 1
        from (select distinct cell_{table} as packed, cells from revision where programme = :programme) as r
        cross join lateral unpack_numbers(r.packed, r.cells) as number
    )
"""


async def replace_obligations(
    transaction: AsyncConnection, programme_id: int, ids: DatabaseIds, expected_returns: Iterable[ExpectedReturn]
) -> None:
    """Replace the obligations of the previous version."""
    await transaction.execute(delete(obligation).where(obligation.c.programme == programme_id))
    rows = [
        {
            "programme": programme_id,
            "holder": expected.holder,
            "series": ids.series[expected.measure, expected.series],
            "service": expected.service,
            "period": expected.period.code,
            "organisation": None if expected.organisation is None else ids.organisations[expected.organisation],
            "period_start": expected.period.start,
            "period_end": expected.period.end,
            "due": expected.deadlines.due,
            "timely_until": expected.deadlines.timely_until,
            "closes_at": expected.deadlines.closes_at,
        }
        for expected in expected_returns
    ]
    if rows:
        await transaction.execute(insert(obligation), rows)


async def add_version(
    transaction: AsyncConnection,
    programme_id: int,
    version: int,
    plan: Plan,
    *,
    sha256: bytes,
    changes: Sequence[str],
    now: datetime,
) -> None:
    """Record a plan version, and give each new code an id."""
    await transaction.execute(
        insert(plan_version).values(
            programme=programme_id,
            number=version,
            sha256=sha256,
            content=msgspec.to_builtins(plan),
            changes=list(changes),
            loaded_at=now,
        )
    )
    codes_by_table: list[tuple[Table, list[dict[str, str]]]] = [
        (organisation, [{"slug": o.slug} for o in plan.organisations]),
        (series, [{"measure": m.slug, "slug": s.slug} for m in plan.measures for s in m.series]),
        (area, [{"code": a.code} for a in plan.areas]),
        (breakdown, [{"key": key} for key in list_breakdown_keys(plan)]),
    ]
    for table, codes in codes_by_table:
        rows = [{"programme": programme_id, **code} for code in codes]
        await transaction.execute(upsert(table).on_conflict_do_nothing(), rows)
