"""The operator's commands that back up the database and restore it."""

import argparse
import asyncio
import os
from pathlib import Path

from sqlalchemy import text

from api import commands, settings
from api.database import connections, dump_programs
from api.database.dump_programs import BackupFailed
from api.database.requirements import NEWEST_SCHEMA, Need
from api.database.roles import create_roles

BACKUP_MODE = 0o600


def backup(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Write a backup of the database into a new file, while the server runs."""
    file: Path = arguments.file
    if file.exists():
        raise BackupFailed(f"{file} exists already. Name another file, so that no backup is overwritten.")
    with commands.open_database(configuration) as url:
        program = dump_programs.find_program("pg_dump", asyncio.run(_fetch_version(url)))
        _write_backup(program, url, file)
    print(f"{file} has the database with schema {NEWEST_SCHEMA}, {file.stat().st_size} bytes.")
    return 0


def _write_backup(program: Path, url: str, file: Path) -> None:
    """Write the file under another name first, so that an interrupted backup is never taken for a whole one."""
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, BACKUP_MODE), "wb") as output:
            dump_programs.dump(program, url, output)
            os.fsync(output.fileno())
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)


def restore(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Restore a backup into an empty database, with the roles and all that separates callers."""
    file: Path = arguments.file
    file.open("rb").close()  # report a missing file first
    with commands.open_database(configuration, Need.EMPTY_DATABASE) as url:
        program = dump_programs.find_program("pg_restore", asyncio.run(_fetch_version(url)))
        schema = dump_programs.read_schema(program, file)
        if schema > NEWEST_SCHEMA:
            raise BackupFailed(f"{file} has schema {schema}, newer than {NEWEST_SCHEMA}: install the newer software.")
        asyncio.run(_prepare_roles(url))
        dump_programs.restore(program, url, file)
        asyncio.run(_finish_restore(url))
    print(f"The database has everything of {file}. Give each login a password, or another way to log in.")
    return 0


async def _fetch_version(url: str) -> int:
    """Return the main version of the server."""
    async with commands.begin_owner_transaction(url) as transaction:
        return (
            await transaction.execute(text("select current_setting('server_version_num')::int"))
        ).scalar_one() // 10**4


async def _prepare_roles(url: str) -> None:
    """Create the roles, which belong to the server and so are in no backup of a database."""
    async with commands.begin_owner_transaction(url) as transaction:
        await create_roles(transaction)


async def _finish_restore(url: str) -> None:
    """Migrate to the newest schema, check the walls, and let PostgreSQL count what it plans with."""
    await commands.migrate_database(url)
    engine = connections.create_owner_engine(url)
    try:
        async with connections.autocommit_connection(engine) as connection:
            await connection.execute(text("analyze"))
    finally:
        await engine.dispose()
