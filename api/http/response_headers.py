"""Headers and ids of every response, HEAD for every GET, reads from other origins, and proxies that are believed.

The names and values follow the OWASP Secure Headers Project and the Fetch standard.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

from litestar import Litestar
from litestar.enums import HttpMethod
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send

from api.http.problems import read_authorization
from api.http.request_ids import Headers, assign_request_ids

Network = IPv4Network | IPv6Network
ALWAYS: Headers = [(b"x-content-type-options", b"nosniff"), (b"server", b"work-and-health")]
STRICT_TRANSPORT: Headers = [(b"strict-transport-security", b"max-age=31536000")]
CROSS_ORIGIN: Headers = [
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"ETag, Request-Id, Client-Request-Id, Content-Disposition, RateLimit, RateLimit-Policy, Retry-After",
    ),
]
EXPIRY_STATE_KEY = "key_expiry"
PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"If-None-Match, Client-Request-Id"),
    (b"access-control-max-age", b"86400"),
]


def announce_key_expiry(scope: Scope, key: str, expires_at: datetime) -> None:
    """Let the response state when its key expires.

    `Authentication-Info` (RFC 7615) is the standard header for what a server has to say about accepted credentials; the
    parameters are ours. `Sunset` (RFC 8594) would say that the address ends, and not the key.
    """
    value = f'key="{key}", expires_at="{expires_at.isoformat(timespec="seconds")}"'
    scope["state"][EXPIRY_STATE_KEY] = (b"authentication-info", value.encode())


def list_open_paths(app: Litestar) -> frozenset[str]:
    """Return the paths that everybody may read without a key."""
    routes = [route for route in app.routes if isinstance(route, HTTPRoute)]
    return frozenset(
        route.path_format
        for route in routes
        if any("GET" in handler.http_methods and not handler.security for handler in route.route_handlers)
    )


def add_response_headers(app: Litestar, proxies: Sequence[Network]) -> Litestar:
    """Put the headers around an application, and return it."""
    app.asgi_handler = ResponseHeaders(app.asgi_handler, list_open_paths(app), proxies)
    return app


class ResponseHeaders:
    """The outermost part of the application. It also sees requests that no route answers."""

    def __init__(self, app: ASGIApp, open_paths: Collection[str], proxies: Sequence[Network] = ()) -> None:
        self.app, self.open_paths, self.proxies = app, open_paths, tuple(proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self._believe_proxy(scope)
        await self._answer(scope, receive, send)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        is_head = scope["method"] == "HEAD"
        if is_head:
            scope["method"] = HttpMethod.GET
        has_key = read_authorization(scope) is not None
        request_ids = assign_request_ids(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = self._complete(scope, [*message["headers"], *request_ids], has_key=has_key)
                message = HTTPResponseStartEvent(type="http.response.start", status=message["status"], headers=headers)
            elif is_head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _complete(self, scope: HTTPScope, headers: Headers, *, has_key: bool) -> Headers:
        names = {name for name, _ in headers}
        added = [pair for pair in ALWAYS if pair[0] not in names]
        if has_key and b"cache-control" not in names:
            added.append((b"cache-control", b"no-store"))
        if "state" in scope and EXPIRY_STATE_KEY in scope["state"]:
            added.append(scope["state"][EXPIRY_STATE_KEY])
        if scope["scheme"] == "https":
            added += STRICT_TRANSPORT
        if "path_template" in scope and scope["path_template"] in self.open_paths:
            added += CROSS_ORIGIN
            if scope["method"] == "OPTIONS":
                added += PREFLIGHT
        return headers + added

    def _believe_proxy(self, scope: HTTPScope) -> None:
        """Replace address and scheme of the caller by those that a configured proxy states."""
        client = scope["client"]
        if client is None or not is_within(client[0], self.proxies):
            return
        forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        for address in reversed(b",".join(forwarded).decode("latin-1").split(",")):
            if not _is_address(address.strip()):
                break
            scope["client"] = (address.strip(), 0)
            if not is_within(address.strip(), self.proxies):
                break
        for name, value in scope["headers"]:
            if name == b"x-forwarded-proto" and value in (b"http", b"https"):
                scope["scheme"] = value.decode()


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def is_within(address: str, networks: tuple[Network, ...]) -> bool:
    """Return True if the address is in one of the networks. A name is in none."""
    return _is_address(address) and any(ip_address(address) in network for network in networks)
