"""A provider's own column names and codes, mapped to those of the plan, so that its export needs no editing."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from .errors import WorkHealthError
from .name_matching import find_nearest, normalise_name

MAPPING_SECTIONS = ("sheet", "header", "constants", "columns", "codes")


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """A mapping of column names and codes.

    ```toml
    sheet = "Q3"                      # of a workbook
    header = 4                        # the row of the header, if it is not found

    [constants]                       # for all rows
    measure = "ips-primary-care-referrals"

    [columns]                         # yours = ours; "" leaves the column out
    "Referrals received" = "value"
    "Comments" = ""

    [codes.sex]                       # yours = ours; "" is the total
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
        """Read a TOML or JSON file. Raises `WorkHealthError` that names the invalid part."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
            document = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
        except OSError as error:
            raise WorkHealthError(f"The mapping file is not readable: {error}") from error
        except ValueError as error:
            raise WorkHealthError(f"{path.name} is not a mapping file: {error}") from error
        return cls.from_document(document, path.name)

    @classmethod
    def from_document(cls, document: object, name: str = "The mapping") -> ColumnMapping:
        """Read a dict in the form of the file. Raises `WorkHealthError` that names the invalid part."""
        sections = _parse_section(document, name)
        for section in sections:
            if section not in MAPPING_SECTIONS:
                nearest = find_nearest(section, MAPPING_SECTIONS)
                fix = f"Did you mean {nearest}?" if nearest else f"Its sections are {', '.join(MAPPING_SECTIONS)}."
                raise WorkHealthError(f"{name} has an unknown section {section!r}. {fix}")
        codes = _parse_section(sections.get("codes", {}), f"{name}, codes")
        header = sections.get("header")
        if header is not None and (not isinstance(header, int) or isinstance(header, bool) or header < 1):
            raise WorkHealthError(f"{name}: header must be a row number; it is {header!r}")
        sheet = sections.get("sheet")
        return cls(
            columns=_parse_texts(sections.get("columns", {}), f"{name}, columns"),
            codes={column: _parse_texts(texts, f"{name}, codes.{column}") for column, texts in codes.items()},
            constants=_parse_texts(sections.get("constants", {}), f"{name}, constants"),
            header=header,
            sheet=None if sheet is None else str(sheet),
        )

    def map_column(self, name: str) -> str | None:
        """Return the submission's column, empty if the mapping leaves it out, or None if the mapping lacks it."""
        if name in self.columns:
            return self.columns[name]
        normalised = normalise_name(name)
        return next((column for key, column in self.columns.items() if normalise_name(key) == normalised), None)

    def build_code_mapper(self, column: str) -> Callable[[str], str]:
        """Return a function from a cell of the source to a cell of this column of the submission."""
        codes = self.codes.get(column, {})
        code_by_name = {normalise_name(name): code for name, code in codes.items()}
        return lambda cell: codes[cell] if cell in codes else code_by_name.get(normalise_name(cell), cell.strip())

    def select_constants(self, columns: Iterable[str]) -> dict[str, str]:
        """Return the constants of the columns that the file does not have."""
        present = set(columns)
        return {name: value for name, value in self.constants.items() if name not in present}

    def find_faults(self, columns: Iterable[str]) -> list[str]:
        """Describe each target that is not one of these columns, with the most similar column."""
        known = list(columns)
        targets = [*self.columns.values(), *self.codes, *self.constants]
        unknown = dict.fromkeys(name for name in targets if name and name not in known)
        return [
            f"{name!r} is not a column of a submission."
            + (f" Did you mean {nearest}?" if (nearest := find_nearest(name, known)) else "")
            for name in unknown
        ]


def _parse_section(document: object, name: str) -> dict[str, object]:
    if not isinstance(document, Mapping):
        raise WorkHealthError(f"{name} must map names to values; it is {document!r}")
    return {str(key): value for key, value in cast(Mapping[object, object], document).items()}


def _parse_texts(document: object, name: str) -> dict[str, str]:
    values = _parse_section(document, name)
    for key, value in values.items():
        if not isinstance(value, str | int):
            raise WorkHealthError(f"{name}: {key!r} must be text; it is {value!r}")
    return {key: str(value) for key, value in values.items()}
