"""The JSON Schema of a mapping file, for editors."""

from .mapping_rules import PERIOD_TYPES

_TEXTS = {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}
_STATUS = {"enum": ["c", "x", "z", "w"]}
_OPEN = {"type": "string", "pattern": r"^\?", "description": "A decision that is open."}
_TYPE = {"enum": [*PERIOD_TYPES]}
_PERIOD: dict[str, object] = {
    "description": "The source of the period: a column of dates, the titles, or the constants alone.",
    "anyOf": [
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["column", "type"],
            "properties": {"column": {"type": "string", "minLength": 1}, "type": _TYPE},
        },
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["from", "type"],
            "properties": {"from": {"const": "title"}, "type": _TYPE},
        },
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["from"],
            "properties": {"from": {"const": "constants"}},
        },
    ],
}
_SECTIONS: dict[str, object] = {
    "header": {"type": "integer", "minimum": 1, "description": "The row of the header, as Excel numbers it."},
    "hidden": {"type": "boolean", "description": "Send hidden rows and columns of a workbook."},
    "sum": {"type": "boolean", "description": "Add up the rows of the same cell."},
    "constants": {**_TEXTS, "description": "Columns of a submission that are the same in all rows."},
    "columns": {**_TEXTS, "description": "Your columns = ours. An empty text leaves a column out."},
    "codes": {
        "type": "object",
        "additionalProperties": _TEXTS,
        "description": "For a column of ours: your texts = our codes. An empty text is the total.",
    },
    "skip": {
        "type": "object",
        "additionalProperties": False,
        "description": "Rows that are not sent.",
        "properties": {
            "rows": {"type": "array", "items": {"type": "integer"}},
            "where": {
                "type": "object",
                "description": "Your columns = a text, or several. `*` matches any characters.",
                "additionalProperties": {"type": ["string", "array"], "items": {"type": "string"}},
            },
        },
    },
    "unpivot": {
        "type": "object",
        "additionalProperties": False,
        "required": ["dimension", "columns"],
        "description": "Columns that are categories of a dimension.",
        "properties": {
            "dimension": {"type": "string", "minLength": 1},
            "value": {"enum": ["value", "numerator", "denominator"]},
            "columns": {**_TEXTS, "minProperties": 1},
        },
    },
    "marks": {
        "type": "object",
        "description": "What texts in place of numbers mean: a number, or a status with its bounds.",
        "additionalProperties": {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                _STATUS,
                _OPEN,
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["status"],
                    "properties": {
                        "status": _STATUS,
                        "lower": {"type": "integer", "minimum": 0},
                        "upper": {"type": "integer", "minimum": 0},
                    },
                },
            ]
        },
    },
}

MAPPING_SCHEMA: dict[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A mapping of an export to the columns and codes of a delivery plan",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "sheet": {"type": "string", "description": "The sheet of the workbook."},
        "sheets": {
            "type": "object",
            "description": "The sheets to read. Each may have sections of its own; its other entries are constants.",
            "additionalProperties": {
                "type": "object",
                "properties": {**_SECTIONS, "period": {"anyOf": [{"type": "string"}, _PERIOD]}},
                "additionalProperties": {"type": ["string", "integer"]},
            },
        },
        **_SECTIONS,
        "period": _PERIOD,
    },
}
