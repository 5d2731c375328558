"""The roles in which the software connects. Each logs in separately and is a member of no other."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

APPLICATION_ROLE = "work_health_app"
PUBLIC_ROLE = "work_health_public"
PUBLISHER_ROLE = "work_health_publisher"
VIEW_ROLE = "work_health_view"
"""It owned a view until migration 0010, and nobody logs in as it."""
ROLES = (APPLICATION_ROLE, PUBLIC_ROLE, PUBLISHER_ROLE, VIEW_ROLE)

_TIMEOUTS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
ROLE_TIMEOUTS = {
    # A request that waits for a lock occupies a connection, and its client can repeat it.
    APPLICATION_ROLE: ("2min", "5s", "2min"),
    PUBLIC_ROLE: ("30s", "5s", "15s"),
    # A worker audits for minutes between two statements of a transaction.
    PUBLISHER_ROLE: ("30min", "2min", "1h"),
}
OWNER_TIMEOUTS = dict(zip(_TIMEOUTS, ("0", "10min", "1h"), strict=True))
"""A migration may convert for hours."""


def login_url(url: str, role: str) -> str:
    """Return the URL of the same database with the login of a role. A URL that has this login stays as it is."""
    parts = urlsplit(url)
    user_info, _, host = parts.netloc.rpartition("@")
    user, colon, password = user_info.partition(":")
    if user == role:
        return url
    return urlunsplit(parts._replace(netloc=f"{role}{colon}{password}@{host}"))


async def create_roles(connection: AsyncConnection) -> None:
    """Create the roles that the server lacks, and let the current user act as each.

    Roles belong to all databases of a server, so another database may have them already, or create them now.
    """
    for role in ROLES:
        await connection.execute(text(_CREATE_ROLE.format(role=role)))


async def set_up_roles(connection: AsyncConnection) -> None:
    """Let each login log in, with time-outs and without membership of another role, and nobody make temporary tables.

    Change only what differs: roles belong to all databases of a server, where others may be migrated now.
    """
    for statement in await list_role_changes(connection):
        await connection.execute(text(statement))
    await connection.execute(text(REVOKE_TEMPORARY))


async def list_role_changes(connection: AsyncConnection) -> list[str]:
    """Return the statements that make the logins as they must be. A login that does not exist has none."""
    changes: list[str] = []
    for role, timeouts in ROLE_TIMEOUTS.items():
        for stored in await connection.execute(text(_ROLE_SQL), {"role": role}):
            changes += _compare_role(role, timeouts, stored)
    return changes


def _compare_role(role: str, timeouts: tuple[str, ...], stored: Row[Any]) -> list[str]:
    changes = [] if stored.rolcanlogin else [f"alter role {role} login"]
    current = dict(setting.split("=", 1) for setting in stored.rolconfig or ())
    wanted = dict(zip(_TIMEOUTS, timeouts, strict=True))
    changes += [
        f"alter role {role} set {name} = '{wanted[name]}'" for name in wanted if current.get(name) != wanted[name]
    ]
    return changes + [f"revoke {quoted} from {role}" for quoted in stored.memberships]


# A role that may create roles administers those that it created, but is not a member of them.
_CREATE_ROLE = """
    do $$ begin
        begin
            if to_regrole('{role}') is null then
                create role {role} nologin;
            end if;
        exception when duplicate_object or unique_violation then null;
        end;
        if not pg_has_role('{role}', 'set') then
            grant {role} to current_user;
        end if;
    end $$
"""
_ROLE_SQL = """
    select rolcanlogin, rolconfig, array(
        select quote_ident(granted.rolname) from pg_auth_members m join pg_roles granted on granted.oid = m.roleid
        where m.member = r.oid
    ) as memberships
    from pg_roles r where rolname = :role
"""
# A temporary table would hide a table of the same name from a function that does not fix its search_path.
REVOKE_TEMPORARY = """
    do $$ begin
        execute format('revoke temporary on database %I from public', current_database());
    end $$
"""
