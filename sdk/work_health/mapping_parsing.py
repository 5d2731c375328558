"""The sections of a mapping file, as the rules that they state. Each parser raises `WorkHealthError` for a fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from .errors import WorkHealthError
from .mapping_decisions import OPEN_MARK
from .mapping_rules import PERIOD_TYPES, Mark, PeriodRule, SkipRule, UnpivotRule
from .name_matching import normalise_name

STATUSES = ("c", "x", "z", "w")
MERGED_SECTIONS = ("columns", "constants", "marks")
PERIOD_ORIGINS = ("title", "constants")
SHEET_SECTIONS = (*("header", "constants", "columns", "codes", "skip", "unpivot", "marks", "period", "sum", "hidden"),)
"""The sections that a sheet may have of its own."""


def merge_sheet(shared: Mapping[str, object], section: object, name: str) -> dict[str, object]:
    """Return the sections of a sheet: its own ones, and those of the top level for what it lacks.

    Its other entries are constants, such as `period = "2025-04"`.
    """
    entries = parse_section(section, name)
    own = {
        key: value
        for key, value in entries.items()
        if key in SHEET_SECTIONS and not (key == "period" and isinstance(value, str))
    }
    constants = {key: value for key, value in entries.items() if key not in own}
    merged = {**shared, **own}
    for key in MERGED_SECTIONS:
        merged[key] = _merge_entries(shared.get(key, {}), own.get(key, {}), f"{name}, {key}")
    merged["constants"] = {**parse_section(merged["constants"], name), **constants}
    shared_codes, own_codes = (parse_section(part.get("codes", {}), f"{name}, codes") for part in (shared, own))
    merged["codes"] = {
        column: _merge_entries(shared_codes.get(column, {}), own_codes.get(column, {}), f"{name}, codes.{column}")
        for column in dict.fromkeys((*own_codes, *shared_codes))
    }
    return merged


def _merge_entries(shared: object, own: object, name: str) -> dict[str, object]:
    entries = parse_section(own, name)
    known = {normalise_name(key) for key in entries}
    return entries | {
        key: text for key, text in parse_section(shared, name).items() if normalise_name(key) not in known
    }


def parse_section(document: object, name: str) -> dict[str, object]:
    if not isinstance(document, Mapping):
        raise WorkHealthError(f"{name} must map names to values; it is {document!r}")
    return {str(key): value for key, value in cast(Mapping[object, object], document).items()}


def _check_fields(section: Mapping[str, object], fields: tuple[str, ...], name: str) -> None:
    for key in section:
        if key not in fields:
            raise WorkHealthError(f"{name}: unknown field {key!r}. Its fields are {', '.join(fields)}.")


def parse_skip(document: object, name: str) -> SkipRule:
    section = parse_section(document, name)
    _check_fields(section, ("rows", "where"), name)
    rows = section.get("rows", [])
    if not isinstance(rows, list) or not all(type(row) is int for row in cast("list[object]", rows)):
        raise WorkHealthError(f"{name}: rows must be a list of row numbers; it is {rows!r}")
    patterns = {
        column: tuple(map(str, cast("list[object]", texts))) if isinstance(texts, list) else (str(texts),)
        for column, texts in parse_section(section.get("where", {}), f"{name}.where").items()
    }
    return SkipRule(frozenset(cast("list[int]", rows)), patterns)


def parse_unpivot(document: object, name: str) -> UnpivotRule:
    section = parse_section(document, name)
    _check_fields(section, ("dimension", "columns", "value"), name)
    if not section.get("dimension") or not section.get("columns"):
        raise WorkHealthError(f"{name} needs a dimension and columns")
    columns = parse_texts(section["columns"], f"{name}.columns")
    return UnpivotRule(str(section["dimension"]), columns, str(section.get("value", "value")))


def parse_period(document: object, name: str) -> PeriodRule:
    section = parse_section(document, name)
    _check_fields(section, ("column", "from", "type"), name)
    origin, period_type = section.get("from"), section.get("type")
    if origin is not None and (origin not in PERIOD_ORIGINS or "column" in section):
        raise WorkHealthError(f"{name} has either a column or `from`, one of {', '.join(PERIOD_ORIGINS)}")
    if origin == "constants" and period_type is None:
        return PeriodRule(reads_titles=False)
    if not (section.get("column") or origin == "title") or period_type not in PERIOD_TYPES:
        raise WorkHealthError(f"{name} needs a column and a type, one of {', '.join(PERIOD_TYPES)}")
    return PeriodRule(str(section.get("column", "")), str(period_type))


def parse_marks(document: object, name: str) -> dict[str, Mark]:
    return {
        normalise_name(text): _parse_mark(meaning, f"{name}: {text!r}")
        for text, meaning in parse_section(document, name).items()
        if not (isinstance(meaning, str) and meaning.startswith(OPEN_MARK))
    }


def _parse_mark(meaning: object, name: str) -> Mark:
    """Return the meaning of a mark: a number, a status, or a table with a status and bounds."""
    if type(meaning) is int and meaning >= 0:
        return Mark(value=str(meaning))
    section = {"status": meaning} if isinstance(meaning, str) else parse_section(meaning, name)
    _check_fields(section, ("status", "lower", "upper"), name)
    if section.get("status") not in STATUSES:
        raise WorkHealthError(f"{name} must be a number or a status, one of {', '.join(STATUSES)}; it is {meaning!r}")
    lower, upper = (str(section[key]) if type(section.get(key)) is int else "" for key in ("lower", "upper"))
    return Mark(status=str(section["status"]), lower=lower, upper=upper)


def parse_texts(document: object, name: str) -> dict[str, str]:
    values = parse_section(document, name)
    for key, value in values.items():
        if not isinstance(value, str | int):
            raise WorkHealthError(f"{name}: {key!r} must be text; it is {value!r}")
    return {key: str(value) for key, value in values.items()}
