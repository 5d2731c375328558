"""Every wall of the database is checked: `verify` lists one that is missing, and neither server nor worker starts."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.__main__ import main
from api.database import connections
from api.database.walls import DECLARED_FILE, find_wall_faults
from tests.fixtures.stock_cluster import OWNER, StockCluster, start_stock_cluster

ROOT = Path(__file__).parents[2]
DATABASE = "walled"
APP, PUBLISHER = "work_health_app", "work_health_publisher"
# What breaks a wall, and what removes the part of it that no declared statement replaces.
BREAKS = {
    "policy dropped": ("drop policy own on revision", ""),
    "policy changed": ("alter policy own on revision using (true)", "drop policy own on revision"),
    "row security off": ("alter table revision disable row level security", ""),
    "row security forced": (
        "alter table revision force row level security",
        "alter table revision no force row level security",
    ),
    "right on a table": (
        f"grant select on protection.contribution to {APP}",
        f"revoke select on protection.contribution from {APP}",
    ),
    "right on a column": (f"grant update (name) on client to {APP}", f"revoke update (name) on client from {APP}"),
    "right of a stranger": (
        "create role stranger; grant select on revision to stranger",
        "drop owned by stranger; drop role stranger",
    ),
    "right missing": (f"revoke select on observation from {APP}", ""),
    "right on a function": (
        "grant execute on function redact to public",
        "revoke execute on function redact from public",
    ),
    "right on a sequence": (
        "grant usage on sequence return_id_seq to public",
        "revoke usage on sequence return_id_seq from public",
    ),
    "right on a schema": (f"grant create on schema public to {APP}", f"revoke create on schema public from {APP}"),
    "right on the database": (
        f"grant temporary on database {DATABASE} to public",
        f"revoke temporary on database {DATABASE} from public",
    ),
    "right on later tables": (
        f"alter default privileges for role {OWNER} grant select on tables to public",
        f"alter default privileges for role {OWNER} revoke select on tables from public",
    ),
    "owner of a table": (f"alter table revision owner to {APP}", ""),
    "owner of a view": (f"alter view observation owner to {PUBLISHER}", ""),
    "owner of a function": (f"alter function redact owner to {PUBLISHER}", ""),
    "owner of a schema": (f"alter schema release owner to {PUBLISHER}", ""),
    "view of its owner": ("alter view observation set (security_invoker = false)", ""),
    "search path": ("alter function redact reset search_path", ""),
    "definer": ("alter function choose_snapshot security invoker", ""),
    "definer added": ("alter function sign_audit security definer", "alter function sign_audit security invoker"),
    "trigger dropped": ("drop trigger signed on audit", ""),
    "trigger off": ("alter table audit disable trigger signed", "alter table audit enable trigger signed"),
    "role without row security": (f"alter role {APP} bypassrls", ""),
    "role that may do anything": (f"alter role {PUBLISHER} superuser", ""),
    "role that makes roles": (f"alter role {PUBLISHER} createrole", ""),
    "member of another": (f"grant {PUBLISHER} to {APP}", f"revoke {PUBLISHER} from {APP}"),
    "member of ours": (f"create role outsider; grant {PUBLISHER} to outsider", "drop role outsider"),
    "triggers of a role": (
        f"alter role {APP} set session_replication_role = replica",
        f"alter role {APP} reset session_replication_role",
    ),
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[StockCluster]:
    with start_stock_cluster() as cluster, pytest.MonkeyPatch.context() as patch:
        cluster.execute(f"create database {DATABASE} owner {OWNER}")
        patch.setenv("DATABASE_URL", cluster.url(DATABASE, OWNER))
        assert main(["migrate"]) == 0
        yield cluster


def list_faults(cluster: StockCluster, login: str = APP) -> list[str]:
    async def find() -> list[str]:
        engine = connections.create_owner_engine(cluster.url(DATABASE, login))
        async with engine.connect() as connection:
            faults = await find_wall_faults(connection)
        await engine.dispose()
        return faults

    return asyncio.run(find())


def repair(cluster: StockCluster, undo: str) -> None:
    """Undo what is not declared, then run each statement that the check printed."""
    administrator = cluster.url(DATABASE, "postgres")
    if undo:
        cluster.execute(undo, url=administrator)
    for fault in list_faults(cluster):
        kind, _, statement = fault.partition(": ")
        if kind == "Missing":
            cluster.execute(statement.replace(":owner", OWNER), url=administrator)


@pytest.mark.parametrize(("change", "undo"), BREAKS.values(), ids=BREAKS)
def test_broken_wall_is_listed_and_its_statement_repairs_it(cluster, change, undo):
    cluster.execute(change, url=cluster.url(DATABASE, "postgres"))
    try:
        for login in (APP, PUBLISHER, OWNER):
            assert list_faults(cluster, login)
    finally:
        repair(cluster, undo)
    assert list_faults(cluster) == []


@pytest.mark.parametrize("command", ["run", "serve", "work", "verify", "migrate"])
def test_nothing_starts_with_a_broken_wall(cluster, command):
    cluster.execute("alter table revision disable row level security", url=cluster.url(DATABASE, "postgres"))
    try:
        environment = os.environ | {"DATABASE_URL": cluster.url(DATABASE, OWNER)}
        result = subprocess.run(
            [sys.executable, "-m", "api", command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    finally:
        repair(cluster, "")
    assert (result.returncode, "Traceback" in result.stderr) == (1, False), result.stderr
    assert "alter table public.revision enable row level security;" in result.stderr + result.stdout


def test_extensions_and_hardening_are_no_faults(cluster):
    """Rights of superusers and extensions, and a database to which fewer may connect."""
    administrator = cluster.url(DATABASE, "postgres")
    cluster.execute(
        f"revoke connect on database {DATABASE} from public",
        f"grant connect on database {DATABASE} to {APP}, {PUBLISHER}, work_health_public",
        "revoke usage on schema public from public",
        f"grant all on schema public to {OWNER}",
        "grant select on revision to postgres",
        "create schema monitoring",
        "create table monitoring.facts (id int)",
        url=administrator,
    )
    assert list_faults(cluster) == []


def test_declared_walls_are_sorted_statements():
    lines = DECLARED_FILE.read_text().splitlines()
    assert lines == sorted(set(lines))
    assert len(lines) > 250
