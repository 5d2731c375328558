"""How a body is read: bounded, decompressed within the same bound, decoded strictly in one pass."""

import re
import zlib
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, get_args, get_origin

import msgspec
from litestar import Request
from litestar.exceptions import InternalServerException
from litestar.types import Empty
from msgspec import Struct

from api.refusals import Invalid, Malformed, TooLarge, UnsupportedMedia
from schema.problems import Finding, Severity

LARGEST_JSON = 32 * 1024 * 1024
TOLD = 100


class InvalidBody(Invalid):
    """The body does not have the form that the operation takes."""

    mend = "Each error names the field. Compare the body with the operation's example in `/docs`."


class TypedRequest(Request[Any, Any, Any]):
    """Decodes a JSON body straight into the struct that the handler asks for.

    Litestar by itself goes through builtins and takes `"5"` for a number.
    """

    _decoders: ClassVar[dict[Any, msgspec.json.Decoder[Any]]] = {}

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
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise UnsupportedMedia(f"The body is {media_type or 'of no stated type'}.")
        wanted = self.route_handler.parsed_data_field
        kind = wanted.annotation if wanted else object
        decoder = self._decoders.setdefault(kind, msgspec.json.Decoder(kind))
        content = await self.body()
        try:
            try:
                return decoder.decode(content)
            except msgspec.ValidationError:
                # It was stopped at the first fault of form; what comes after may not even be JSON.
                raw = msgspec.json.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(f"The body is not JSON: {error}.") from error
        faults = list(violations(kind, raw))[:TOLD]
        raise InvalidBody(f"The body does not have the form of a {kind.__name__}.", faults)


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


_PLACE = re.compile(r"^(?P<message>.*?)(?: - at `\$(?P<place>.*)`)?$", re.DOTALL)


def violations(kind: Any, raw: Any, at: str = "") -> Iterator[Finding]:
    """Every violation in `raw` (builtins), found by trying each failing part by itself.

    msgspec stops at the first; somebody with two hundred rows wants to hear of all.
    """
    try:
        msgspec.convert(raw, kind, strict=True)
    except msgspec.ValidationError as error:
        first = _PLACE.match(str(error))
    else:
        return
    base = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    inner: list[Finding] = []
    if isinstance(base, type) and issubclass(base, Struct) and isinstance(raw, dict):
        inner.extend(_in_struct(base, raw, at))  # pyright: ignore[reportUnknownArgumentType]
    elif get_origin(base) is list and isinstance(raw, list):
        for index, item in enumerate(raw):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            inner.extend(violations(get_args(base)[0], item, f"{at}/{index}"))
            if len(inner) >= TOLD:
                break
    if not inner and first is not None:
        inner.append(_violation(first["message"], at + _pointer(first["place"]), raw))
    yield from inner


def _in_struct(kind: type[Struct], raw: dict[Any, Any], at: str) -> Iterator[Finding]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name, field in fields.items():
        if name in raw:
            yield from violations(field.type, raw[name], f"{at}/{name}")
        elif field.required:
            yield _violation(f"Object missing required field `{name}`", f"{at}/{name}", None)
    for name in raw:
        if name not in fields:
            yield _violation(f"Object contains unknown field `{name}`", f"{at}/{_escaped(name)}", None)


def _violation(message: str, path: str, raw: Any) -> Finding:
    simple = isinstance(raw, (str, int, float, bool))
    return Finding(
        code="unreadable-field",
        severity=Severity.ERROR,
        message=f"{message}.",
        path=path or "/",
        actual=str(raw)[:80] if simple else None,
    )


def _pointer(place: str | None) -> str:
    """msgspec's `[0].count` as the JSON pointer `/0/count` (RFC 6901)."""
    parts = re.findall(r"\.([^.\[]+)|\[([^\]]*)\]", place or "")
    return "".join(f"/{_escaped(name or index)}" for name, index in parts)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
