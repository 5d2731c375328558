"""How a body is read: bounded, decompressed within the same bound; JSON in one strict pass, files as they come."""

import hashlib
import re
import zlib
from collections.abc import AsyncGenerator, Iterator
from functools import lru_cache
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import InternalServerException
from litestar.types import Empty

from api.http.refusals import Invalid, Malformed, TooLarge, UnsupportedMedia
from api.http.violations import TOLD, violations

LARGEST_JSON = 32 * 1024 * 1024
LARGEST_FILE = 1024**3
CSV, NDJSON = "text/csv", "application/x-ndjson"
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class InvalidBody(Invalid):
    """The body does not have the form that the operation takes."""

    example = '{"return": [{"measure": "ips-primary-care-referrals"}]}\n\nThe field is called `returns`.'
    mend = "Each error names the field. Compare the body with the operation's example in `/docs`."


class TypedRequest(Request[Any, Any, Any]):
    """Decodes a JSON body straight into the struct that the handler asks for.

    Litestar by itself goes through builtins and takes `"5"` for a number.
    """

    async def body(self) -> bytes:
        """The body, decompressed. Raises TooLarge beyond 32 MB, compressed or not."""
        if self._body is Empty:
            try:
                raw = await super().body()
            except InternalServerException as error:
                raise Malformed("The connection ended before the body did.") from error
            content = decompressed(raw, self.headers.get("content-encoding", "identity"))
            self._body = self._connection_state.body = content
        return self._body  # pyright: ignore[reportReturnType]

    async def json(self) -> Any:
        wanted = self.route_handler.parsed_data_field
        return decoded(wanted.annotation if wanted else object, await self.json_body())

    async def json_body(self) -> bytes:
        """The body, if it says that it is JSON. Raises Malformed where there is none, or UnsupportedMedia."""
        if not (content := await self.body()):
            raise Malformed("The body is empty.")
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise UnsupportedMedia(f"The body is {media_type or 'of no stated type'}; send `application/json`.")
        return content


@lru_cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decoded(kind: Any, content: bytes) -> Any:
    """A JSON body as a struct, strictly. Raises Malformed, or InvalidBody with every violation."""
    try:
        return _decoder(kind).decode(content)
    except _UNREADABLE as error:
        try:
            raw = msgspec.json.decode(content)
        except _UNREADABLE as worse:
            raise Malformed(f"The body is not JSON: {worse}.") from error
        raise InvalidBody(str(error), list(violations(kind, raw))[:TOLD]) from error


def decompressed(raw: bytes, encoding: str) -> bytes:
    """Raises TooLarge as soon as the content passes 32 MB, so that no bomb unfolds."""
    if encoding == "identity":
        return raw
    if encoding != "gzip":
        raise UnsupportedMedia(f"The body has the content encoding {encoding!r}.")
    unzip = zlib.decompressobj(wbits=31)
    try:
        content = unzip.decompress(raw, LARGEST_JSON)
    except zlib.error as error:
        raise Malformed(f"The body is not gzip: {error}.") from error
    if unzip.unconsumed_tail:
        raise TooLarge(f"The body is larger than {LARGEST_JSON:,} bytes when decompressed.")
    if not unzip.eof:
        raise Malformed("The gzip body is cut off.")
    return content


class Arriving:
    """A file in a request's body, piece by piece as it arrives, decompressed: `async for piece in arriving`.

    Raises UnsupportedMedia at once if it is not of the type; Malformed where it is cut off or not gzip; TooLarge as
    soon as it passes a gigabyte decompressed, so that no bomb unfolds. A route that uses it takes no `data`, and has
    `request_max_body_size=LARGEST_FILE`.
    """

    def __init__(self, request: Request[Any, Any, Any], media_type: str, *, largest: int = LARGEST_FILE) -> None:
        sent = request.headers.get("content-type", "")
        kind, _, parameters = sent.lower().partition(";")
        if kind.strip() != media_type or not _UTF_8.fullmatch(parameters):
            raise UnsupportedMedia(f"The body is {sent or 'of no stated type'}; send `{media_type}`, in UTF-8.")
        self._encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if self._encoding not in {"identity", "gzip"}:
            raise UnsupportedMedia(f"The body has the content encoding {self._encoding!r}; send it plain or as `gzip`.")
        self._request = request
        self._largest = largest
        self._digest = hashlib.sha256()
        self.size = 0  # bytes so far, decompressed

    @property
    def sha256(self) -> bytes:
        """Of all that has arrived, decompressed."""
        return self._digest.digest()

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        unzip = _Gunzip() if self._encoding == "gzip" else None
        try:
            async for piece in self._request.stream():
                for content in unzip.feed(piece) if unzip else (piece,):
                    if content:
                        yield self._counted(content)
        except InternalServerException as error:
            raise Malformed("The connection ended before the body did.") from error
        if unzip and not unzip.ended:
            raise Malformed("The gzip body is cut off.")

    def _counted(self, content: bytes) -> bytes:
        self.size += len(content)
        if self.size > self._largest:
            raise TooLarge(
                f"The body is larger than {self._largest:,} bytes when decompressed. "
                "Send it in parts, each with whole returns."
            )
        self._digest.update(content)
        return content


_UTF_8 = re.compile(r'\s*(?:charset\s*=\s*"?utf-8"?\s*)?')
_PIECE = 1024 * 1024


class _Gunzip:
    """Gzip, of one member or several after each other, no more than a megabyte at a time."""

    def __init__(self) -> None:
        self._unzip = zlib.decompressobj(wbits=31)
        self.ended = False  # at the end of a member

    def feed(self, piece: bytes) -> Iterator[bytes]:
        while piece:
            if self.ended:
                self._unzip, self.ended = zlib.decompressobj(wbits=31), False
            try:
                content = self._unzip.decompress(piece, _PIECE)
            except zlib.error as error:
                raise Malformed(f"The body is not gzip: {error}.") from error
            self.ended = self._unzip.eof
            piece = self._unzip.unused_data if self.ended else self._unzip.unconsumed_tail
            yield content
