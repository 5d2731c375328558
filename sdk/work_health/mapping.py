"""A provider's own column names and codes, mapped to those of the plan, so that its export needs no editing."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from .errors import WorkHealthError
from .mapping_decisions import list_open_decisions
from .mapping_parsing import (
    SHEET_SECTIONS,
    merge_sheet,
    parse_marks,
    parse_period,
    parse_section,
    parse_skip,
    parse_texts,
    parse_unpivot,
)
from .mapping_rules import Mark, PeriodRule, SkipRule, UnpivotRule
from .name_matching import find_nearest, normalise_name

MAPPING_SECTIONS = ("sheet", "sheets", *SHEET_SECTIONS)


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

    `docs/how-to/mapping.md` has an example of every section.
    """

    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    constants: Mapping[str, str] = field(default_factory=dict[str, str])
    header: int | None = None
    sheet: str | None = None
    sheets: Mapping[str, ColumnMapping] = field(default_factory=dict[str, "ColumnMapping"])
    """The sheets to read, each with the mapping of its rows."""
    skip: SkipRule = field(default_factory=SkipRule)
    unpivot: UnpivotRule | None = None
    marks: Mapping[str, Mark] = field(default_factory=dict[str, Mark])
    """The meaning of each mark, by its normalised text."""
    period: PeriodRule | None = None
    is_summed: bool = False
    """True if the rows of the same cell are added up."""
    sends_hidden: bool = False
    """True if hidden rows and columns of a workbook are sent."""
    undecided: tuple[str, ...] = ()
    """Decisions that the file leaves open. `check` and `submit` refuse such a mapping."""

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
        mapping = cls.from_document(document, path.name)
        is_toml = path.suffix.lower() != ".json"
        return replace(mapping, undecided=list_open_decisions(document, text)) if is_toml else mapping

    @classmethod
    def from_document(cls, document: object, name: str = "The mapping") -> ColumnMapping:
        """Read a dict in the form of the file. Raises `WorkHealthError` that names the invalid part."""
        sections = parse_section(document, name)
        for section in sections:
            if section not in MAPPING_SECTIONS:
                nearest = find_nearest(section, MAPPING_SECTIONS)
                fix = f"Did you mean {nearest}?" if nearest else f"Its sections are {', '.join(MAPPING_SECTIONS)}."
                raise WorkHealthError(f"{name} has an unknown section {section!r}. {fix}")
        codes = parse_section(sections.get("codes", {}), f"{name}, codes")
        header = sections.get("header")
        if header is not None and (not isinstance(header, int) or isinstance(header, bool) or header < 1):
            raise WorkHealthError(f"{name}: header must be a row number; it is {header!r}")
        sheet = sections.get("sheet")
        sheets = parse_section(sections.get("sheets", {}), f"{name}, sheets")
        shared = {key: section for key, section in sections.items() if key in SHEET_SECTIONS}
        for switch in ("sum", "hidden"):
            if not isinstance(sections.get(switch, False), bool):
                raise WorkHealthError(f"{name}: {switch} must be true or false; it is {sections[switch]!r}")
        return cls(
            columns=parse_texts(sections.get("columns", {}), f"{name}, columns"),
            codes={column: parse_texts(texts, f"{name}, codes.{column}") for column, texts in codes.items()},
            constants=parse_texts(sections.get("constants", {}), f"{name}, constants"),
            header=header,
            sheet=None if sheet is None else str(sheet),
            sheets={
                key: cls.from_document(merge_sheet(shared, section, f"{name}, sheets.{key}"), f"{name}, sheets.{key}")
                for key, section in sheets.items()
            },
            skip=parse_skip(sections.get("skip", {}), f"{name}, skip"),
            unpivot=parse_unpivot(sections["unpivot"], f"{name}, unpivot") if "unpivot" in sections else None,
            marks=parse_marks(sections.get("marks", {}), f"{name}, marks"),
            period=parse_period(sections["period"], f"{name}, period") if "period" in sections else None,
            is_summed=sections.get("sum") is True,
            sends_hidden=sections.get("hidden") is True,
            undecided=list_open_decisions(sections),
        )

    def map_column(self, name: str) -> str | None:
        """Return the submission's column, empty if the mapping leaves it out, or None if the mapping lacks it."""
        if name in self.columns:
            return self.columns[name]
        normalised = normalise_name(name)
        chosen = next((column for key, column in self.columns.items() if normalise_name(key) == normalised), None)
        if chosen is None and (self.is_unpivoted(name) or self.is_period(name)):
            return ""
        return chosen

    def list_source_names(self) -> list[str]:
        """Return the columns of the source that the mapping names."""
        unpivoted = self.unpivot.columns if self.unpivot else ()
        return [*self.columns, *unpivoted, *([self.period.column] if self.period and self.period.column else ())]

    def is_unpivoted(self, name: str) -> bool:
        return self.unpivot is not None and self.unpivot.find_category(name) is not None

    def is_period(self, name: str) -> bool:
        column = self.period.column if self.period else ""
        return bool(column) and normalise_name(column) == normalise_name(name)

    def build_code_mapper(self, column: str) -> Callable[[str], str]:
        """Return a function from a cell of the source to a cell of this column of the submission."""
        codes = self.codes.get(column, {})
        code_by_name = {normalise_name(name): code for name, code in codes.items()}
        return lambda cell: codes[cell] if cell in codes else code_by_name.get(normalise_name(cell), cell.strip())

    def select_constants(self, columns: Iterable[str]) -> dict[str, str]:
        """Return the constants of the columns that the file does not have."""
        present = set(columns)
        return {name: value for name, value in self.constants.items() if name not in present}

    def drop_constants(self, names: Iterable[str]) -> ColumnMapping:
        """Return the mapping without these constants, such as the period of the quarter before."""
        dropped = frozenset(names)
        kept = {name: value for name, value in self.constants.items() if name not in dropped}
        sheets = {name: sheet.drop_constants(dropped) for name, sheet in self.sheets.items()}
        return replace(self, constants=kept, sheets=sheets)

    def find_faults(self, columns: Iterable[str]) -> list[str]:
        """Describe each target that is not one of these columns, with the most similar column."""
        known = list(columns)
        targets = [*self.columns.values(), *self.codes, *self.constants]
        targets += [name for sheet in self.sheets.values() for name in (*sheet.columns.values(), *sheet.codes)]
        targets += [name for sheet in self.sheets.values() for name in sheet.constants]
        unpivots = [mapping.unpivot for mapping in (self, *self.sheets.values()) if mapping.unpivot]
        targets += [name for unpivot in unpivots for name in (unpivot.dimension, unpivot.value)]
        unknown = dict.fromkeys(name for name in targets if name and name not in known)
        return [
            f"{name!r} is not a column of a submission."
            + (f" Did you mean {nearest}?" if (nearest := find_nearest(name, known)) else "")
            for name in unknown
        ]
