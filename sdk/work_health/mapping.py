"""A provider's own column names and codes, told as ours, so that its export needs no editing."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from .errors import WorkHealthError
from .tables import normalise_name

MAPPING_SECTIONS = ("sheet", "header", "constants", "columns", "codes")


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What is called how.

    ```toml
    sheet = "Q3"                      # of a workbook
    header = 4                        # its row, where it is not plain

    [constants]                       # what the file does not say
    measure = "ips-primary-care-referrals"

    [columns]                         # theirs = ours; "" is left out
    "Referrals received" = "value"
    "Comments" = ""

    [codes.sex]                       # theirs = ours; "" is the total
    "F" = "female"
    "All" = ""
    ```
    """

    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    constants: Mapping[str, str] = field(default_factory=dict[str, str])
    header: int | None = None
    sheet: str | None = None

    @classmethod
    def load(cls, path: str | Path) -> ColumnMapping:
        """From a TOML or JSON file. Raises `WorkHealthError` that names what cannot be understood."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
            document = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
        except OSError as error:
            raise WorkHealthError(f"The mapping file cannot be read: {error}") from error
        except ValueError as error:
            raise WorkHealthError(f"{path.name} is no mapping file: {error}") from error
        return cls.from_document(document, path.name)

    @classmethod
    def from_document(cls, document: object, name: str = "The mapping") -> ColumnMapping:
        parts = _parse_section(document, name)
        for part in parts:
            if part not in MAPPING_SECTIONS:
                close = find_nearest(part, MAPPING_SECTIONS)
                hint = f"Did you mean {close}?" if close else f"It has {', '.join(MAPPING_SECTIONS)}."
                raise WorkHealthError(f"{name} has an unknown part {part!r}. {hint}")
        codes = _parse_section(parts.get("codes", {}), f"{name}, codes")
        header = parts.get("header")
        if header is not None and (not isinstance(header, int) or isinstance(header, bool) or header < 1):
            raise WorkHealthError(f"{name}: header should be the number of a row, not {header!r}")
        sheet = parts.get("sheet")
        return cls(
            columns=_parse_texts(parts.get("columns", {}), f"{name}, columns"),
            codes={column: _parse_texts(said, f"{name}, codes.{column}") for column, said in codes.items()},
            constants=_parse_texts(parts.get("constants", {}), f"{name}, constants"),
            header=header,
            sheet=None if sheet is None else str(sheet),
        )

    def map_column(self, name: str) -> str | None:
        """Ours for one of theirs, "" where it is left out, None where the mapping does not speak of it."""
        if name in self.columns:
            return self.columns[name]
        return next(
            (ours for theirs, ours in self.columns.items() if normalise_name(theirs) == normalise_name(name)), None
        )

    def build_code_mapper(self, column: str) -> Callable[[str], str]:
        """How a cell of one of our columns is read."""
        said = self.codes.get(column, {})
        alike = {normalise_name(theirs): ours for theirs, ours in said.items()}
        return lambda cell: said[cell] if cell in said else alike.get(normalise_name(cell), cell.strip())

    def select_constants(self, columns: Iterable[str]) -> dict[str, str]:
        """What is said of all rows, except where the file has a column for it."""
        there = set(columns)
        return {name: value for name, value in self.constants.items() if name not in there}

    def find_faults(self, ours: Iterable[str]) -> list[str]:
        """Columns on our side that do not exist, each with the nearest that does."""
        known = list(ours)
        named = [*self.columns.values(), *self.codes, *self.constants]
        wrong = dict.fromkeys(name for name in named if name and name not in known)
        return [
            f"{name!r} is no column of a submission."
            + (f" Did you mean {close}?" if (close := find_nearest(name, known)) else "")
            for name in wrong
        ]


def find_nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like it, if any is."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def _parse_section(document: object, name: str) -> dict[str, object]:
    if not isinstance(document, Mapping):
        raise WorkHealthError(f"{name} should be names with what they stand for, not {document!r}")
    return {str(key): value for key, value in cast(Mapping[object, object], document).items()}


def _parse_texts(document: object, name: str) -> dict[str, str]:
    found = _parse_section(document, name)
    for key, value in found.items():
        if not isinstance(value, str | int):
            raise WorkHealthError(f"{name}: {key!r} should stand for a text, not {value!r}")
    return {key: str(value) for key, value in found.items()}
