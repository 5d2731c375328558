"""Migrations after `OLDEST_RUNNING_SCHEMA` only add: servers that were started before them find what they use.

The test compares the catalogue of PostgreSQL before and after each migration. What it cannot judge, a person has: the
table `REVIEWED` has each reason.
"""

import asyncpg
from alembic import command
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import connections
from api.database.requirements import OLDEST_RUNNING_SCHEMA
from api.database.walls import fetch_walls
from tests.conftest import Clone
from tests.contract.test_migrations import run_migration, scripts

IN_SCHEMAS = "in (select oid from pg_namespace where nspname in ('public', 'release', 'protection'))"
USABLE = {
    "column": f"""
        select format('%s.%s %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod))
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped and c.relnamespace {IN_SCHEMAS}
    """,
    "function": f"""
        select format('%s %s', p.oid::regprocedure, pg_get_function_result(p.oid))
        from pg_proc p where p.pronamespace {IN_SCHEMAS}
    """,
}
"""The things that statements name. A migration must not remove one."""
REQUIRED = {
    "required column": f"""
        select c.oid::regclass::text, a.attname
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and c.relnamespace {IN_SCHEMAS}
            and a.attnotnull and not a.atthasdef and a.attidentity = ''
    """,
    "constraint": f"""
        select conrelid::regclass::text, format('%s %s', conname, pg_get_constraintdef(oid))
        from pg_constraint where conrelid <> 0 and connamespace {IN_SCHEMAS}
    """,
    "unique index": f"""
        select i.indrelid::regclass::text, i.indexrelid::regclass
        from pg_index i join pg_class c on c.oid = i.indexrelid where i.indisunique and c.relnamespace {IN_SCHEMAS}
    """,
    "trigger": "select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal",
}
"""The limits on the rows of a table. A migration must not add one to a table that exists."""
REVIEWED = {
    ("0019", "-", "policy audit"): "It admits those who also read their own entries; nobody loses one.",
    ("0024", "+", "constraint publication"): "It permits one state more.",
    ("0024", "+", "policy publication"): "Until then the application had no right to update this table.",
}
Change = tuple[str, str, str]
Catalogue = dict[str, set[tuple[str, ...]]]


async def read_catalogue(connection: asyncpg.Connection, engine: AsyncEngine) -> Catalogue:
    catalogue = {
        kind: {tuple(map(str, row)) for row in await connection.fetch(query)}
        for kind, query in (USABLE | REQUIRED).items()
    }
    async with engine.connect() as wall_connection, wall_connection.begin():
        walls = await fetch_walls(wall_connection)
    catalogue["right"] = {(wall,) for wall in walls if wall.startswith("grant ")}
    policies = (wall.removeprefix("create policy ") for wall in walls if wall.startswith("create policy "))
    catalogue["policy"] = {(policy.split(" on ")[1].split()[0].rpartition(".")[2], policy) for policy in policies}
    return catalogue


def list_breaking_changes(before: Catalogue, after: Catalogue) -> set[Change]:
    removed = {("-", kind, name) for kind in (*USABLE, "right") for (name, *_) in before[kind] - after[kind]}
    removed |= {("-", "policy", table) for table, policy in before["policy"] - after["policy"]}
    tables = {name.rpartition(".")[0] for (name,) in before["column"]}
    added = {("+", kind, row[0]) for kind in REQUIRED for row in after[kind] - before[kind] if row[0] in tables}
    restrictive = {row for row in after["policy"] - before["policy"] if " as restrictive " in row[1]}
    return removed | added | {("+", "policy", table) for table, _ in restrictive}


async def test_migrations_after_the_oldest_running_schema_only_add(clone_database: Clone, template_database: str):
    revisions = [script.revision for script in reversed(list(scripts().walk_revisions()))]
    async with clone_database(template_database) as url:
        engine, connection = connections.create_owner_engine(url), await asyncpg.connect(url)
        await run_migration(engine, command.downgrade, OLDEST_RUNNING_SCHEMA)
        breaking: set[tuple[str, str, str]] = set()
        before = await read_catalogue(connection, engine)
        for revision in revisions[revisions.index(OLDEST_RUNNING_SCHEMA) + 1 :]:
            await run_migration(engine, command.upgrade, revision)
            after = await read_catalogue(connection, engine)
            breaking |= {
                (revision, sign, f"{kind} {name}") for sign, kind, name in list_breaking_changes(before, after)
            }
            before = after
        await connection.close()
        await engine.dispose()
    assert breaking == REVIEWED.keys()
