"""Check what a command needs of the database before it writes anything, and describe what the operator must change."""

import asyncio
from collections.abc import AsyncIterator
from enum import Enum, auto
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import create_owner_engine
from api.database.failures import DRIVER_ERRORS, driver, find_cause, find_sqlstate
from api.database.roles import ROLES, list_role_changes

MIN_VERSION = 16
NEWEST_SCHEMA = (Path(__file__).parents[2] / "migrations" / "HEAD").read_text().partition("_")[0]
SCHEMA_WITH_ALL_ROLES = "0005"
"""Earlier migrations create roles, or try to if another database of the server has them."""
OLDEST_RUNNING_SCHEMA = "0016"
"""Servers and workers for this schema, or a later one, work with the newest schema until they are restarted.

A migration that removes or narrows what they use sets this to its own number."""
STOP_SECONDS = 5.0
"""PostgreSQL takes a moment to notice that a server has ended."""

_EXPECTED_STATES = ("08", "25006", "28", "3D", "42501", "53", "55P03", "57")
"""Classes and codes of PostgreSQL's errors that the configuration or the server causes, not a statement of ours."""

_OUTAGE_STATES = ("08", "53", "57P")
"""Classes of errors that end without a change of the configuration: no connection or resources, starting, stopping."""

_MISTAKE_STATES = ("28", "3D")
"""Classes of errors that only the operator can end: a login or a database that does not exist, or a wrong password."""


class Need(Enum):
    """The kinds of commands, by their need."""

    RIGHTS = auto()  # it migrates
    EMPTY_DATABASE = auto()  # it restores, and then migrates
    NEWEST_SCHEMA = auto()


class DatabaseUnusable(Exception):  # noqa: N818  the operator reads the message
    """The database cannot be used as it is. Each line of the message states one thing to change."""


async def check_database(url: str, need: Need) -> None:
    """Check that the owner's URL leads to a database that a command can use. Raises DatabaseUnusable."""
    engine = create_owner_engine(url)
    try:
        async with engine.connect() as connection:
            faults = [fault async for fault in _find_faults(connection, need)]
    except (OSError, ValueError, DBAPIError, *DRIVER_ERRORS) as error:
        raise DatabaseUnusable(describe_connection_error(url, error)) from error
    finally:
        await engine.dispose()
    if faults:
        raise DatabaseUnusable("\n".join(faults))


async def _find_faults(connection: AsyncConnection, need: Need) -> AsyncIterator[str]:
    driver_connection: Any = (await connection.get_raw_connection()).driver_connection
    version = driver_connection.get_server_version()
    if version.major < MIN_VERSION:
        yield f"PostgreSQL {version.major} is too old: use version {MIN_VERSION} or later."
        return
    facts = (await connection.execute(text(_FACTS_SQL), {"roles": list(ROLES)})).one()
    if facts.login in ROLES:
        yield (
            f"{facts.login} is a login of the server: set DATABASE_OWNER_URL to the login of {facts.owner}, "
            "who owns the database."
        )
        return
    if facts.encoding != "UTF8":
        yield f"The encoding of the database is {facts.encoding}: create it with encoding 'UTF8' template template0."
    if need is Need.EMPTY_DATABASE and facts.first_table:
        yield f"The database {facts.database} has the table {facts.first_table}: restore into an empty database."
        return
    schema = await connection.scalar(text("select version_num from alembic_version")) if facts.is_ours else None
    fault = find_schema_fault(schema)
    if fault and (need is Need.NEWEST_SCHEMA or _is_newer(schema)):
        yield fault
    elif need is not Need.NEWEST_SCHEMA:
        makes_roles = schema is None or schema < SCHEMA_WITH_ALL_ROLES or facts.has_missing_roles
        changes_roles = makes_roles or bool(await list_role_changes(connection))
        for fault in _list_missing_rights(facts, changes_roles=changes_roles):
            yield fault
        if schema is not None and schema < OLDEST_RUNNING_SCHEMA:
            async for fault in _find_running_servers(connection):
                yield fault


async def _find_running_servers(connection: AsyncConnection) -> AsyncIterator[str]:
    """Report servers and workers that are connected. Those of every version have this name, and not always a login."""
    deadline = asyncio.get_running_loop().time() + STOP_SECONDS
    while sessions := await connection.scalar(text(_SESSIONS_SQL)):
        if asyncio.get_running_loop().time() > deadline:
            yield f"Stop the server and the worker: they cannot work with the new schema. Connected: {sessions}."
            return
        await connection.rollback()  # a transaction reads the same sessions again
        await asyncio.sleep(0.1)


def find_schema_fault(schema: str | None) -> str | None:
    """Return what is wrong with the number of a database's newest migration, or None if it is that of this software."""
    if _is_newer(schema):
        return f"The database has schema {schema}, newer than {NEWEST_SCHEMA} of this software: install the newer one."
    if schema != NEWEST_SCHEMA:
        return f"The database has {f'schema {schema}' if schema else 'no schema'}: run `python -m api migrate` first."
    return None


def _is_newer(schema: str | None) -> bool:
    return schema is not None and schema > NEWEST_SCHEMA


def _list_missing_rights(facts: Row[Any], *, changes_roles: bool) -> list[str]:
    """Return the statements that give the owner's login what a migration needs, each with who must run it."""
    missing: list[str] = []
    if not facts.owns_database:
        missing.append(f"alter database {facts.database} owner to {facts.login};")
    elif not facts.owns_schema:
        missing.append("alter schema public owner to pg_database_owner;")
    if changes_roles and not facts.creates_roles:
        missing.append(f"alter role {facts.login} createrole;")
    if facts.foreign_roles:
        missing.append(f"grant {', '.join(facts.foreign_roles)} to {facts.login} with admin option;")
    return [f"{facts.login} lacks a right. Run as a superuser: {statement}" for statement in missing]


_FACTS_SQL = """
    select quote_ident(d.datname) as database, quote_ident(current_user) as login,
        pg_encoding_to_char(d.encoding) as encoding, pg_get_userbyid(d.datdba) as owner,
        pg_has_role(d.datdba, 'usage') as owns_database,
        (select pg_has_role(nspowner, 'usage') from pg_namespace where nspname = 'public') as owns_schema,
        to_regclass('public.alembic_version') is not null as is_ours,
        (
            select min(oid::regclass::text) from pg_class
            where relkind in ('r', 'p', 'v', 'm', 'f', 'S') and oid >= 16384
                and relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
        ) as first_table,
        (select rolsuper or rolcreaterole from pg_roles where rolname = current_user) as creates_roles,
        cardinality(:roles) > count(r.oid) as has_missing_roles,
        array_agg(r.rolname order by r.rolname)
            filter (where not pg_has_role(r.oid, 'member with admin option')) as foreign_roles
    from pg_database d left join pg_roles r on r.rolname = any(:roles)
    where d.datname = current_database()
    group by d.datname, d.encoding, d.datdba
"""

_SESSIONS_SQL = """
    select string_agg(format('process %s of %s', pid, usename), ', ' order by pid) from pg_stat_activity
    where datname = current_database() and application_name like 'work-and-health%' and pid <> pg_backend_pid()
"""


def describe_connection_error(url: str, error: Exception) -> str:
    """Return on one line why there is no connection, without any password."""
    cause = find_cause(error)
    if isinstance(cause, ValueError):  # its text may contain a part of a password that is not percent-encoded
        reason = f" ({cause})" if isinstance(cause, driver.InterfaceError) else ""
        return f"The URL of the database is invalid{reason}. An example: postgresql://owner@host:5432/database"
    parts = urlsplit(url)
    advice = ". Create it, with the login of DATABASE_OWNER_URL as its owner" if find_sqlstate(cause) == "3D000" else ""
    return f"Database {parts.hostname or ''}{parts.path}: {describe_error(error) or error}{advice}."


def describe_error(error: BaseException) -> str | None:
    """Return an error that the configuration or the server causes, on one line. Return None for any other error."""
    cause = find_cause(error)
    if isinstance(cause, OSError):
        return f"{cause.filename}: {cause.strerror}" if cause.filename else f"no connection ({cause or 'timeout'})"
    if find_sqlstate(cause).startswith(_EXPECTED_STATES) or isinstance(cause, driver.InterfaceError):
        return " ".join(str(cause).split())
    return None


def is_outage(error: BaseException) -> bool:
    """Return True if the same connection or statement may succeed later."""
    cause = find_cause(error)
    return isinstance(cause, OSError) or find_sqlstate(cause).startswith(_OUTAGE_STATES)


def is_mistake(error: BaseException) -> bool:
    """Return True if no connection can succeed before the operator changes something."""
    return find_sqlstate(error).startswith(_MISTAKE_STATES)
