"""A server on a socket that answers what it is told to, as far as it is told to, and remembers what it was asked."""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

Answer = bytes | None
"""What goes over the wire before the connection is closed; None: nothing at all, until whoever asks gives up."""


def answer(
    status: int, body: object = b"", *, cut: int = 0, kind: str | None = None, headers: dict[str, str] | None = None
) -> bytes:
    """A whole answer, or one whose last bytes never come."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Type": kind or ("text/html" if isinstance(body, bytes) else "application/json")}
    given |= {"Content-Length": str(len(content))} | (headers or {})
    head = f"HTTP/1.1 {status} Told\r\n" + "".join(f"{name}: {value}\r\n" for name, value in given.items())
    whole = head.encode() + b"Connection: close\r\n\r\n" + content
    return whole[: len(whole) - cut]


PERIOD = {
    "code": "2025-07",
    "type": "month",
    "start": "2025-07-01",
    "end": "2025-07-31",
    "label": "July 2025",
}
HTML = b"<html><h1>Sign in to the guest network</h1></html>"


@dataclass
class Asked:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Misbehaving:
    """The answers come in turn; the last one again and again."""

    address: str
    answers: list[Answer]
    asked: list[Asked] = field(default_factory=list)

    def serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            head, _, body = _read_until(connection, b"\r\n\r\n")
            line, *fields = head.decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in fields)}
            while len(body) < int(headers.get("content-length", 0)):
                body += connection.recv(65536)
            self.asked.append(Asked(line, headers, body))
            said = self.answers[min(len(self.asked), len(self.answers)) - 1]
            if said is None:
                connection.settimeout(5)
                connection.recv(1)  # nothing, when the other side hangs up
            else:
                connection.sendall(said)


def _read_until(connection: socket.socket, mark: bytes) -> tuple[bytes, bytes, bytes]:
    got = b""
    while mark not in got:
        more = connection.recv(65536)
        if not more:
            raise OSError("hung up")
        got += more
    return got.partition(mark)


@contextlib.contextmanager
def misbehaving(*answers: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Misbehaving]:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = Misbehaving(f"http{'s' if tls else ''}://127.0.0.1:{port}", list(answers))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                if tls:
                    try:
                        connection = tls.wrap_socket(connection, server_side=True)
                    except OSError:
                        connection.close()
                        continue
                server.serve(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)
