"""The roles in which the software connects. Each logs in separately and is a member of no other."""

from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

APPLICATION_ROLE = "work_health_app"
PUBLIC_ROLE = "work_health_public"
PUBLISHER_ROLE = "work_health_publisher"

_TIMEOUTS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
ROLE_TIMEOUTS = {
    APPLICATION_ROLE: ("2min", "30s", "2min"),
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


async def set_up_roles(connection: AsyncConnection) -> None:
    """Let each role log in, with time-outs and without membership of another role, and nobody make temporary tables.

    Change only what differs: roles belong to all databases of a server, where others may be migrated now.
    """
    for role, timeouts in ROLE_TIMEOUTS.items():
        for statement in await _list_role_changes(connection, role, timeouts):
            await connection.execute(text(statement))
    await connection.execute(text(REVOKE_TEMPORARY))


async def _list_role_changes(connection: AsyncConnection, role: str, timeouts: tuple[str, ...]) -> list[str]:
    stored = (await connection.execute(text(_ROLE_SQL), {"role": role})).one()
    changes = [] if stored.rolcanlogin else [f"alter role {role} login"]
    current = dict(setting.split("=", 1) for setting in stored.rolconfig or ())
    wanted = dict(zip(_TIMEOUTS, timeouts, strict=True))
    changes += [
        f"alter role {role} set {name} = '{wanted[name]}'" for name in wanted if current.get(name) != wanted[name]
    ]
    return changes + [f"revoke {quoted} from {role}" for quoted in stored.memberships]


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
