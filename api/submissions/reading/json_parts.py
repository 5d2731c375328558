"""Read a large JSON body in parts: the envelope, then each return, then its observations in chunks.

Every part is decoded separately, because decoding holds the interpreter lock, and all other requests wait for it.
"""

from collections.abc import Iterable
from contextlib import suppress
from itertools import chain, islice
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
from msgspec import Meta, field
from msgspec.structs import replace

from api.http.refusals import InvalidBody, Malformed
from api.http.violations import DECODE_ERRORS, MAX_VIOLATIONS, describe_violation, find_violations
from api.http.whole_numbers import to_whole_numbers
from api.submissions.checks.rejections import Rejected
from api.submissions.parsed import ParsedSubmission
from api.submissions.reading.array_splitter import split_array
from api.submissions.reading.column_buffer import ColumnBuffer
from api.submissions.reading.faults import Faults
from api.submissions.reading.json_reader import JsonCell, JsonColumns
from schema.problems import Finding
from schema.submissions import MAX_RETURNS, NewReturn, NewSubmission, Observation

Part = TypeVar("Part")
LARGE_BODY_BYTES = 1024 * 1024  # of a body that is worth reading in parts
CHUNK_BYTES = 256 * 1024
MAX_EXPLAINED_BYTES = 1024 * 1024  # of a part of which every violation is found


class _EnvelopeOfParts(NewSubmission, frozen=True, kw_only=True, forbid_unknown_fields=True):
    returns: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MAX_RETURNS)]  # pyright: ignore  narrower


class _ReturnOfParts(NewReturn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    observations: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"[]"))  # pyright: ignore  likewise


_ENVELOPE_DECODER = msgspec.json.Decoder(_EnvelopeOfParts)
_RETURN_DECODER = msgspec.json.Decoder(_ReturnOfParts)
_CELLS_DECODER = msgspec.json.Decoder(list[JsonCell])


class JsonPartsReader:
    """Reads one body."""

    def __init__(self, *, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._chunk_bytes = chunk_bytes
        self._faults = Faults()
        self._columns = JsonColumns(self._faults)
        self._buffer = ColumnBuffer()
        self._violations: list[Finding] = []

    def read(self, body: bytes) -> ParsedSubmission:
        """Return the submission. Raises Malformed, or InvalidBody with the first violations."""
        try:
            envelope = self._decode(_ENVELOPE_DECODER, NewSubmission, body, "")
            raw_returns = envelope.returns if envelope else []
            returns = [self._read_return(index, bytes(raw)) for index, raw in enumerate(raw_returns)]
        except DECODE_ERRORS as error:
            raise Malformed(f"The body is not JSON: {error}.") from error
        if envelope is None or self._violations:
            first = self._violations[0]
            raise InvalidBody(f"{first.message} The first place is {first.path}.", self._violations[:MAX_VIOLATIONS])
        cells, row = self._buffer.drain()
        return ParsedSubmission(
            envelope=replace(envelope, returns=[given for given in returns if given]),
            cells=cells,
            distinct_areas=self._columns.areas.distinct_values,
            distinct_breakdowns=self._columns.breakdowns.distinct_values,
            row=row,
        )

    def _decode(self, decoder: msgspec.json.Decoder[Part], kind: Any, content: bytes, pointer: str) -> Part | None:
        """Return the part, or None after adding its violations: all if it is small, otherwise the first."""
        try:
            return decoder.decode(content)
        except msgspec.ValidationError as error:
            violations: Iterable[Finding] = ()
            if len(content) <= MAX_EXPLAINED_BYTES:
                raw = to_whole_numbers(msgspec.json.decode(content))
                with suppress(msgspec.ValidationError):
                    return decoder.decode(msgspec.json.encode(raw))
                violations = find_violations(kind, raw, pointer)
            self._add_violations(violations, error, pointer)
            return None

    def _add_violations(self, violations: Iterable[Finding], error: Exception, pointer: str) -> None:
        self._violations += list(islice(violations, MAX_VIOLATIONS)) or [describe_violation(error, pointer)]

    def _read_return(self, index: int, content: bytes) -> NewReturn | None:
        pointer = f"/returns/{index}"
        if len(self._violations) >= MAX_VIOLATIONS:
            return None
        given = self._decode(_RETURN_DECODER, NewReturn, content, pointer)
        if given is None:
            return None
        self._read_observations(index, bytes(given.observations), f"{pointer}/observations")
        return replace(given, observations=[])

    def _read_observations(self, index: int, content: bytes, pointer: str) -> None:
        if not content.lstrip().startswith(b"["):
            self._decode(_CELLS_DECODER, list[Observation], content, pointer)
            return
        count = 0
        for chunk in split_array(content, chunk_bytes=self._chunk_bytes):
            if len(self._violations) >= MAX_VIOLATIONS:
                return
            count += self._read_chunk(index, chunk, pointer, count)

    def _read_chunk(self, index: int, chunk: bytes, pointer: str, first: int) -> int:
        """Add the cells of a chunk, whose first one has the position `first`. Return their number."""
        row = self._buffer.row_count
        try:
            cells = _CELLS_DECODER.decode(chunk)
            columns, notes = self._columns.to_columns(cells, np.arange(row + 1, row + 1 + len(cells)))
            self._faults.raise_if_any()
        except (msgspec.ValidationError, Rejected) as error:
            observations = to_whole_numbers(msgspec.json.decode(chunk))
            places = enumerate(observations, start=first)
            violations = (find_violations(Observation, each, f"{pointer}/{position}") for position, each in places)
            self._add_violations(chain.from_iterable(violations), error, pointer)
            return len(observations)
        item = np.broadcast_to(np.int64(index), len(cells))
        self._buffer.add(columns | {"item": item, "row": np.arange(row + 1, row + 1 + len(cells))}, notes)
        return len(cells)
