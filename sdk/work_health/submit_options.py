"""Options of a submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .mapping import ColumnMapping
from .tables import Table

MappingSource = ColumnMapping | str | Path | Mapping[str, object] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """How to read the source, and which programme it belongs to."""

    programme: str | None = None
    mapping: MappingSource = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionOptions:
    """Values that apply to a submission as a whole."""

    measure: str | None = None
    period: str | None = None
    organisation: str | None = None
    confirm_withdrawals: bool = False
    justifications: Mapping[str, str] | None = None
    note: str | None = None
    rounded_to: int | None = None

    def declare_rounding(self, table: Table) -> Table:
        """Return the table with the base of rounding in each row, unless the source has its own."""
        return table if self.rounded_to is None else table.add_constant("rounded_to", str(self.rounded_to))


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOptions:
    """How to send a submission."""

    check: bool = True
    dry_run: bool = False
    dry_run_token: str | None = None
    idempotency_key: str | None = None
