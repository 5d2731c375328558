"""Conditional requests: `ETag` and `If-None-Match` (RFC 9110, 8.8 and 13.1.2).

The tag is a hash of the body alone, so it is a strong one, the same for every caller at any time. The operation still
runs, so a caller who may not read the response gets its refusal and never a 304.
"""

import hashlib
import re

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPResponseBodyEvent, HTTPResponseStartEvent, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]

TAG_PATTERN = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')  # the quoted part can contain a comma
BODY_HEADERS = frozenset(
    b"content-" + name for name in (b"type", b"length", b"disposition", b"encoding", b"language", b"range")
)


class ETagMiddleware(ASGIMiddleware):
    """Add a tag to complete responses to a GET, and send 304 if the caller has sent that tag. Streams have no tag."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await next_app(scope, receive, send)
            return
        request_headers: Headers = list(scope["headers"])
        start: HTTPResponseStartEvent | None = None

        async def send_tagged(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] == 200:
                start = message
                return
            if start is not None:
                headers, start = _set_cache_control(list(start["headers"]), request_headers), None
                status = 200
                if message["type"] == "http.response.body" and not message["more_body"]:
                    headers = add_etag(headers, message["body"])
                    if is_not_modified(request_headers, headers):
                        status, headers = 304, [header for header in headers if header[0] not in BODY_HEADERS]
                        message = HTTPResponseBodyEvent(type="http.response.body", body=b"", more_body=False)
                await send(HTTPResponseStartEvent(type="http.response.start", status=status, headers=headers))
            await send(message)

        await next_app(scope, receive, send_tagged)


def _header_value(headers: Headers, name: bytes) -> bytes | None:
    """Return the values of a header joined as one list, or None if it is absent. ASGI sends names in lower case."""
    values = [value for header, value in headers if header == name]
    return b", ".join(values) if values else None


def _set_cache_control(headers: Headers, request_headers: Headers) -> Headers:
    """Set `Cache-Control`: `public, no-cache` for open responses, `no-store` for responses to an API key."""
    if _header_value(headers, b"cache-control") is not None:
        return headers
    is_private = _header_value(request_headers, b"authorization") is not None
    return [*headers, (b"cache-control", b"no-store" if is_private else b"public, no-cache")]


def add_etag(headers: Headers, body: bytes) -> Headers:
    """Add the tag of the body, unless the headers already have a tag."""
    if _header_value(headers, b"etag") is not None:
        return headers
    return [*headers, (b"etag", b'"%s"' % hashlib.sha256(body).hexdigest()[:32].encode())]


def is_not_modified(request_headers: Headers, headers: Headers) -> bool:
    """Return True if `If-None-Match` has the tag or `*`. The comparison is weak: it ignores `W/`."""
    condition, tag = _header_value(request_headers, b"if-none-match"), _header_value(headers, b"etag")
    if condition is None or tag is None:
        return False
    return condition.strip() == b"*" or tag.removeprefix(b"W/") in TAG_PATTERN.findall(condition)
