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

from api.http.refusals import BodyTooLarge, Invalid, Malformed, UnsupportedMedia
from api.http.violations import MAX_VIOLATIONS, find_violations

MAX_JSON_BYTES = 32 * 1024 * 1024
MAX_FILE_BYTES = 1024**3
CSV_MEDIA_TYPE, NDJSON_MEDIA_TYPE = "text/csv", "application/x-ndjson"
_DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class InvalidBody(Invalid):
    """The body does not have the form that the operation takes."""

    example = '{"return": [{"measure": "ips-primary-care-referrals"}]}\n\nThe field is called `returns`.'
    fix = "Each error names the field. Compare the body with the operation's example in `/docs`."


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
            content = decompress(raw, self.headers.get("content-encoding", "identity"))
            self._body = self._connection_state.body = content
        return self._body  # pyright: ignore[reportReturnType]

    async def json(self) -> Any:
        wanted = self.route_handler.parsed_data_field
        return decode_json(wanted.annotation if wanted else object, await self.json_body())

    async def json_body(self) -> bytes:
        """The body, if it says that it is JSON. Raises Malformed where there is none, or UnsupportedMedia."""
        if not (content := await self.body()):
            raise Malformed("The body is empty.")
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise UnsupportedMedia(f"The body is {media_type or 'of no stated type'}; send `application/json`.")
        return content


@lru_cache
def _decoder_for(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decode_json(kind: Any, content: bytes) -> Any:
    """A JSON body as a struct, strictly. Raises Malformed, or InvalidBody with every violation."""
    try:
        return _decoder_for(kind).decode(content)
    except _DECODE_ERRORS as error:
        try:
            raw = msgspec.json.decode(content)
        except _DECODE_ERRORS as worse:
            raise Malformed(f"The body is not JSON: {worse}.") from error
        raise InvalidBody(str(error), list(find_violations(kind, raw))[:MAX_VIOLATIONS]) from error


def decompress(raw: bytes, encoding: str) -> bytes:
    """Raises TooLarge as soon as the content passes 32 MB, so that no bomb unfolds."""
    if encoding == "identity":
        return raw
    if encoding != "gzip":
        raise UnsupportedMedia(f"The body has the content encoding {encoding!r}.")
    unzip = zlib.decompressobj(wbits=31)
    try:
        content = unzip.decompress(raw, MAX_JSON_BYTES)
    except zlib.error as error:
        raise Malformed(f"The body is not gzip: {error}.") from error
    if unzip.unconsumed_tail:
        raise BodyTooLarge(f"The body is larger than {MAX_JSON_BYTES:,} bytes when decompressed.")
    if not unzip.eof:
        raise Malformed("The gzip body is cut off.")
    return content


class StreamedFile:
    """A file in a request's body, piece by piece as it arrives, decompressed: `async for piece in arriving`.

    Raises UnsupportedMedia at once if it is not of the type; Malformed where it is cut off or not gzip; TooLarge as
    soon as it passes a gigabyte decompressed, so that no bomb unfolds. A route that uses it takes no `data`, and has
    `request_max_body_size=LARGEST_FILE`.
    """

    def __init__(self, request: Request[Any, Any, Any], media_type: str, *, max_bytes: int = MAX_FILE_BYTES) -> None:
        sent = request.headers.get("content-type", "")
        kind, _, parameters = sent.lower().partition(";")
        if kind.strip() != media_type or not _UTF_8_PARAMETER.fullmatch(parameters):
            raise UnsupportedMedia(f"The body is {sent or 'of no stated type'}; send `{media_type}`, in UTF-8.")
        self._encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if self._encoding not in {"identity", "gzip"}:
            raise UnsupportedMedia(f"The body has the content encoding {self._encoding!r}; send it plain or as `gzip`.")
        self._request = request
        self._max_bytes = max_bytes
        self._digest = hashlib.sha256()
        self.byte_count = 0  # bytes so far, decompressed

    @property
    def sha256(self) -> bytes:
        """Of all that has arrived, decompressed."""
        return self._digest.digest()

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        unzip = _GzipDecompressor() if self._encoding == "gzip" else None
        try:
            async for piece in self._request.stream():
                for content in unzip.feed(piece) if unzip else (piece,):
                    if content:
                        yield self._count(content)
        except InternalServerException as error:
            raise Malformed("The connection ended before the body did.") from error
        if unzip and not unzip.is_at_member_end:
            raise Malformed("The gzip body is cut off.")

    def _count(self, content: bytes) -> bytes:
        self.byte_count += len(content)
        if self.byte_count > self._max_bytes:
            raise BodyTooLarge(
                f"The body is larger than {self._max_bytes:,} bytes when decompressed. "
                "Send it in parts, each with whole returns."
            )
        self._digest.update(content)
        return content


_UTF_8_PARAMETER = re.compile(r'\s*(?:charset\s*=\s*"?utf-8"?\s*)?')
_GUNZIP_CHUNK_BYTES = 1024 * 1024


class _GzipDecompressor:
    """Gzip, of one member or several after each other, no more than a megabyte at a time."""

    def __init__(self) -> None:
        self._decompressor = zlib.decompressobj(wbits=31)
        self.is_at_member_end = False  # at the end of a member

    def feed(self, piece: bytes) -> Iterator[bytes]:
        while piece:
            if self.is_at_member_end:
                self._decompressor, self.is_at_member_end = zlib.decompressobj(wbits=31), False
            try:
                content = self._decompressor.decompress(piece, _GUNZIP_CHUNK_BYTES)
            except zlib.error as error:
                raise Malformed(f"The body is not gzip: {error}.") from error
            self.is_at_member_end = self._decompressor.eof
            piece = self._decompressor.unused_data if self.is_at_member_end else self._decompressor.unconsumed_tail
            yield content
