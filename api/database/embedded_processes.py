"""Find out about PostgreSQL processes: whether one answers, and what a dead one left."""

import contextlib
import os
import socket
import struct
from pathlib import Path

SOCKET_NAME = ".s.PGSQL.5432"


def is_answering(sockets: Path) -> bool:
    """Return True if a server in this socket folder answers a startup packet, even with "too many clients"."""
    startup = struct.pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)  # a dead server refuses at once, so this waits only for one that hangs
        client.connect(str(sockets / SOCKET_NAME))
        client.sendall(struct.pack("!I", len(startup) + 4) + startup)
        reply = client.recv(1024)
        return reply[:1] == b"R" or (reply[:1] == b"E" and b"C57P03\0" not in reply)  # cannot_connect_now
    return False


def read_lines(file: Path) -> list[str]:
    """Return the lines of the file, or an empty list if it does not exist."""
    try:
        return file.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def is_postmaster(pid: int) -> bool:
    """Return True if the process is alive and its program is `postgres`. Linux only."""
    try:
        program = Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0]  # empty once it is dead
    except (FileNotFoundError, ProcessLookupError):
        return False
    return Path(os.fsdecode(program)).name == "postgres"


def has_sessions(lock_file: list[str]) -> bool:
    """Return True if sessions of a dead postmaster are still attached to the shared memory in its lock file."""
    segment = lock_file[6].split()[-1:] if len(lock_file) > 6 else []
    rows = [line.split() for line in read_lines(Path("/proc/sysvipc/shm"))[1:]]
    return any(row[1:2] == segment and row[6] != "0" for row in rows)
