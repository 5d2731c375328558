"""A file that records which parts of a submission are done."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from ._calls import new_idempotency_key
from .results import PartResult

if TYPE_CHECKING:
    from .tables import Table

PlannedPart = tuple[tuple[str, ...], list[int]]
"""The names of the returns in a part, and the rows of the part, from 0."""


class Journal:
    """The completed parts of one content, and the Idempotency-Keys of all parts.

    A part that was interrupted is sent again under the same Idempotency-Key, so that the server acts once. A run that
    starts from the beginning has new keys, so that content that was sent and changed since can be sent again.
    """

    def __init__(self, path: Path | None, parts: list[PlannedPart], content_sha256: str) -> None:
        self._path, self._parts, self._content_sha256 = path, parts, content_sha256
        document = _read_document(path)
        if document.get("content") == content_sha256:
            self._run_id = str(document["run"])
            self._completed = cast("dict[str, dict[str, Any]]", document.get("done", {}))
        else:
            self._run_id, self._completed = new_idempotency_key(), {}
            self._write_document()

    @classmethod
    def open(cls, path: Path | None, parts: list[PlannedPart], table: Table, options: tuple[object, ...]) -> Journal:
        """Continue the journal of this content, or start a new one."""
        content = repr((*options, [rows for _, rows in parts])).encode() + table.to_csv()
        return cls(path, parts, hashlib.sha256(content).hexdigest())

    def idempotency_key(self, number: int) -> str:
        return f"{self._run_id}-{number}"

    def find_completed(self, number: int) -> PartResult | None:
        record = self._completed.get(str(number))
        if record is None:
            return None
        names, rows = self._parts[number]
        return PartResult(names, len(rows), str(record["outcome"]), UUID(str(record["submission"])))

    def record(self, number: int, result: PartResult) -> None:
        if result.is_committed and result.submission:
            self._completed[str(number)] = {
                "outcome": result.outcome,
                "submission": str(result.submission),
                "returns": result.returns,
            }
            self._write_document()

    def remove(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _write_document(self) -> None:
        if self._path is None:
            return
        document = {"content": self._content_sha256, "run": self._run_id, "done": self._completed}
        new_path = self._path.with_name(self._path.name + ".new")
        new_path.write_text(json.dumps(document, indent=1))
        new_path.replace(self._path)


def _read_document(path: Path | None) -> dict[str, Any]:
    """Return the document of a journal, empty if there is none or if it is damaged."""
    if path is None or not path.exists():
        return {}
    try:
        document: object = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", document) if isinstance(document, dict) else {}
