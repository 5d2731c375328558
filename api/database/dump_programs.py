"""Run pg_dump and pg_restore, of the system or of the embedded PostgreSQL, without a password on the command line."""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from api.database.embedded_files import INSTALL_FOLDERS, PostgresDidNotStart, find_install

SYSTEM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")  # of Debian, and of Red Hat


class BackupFailed(Exception):  # noqa: N818  the name states what happened
    """A backup was not written or not restored. The message is for the operator."""


def find_program(name: str, min_version: int) -> Path:
    """Return the program of the lowest version from `min_version` on. Raises BackupFailed.

    The programs must not be older than the server, and a newer pg_restore uses settings that an older server lacks.
    """
    versions = {
        version: program for program in _list_programs(name) if (version := _read_version(program)) >= min_version
    }
    if not versions:
        raise BackupFailed(
            f"There is no {name} of version {min_version} or later. "
            f"Install it (Debian: apt install postgresql-client-{min_version}) or put it on PATH."
        )
    return versions[min(versions)]


def _list_programs(name: str) -> Iterator[Path]:
    for version in INSTALL_FOLDERS:
        with contextlib.suppress(PostgresDidNotStart):
            yield find_install(version) / "bin" / name
    for pattern in SYSTEM_FOLDERS:
        yield from Path("/").glob(f"{pattern.lstrip('/')}/{name}")
    if program := shutil.which(name):
        yield Path(program)


def _read_version(program: Path) -> int:
    """Return the main version, or 0 if the program cannot run."""
    with contextlib.suppress(OSError, BackupFailed):
        shown = _run([program, "--version"], {})
        if version := re.search(rb"\) (\d+)", shown):
            return int(version[1])
    return 0


def dump(program: Path, url: str, output: IO[bytes]) -> None:
    """Write a backup of the database, as it is at one moment, in pg_dump's custom format."""
    address, environment = hide_password(url)
    _run([program, "--format=custom", "--no-password", f"--dbname={address}"], environment, output)


def restore(program: Path, url: str, file: Path) -> None:
    """Restore a backup as the user of the URL: everything or nothing."""
    address, environment = hide_password(url)
    options = ["--no-owner", "--exit-on-error", "--single-transaction", "--no-password", f"--dbname={address}"]
    _run([program, *options, file], environment)


def read_schema(program: Path, file: Path) -> str:
    """Return the number of the schema in a backup. Raises BackupFailed if the file is no backup of ours."""
    script = _run([program, "--data-only", "--table=alembic_version", "--file=-", file], {})
    if schema := re.search(rb"^COPY public\.alembic_version .*;\n(\w+)$", script, re.MULTILINE):
        return schema[1].decode()
    raise BackupFailed(f"{file} is not a backup of this software.")


def hide_password(url: str) -> tuple[str, dict[str, str]]:
    """Return the URL without its password, and the environment that has it."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    options = dict(parse_qsl(parts.query))
    secret = unquote(password) or options.get("password")
    query = urlencode({name: options[name] for name in options if "password" not in name}, quote_via=quote, safe="/")
    address = f"{parts.scheme}://{user}{at}{host}{parts.path}{'?' if query else ''}{query}"
    return address, {"PGPASSWORD": secret} if secret else {}


def _run(command: list[str | Path], environment: dict[str, str], output: IO[bytes] | None = None) -> bytes:
    result = subprocess.run(  # noqa: S603  programs of PostgreSQL, with arguments of ours
        command,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=output or subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
    )
    if result.returncode != 0:
        raise BackupFailed(result.stderr.decode(errors="replace").strip() or f"{command[0]} failed.")
    return result.stdout or b""
