"""Read request bodies within a limit, also when decompressed: JSON in one strict pass, files as a stream."""

import hashlib
import zlib
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from email.message import Message
from functools import lru_cache, partial
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Request
from litestar.exceptions import InternalServerException
from litestar.types import Empty

from api.http.refusals import BodyTooLarge, InvalidBody, Malformed, UnsupportedMedia
from api.http.violations import DECODE_ERRORS, MAX_VIOLATIONS, find_violations
from api.http.whole_numbers import to_whole_numbers

MAX_BODY_BYTES = 64 * 1024  # of every body that is not a submission
MAX_JSON_BYTES = 32 * 1024 * 1024
MAX_FILE_BYTES = 1024**3
MAX_COMPRESSION_RATIO = 200
FREE_DECOMPRESSED_BYTES = 1024 * 1024  # may have any ratio
CSV_MEDIA_TYPE, NDJSON_MEDIA_TYPE = "text/csv", "application/x-ndjson"


class TypedRequest(Request[Any, Any, Any]):
    """A request that decodes a JSON body directly into the handler's struct.

    Litestar's own request decodes to builtins first, and accepts `"5"` as a number.
    """

    async def body(self) -> bytes:
        """Return the decompressed body. Raises BodyTooLarge above the limit, before or after decompression.

        The limit is `request_max_body_size` of the operation.
        """
        if self._body is Empty:
            try:
                raw = await super().body()
            except InternalServerException as error:
                raise Malformed("The connection ended before the body did.") from error
            max_bytes = self._max_content_bytes()
            encoding = self.headers.get("content-encoding", "identity")
            if max_bytes > MAX_BODY_BYTES and encoding != "identity":
                content = await to_thread.run_sync(partial(decompress, raw, encoding, max_bytes=max_bytes))
            else:
                content = decompress(raw, encoding, max_bytes=max_bytes)
            self._body = self._connection_state.body = content
        return self._body  # pyright: ignore[reportReturnType]

    on_received: Callable[[int], None] | None = None
    """Called with the number of bytes that have arrived, whenever more arrive. It may refuse the request."""

    async def stream(self) -> AsyncGenerator[bytes]:
        received_bytes = 0
        async for chunk in super().stream():
            received_bytes += len(chunk)
            if self.on_received is not None:
                self.on_received(received_bytes)
            yield chunk

    def _max_content_bytes(self) -> int:
        """Return how large the body can be when it has arrived and is decompressed."""
        limit = self.route_handler.resolve_request_max_body_size() or MAX_BODY_BYTES
        if (announced := self.content_length) is None:
            return limit
        is_plain = self.headers.get("content-encoding", "identity") == "identity"
        return min(limit, announced if is_plain else max_decompressed_bytes(announced))

    async def json(self) -> Any:
        field = self.route_handler.parsed_data_field
        return decode_json(field.annotation if field else object, await self.json_body())

    async def json_body(self) -> bytes:
        """Return the body if its type is JSON. Raises Malformed if it is empty, or UnsupportedMedia."""
        if not (content := await self.body()):
            raise Malformed("The body is empty.")
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise UnsupportedMedia(f"The body has {_describe_type(media_type)}; send `application/json`.")
        return content


def _describe_type(content_type: str) -> str:
    return f"the content type {content_type!r}" if content_type else "no content type"


@lru_cache
def _decoder_for(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decode_json(kind: Any, content: bytes) -> Any:
    """Decode a JSON body strictly. Raises Malformed, or InvalidBody with every violation."""
    try:
        return _decoder_for(kind).decode(content)
    except DECODE_ERRORS as error:
        try:
            raw = to_whole_numbers(msgspec.json.decode(content))
        except DECODE_ERRORS as syntax_error:
            raise Malformed(f"The body is not JSON: {syntax_error}.") from error
        with suppress(msgspec.ValidationError):
            return msgspec.convert(raw, kind)
        raise InvalidBody(str(error), list(find_violations(kind, raw))[:MAX_VIOLATIONS]) from error


def decompress(raw: bytes, encoding: str, *, max_bytes: int) -> bytes:
    """Return the decompressed content. Raises BodyTooLarge as soon as it exceeds `max_bytes` or the ratio."""
    if encoding == "identity":
        return raw
    if encoding != "gzip":
        raise UnsupportedMedia(f"The body has the content encoding {encoding!r}.")
    decompressor = zlib.decompressobj(wbits=31)
    limit = min(max_bytes, max_decompressed_bytes(len(raw)))
    try:
        content = decompressor.decompress(raw, limit)
    except zlib.error as error:
        raise Malformed(f"The body is not gzip: {error}.") from error
    if decompressor.unconsumed_tail or (len(content) == limit and not decompressor.eof):
        raise BodyTooLarge(
            f"The body is larger than {max_bytes:,} bytes when decompressed, or more than "
            f"{MAX_COMPRESSION_RATIO} times as large as compressed."
        )
    if not decompressor.eof:
        raise Malformed("The gzip body is cut off.")
    return content


def max_decompressed_bytes(compressed_bytes: int) -> int:
    """Return how much a gzip body may decompress to. A tidy file of counts is 10 to 60 times as large as its gzip."""
    return max(FREE_DECOMPRESSED_BYTES, compressed_bytes * MAX_COMPRESSION_RATIO)


class StreamedFile:
    """A file in the body of a request, decompressed in chunks as it arrives: `async for chunk in file`.

    Raises UnsupportedMedia at once if the type is wrong. Raises Malformed if the file is cut off or is not gzip. Raises
    BodyTooLarge as soon as it exceeds a gigabyte or MAX_COMPRESSION_RATIO, to stop decompression bombs. A route that
    uses it has no parameter `data`, and has `request_max_body_size=MAX_FILE_BYTES`.
    """

    def __init__(self, request: Request[Any, Any, Any], media_type: str, *, max_bytes: int = MAX_FILE_BYTES) -> None:
        self.charset = _require_type(request.headers.get("content-type", ""), media_type)
        self._encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if self._encoding not in {"identity", "gzip"}:
            raise UnsupportedMedia(f"The body has the content encoding {self._encoding!r}; send it plain or as `gzip`.")
        self._request = request
        self._max_bytes = max_bytes
        self._digest = hashlib.sha256()
        self.byte_count = 0  # received so far, decompressed
        self._received_bytes = 0  # as they arrived

    @property
    def sha256(self) -> bytes:
        """Return the hash of the content received so far, decompressed."""
        return self._digest.digest()

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        decompressor = _GzipDecompressor() if self._encoding == "gzip" else None
        try:
            async for chunk in self._request.stream():
                self._received_bytes += len(chunk)
                for content in decompressor.feed(chunk) if decompressor else (chunk,):
                    if content:
                        yield self._count(content)
        except InternalServerException as error:
            raise Malformed("The connection ended before the body did.") from error
        if decompressor and not decompressor.is_at_member_end:
            raise Malformed("The gzip body is cut off.")

    def _count(self, content: bytes) -> bytes:
        self.byte_count += len(content)
        if self.byte_count > self._max_bytes:
            raise BodyTooLarge(
                f"The body is larger than {self._max_bytes:,} bytes when decompressed. "
                "Send it in parts that each have complete returns."
            )
        if self._encoding == "gzip" and self.byte_count > max_decompressed_bytes(self._received_bytes):
            raise BodyTooLarge(
                f"The body is more than {MAX_COMPRESSION_RATIO} times as large as it is compressed. "
                "Send it uncompressed."
            )
        self._digest.update(content)
        return content


_UTF_8_NAMES = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8"}
# Browsers, and so the programs that write these names, mean Windows-1252 by all of them.
_WINDOWS_NAMES = dict.fromkeys(["windows-1252", "cp1252", "iso-8859-1", "latin1", "latin-1"], "cp1252")
_UTF_16_NAMES = {"utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}
CHARSETS_BY_MEDIA_TYPE = {
    CSV_MEDIA_TYPE: _UTF_8_NAMES | _WINDOWS_NAMES | _UTF_16_NAMES,
    NDJSON_MEDIA_TYPE: _UTF_8_NAMES,
}


def _require_type(content_type: str, media_type: str) -> str | None:
    """Return Python's name of the charset that a content type declares, or None. Raises UnsupportedMedia."""
    message = Message()
    message["content-type"] = content_type
    parameters = {name.lower(): str(value).strip().lower() for name, value in message.get_params([], unquote=True)[1:]}
    charset = parameters.get("charset")
    charsets = CHARSETS_BY_MEDIA_TYPE[media_type]
    if message.get_content_type() != media_type or not content_type:
        hint = " `curl -d` sends this type: send the file with `--data-binary`." if "form" in content_type else ""
        raise UnsupportedMedia(f"The body has {_describe_type(content_type)}; send `{media_type}`.{hint}")
    if parameters.get("header") == "absent":
        raise UnsupportedMedia("The content type states `header=absent`; send a file with the names of its columns.")
    if charset is not None and charset not in charsets:
        raise UnsupportedMedia(f"The body has the charset {charset!r}; send it in UTF-8.")
    return None if charset is None else charsets[charset]


_GUNZIP_CHUNK_BYTES = 1024 * 1024


class _GzipDecompressor:
    """Decompress gzip with one or more members, at most a megabyte at a time."""

    def __init__(self) -> None:
        self._decompressor = zlib.decompressobj(wbits=31)
        self.is_at_member_end = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            if self.is_at_member_end:
                self._decompressor, self.is_at_member_end = zlib.decompressobj(wbits=31), False
            try:
                content = self._decompressor.decompress(chunk, _GUNZIP_CHUNK_BYTES)
            except zlib.error as error:
                raise Malformed(f"The body is not gzip: {error}.") from error
            self.is_at_member_end = self._decompressor.eof
            chunk = self._decompressor.unused_data if self.is_at_member_end else self._decompressor.unconsumed_tail
            yield content
