"""Which content an answer is, so that nobody is sent what they have: `ETag`, `If-None-Match` (RFC 9110, 8.8, 13.1.2).

The tag is a hash of the body's bytes, so a strong one, and rests on nothing else: not on who asks, nor when. The
operation still runs, and whoever may not see its answer is refused before there is anything to compare.
"""

import hashlib
import re

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPResponseBodyEvent, HTTPResponseStartEvent, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]

TAG_PATTERN = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')  # a comma may stand within the quotes
BODY_HEADER_PATTERN = re.compile(rb"content-(?:type|length|disposition|encoding|language|range)")


class ETagMiddleware(ASGIMiddleware):
    """Whole answers to a GET have a tag; 304 where the caller has named it. What is streamed has none."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await next_app(scope, receive, send)
            return
        asked: Headers = list(scope["headers"])
        held: HTTPResponseStartEvent | None = None

        async def tagged(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and message["status"] == 200:
                held = message
                return
            if held is not None:
                headers, held = _set_cache_control(list(held["headers"]), asked), None
                status = 200
                if message["type"] == "http.response.body" and not message["more_body"]:
                    headers = add_etag(headers, message["body"])
                    if is_not_modified(asked, headers):
                        status, headers = (
                            304,
                            [(n, v) for n, v in headers if not BODY_HEADER_PATTERN.fullmatch(n.lower())],
                        )
                        message = HTTPResponseBodyEvent(type="http.response.body", body=b"", more_body=False)
                await send(HTTPResponseStartEvent(type="http.response.start", status=status, headers=headers))
            await send(message)

        await next_app(scope, receive, tagged)


def _header_value(headers: Headers, wanted: bytes) -> bytes | None:
    """Of all lines of a header, as one list; None where there is none."""
    return b", ".join(found) if (found := [value for name, value in headers if name.lower() == wanted]) else None


def _set_cache_control(headers: Headers, asked: Headers) -> Headers:
    """Kept by whoever likes, and asked for again each time; an answer to a key by nobody but its holder."""
    if _header_value(headers, b"cache-control") is not None:
        return headers
    private = _header_value(asked, b"authorization") is not None
    return [*headers, (b"cache-control", b"private, no-cache" if private else b"public, no-cache")]


def add_etag(headers: Headers, body: bytes) -> Headers:
    """A tag that is there already is taken as it is."""
    if _header_value(headers, b"etag") is not None:
        return headers
    return [*headers, (b"etag", b'"%s"' % hashlib.sha256(body).hexdigest()[:32].encode())]


def is_not_modified(asked: Headers, headers: Headers) -> bool:
    """Whether `If-None-Match` names the tag, or `*`; weakly compared: `W/` makes no difference."""
    named, tag = _header_value(asked, b"if-none-match"), _header_value(headers, b"etag")
    if named is None or tag is None:
        return False
    return named.strip() == b"*" or tag.removeprefix(b"W/") in TAG_PATTERN.findall(named)
