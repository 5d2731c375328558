"""The template of a return as JSON Schema."""

from typing import Any

from api.plan.breakdowns import parse_breakdown_key
from api.returns.template import ReturnTemplate
from schema.intervals import Confidence, IntervalMethod
from schema.returns import ReturnSchema
from schema.submissions import MAX_COUNT, Marker, ReturnKind, Status
from schema.verdicts import Tendency, TrendVerdict

JSON_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
JsonSchema = dict[str, Any]
NULL_SCHEMA: JsonSchema = {"type": "null"}
INTEGER_SCHEMA: JsonSchema = {"type": "integer"}
EMPTY_ARRAY_SCHEMA: JsonSchema = {"maxItems": 0}
DECIMAL_SCHEMA: JsonSchema = {"type": "string", "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,17})?$"}
TREND_SCHEMA: JsonSchema = {
    "type": ["object", "null"],
    "required": ["tendency"],
    "additionalProperties": False,
    "properties": {"tendency": {"enum": [*Tendency]}, "verdict": {"enum": [*TrendVerdict, None]}},
}
OPTIONAL_DECIMAL_SCHEMA: JsonSchema = DECIMAL_SCHEMA | {"type": ["string", "null"]}


def build_schema(template: ReturnTemplate) -> ReturnSchema:
    """Return the JSON Schema (2020-12) of one entry of a submission's `returns`.

    A schema cannot express that parts add up to their totals, or that a numerator is at most its denominator. A dry
    run checks both.
    """
    name = template.list_name
    list_schema = {
        "items": _build_items_schema,
        "entries": _build_entries_schema,
        "figures": _build_figures_schema,
        "observations": _build_observations_schema,
    }[name](template)
    return ReturnSchema(
        dialect=JSON_SCHEMA_DIALECT,
        title=f"{template.measure.label}, {template.period.label}",
        description=f"A return by {template.organisation} of {template.measure.slug}: {template.measure.title}",
        type="object",
        required=["measure", "series", "service", "period", name],
        properties={
            "measure": {"const": template.measure.slug},
            "series": {"const": template.series},
            "service": {"const": template.service},
            "period": {"const": template.period.code},
            "kind": {
                "enum": [kind for kind in ReturnKind if name != "figures" or kind is not ReturnKind.NIL],
                "default": ReturnKind.DATA,
            },
            name: list_schema,
            "base_revision": {"type": ["integer", "null"], "minimum": 0},
            "note": {"type": ["string", "null"], "maxLength": 2000},
        },
        unevaluated_properties=False,
        all_of=[
            {
                "if": {"properties": {"kind": {"const": ReturnKind.DATA}}},
                "then": {"properties": {name: {"minItems": 1}}},
                "else": {"properties": {name: {"maxItems": 0}}},
            },
            {
                "if": {"properties": {"kind": {"const": ReturnKind.WITHDRAWN}}, "required": ["kind"]},
                "then": {"required": ["note"], "properties": {"note": {"type": "string", "minLength": 1}}},
            },
        ],
    )


def _build_observations_schema(template: ReturnTemplate) -> JsonSchema:
    """Return the schema of the cells. Breakdowns that are owed for the same areas share one alternative."""
    areas_by_key: dict[str, list[str]] = {}
    for area, key in template.cells:
        areas_by_key.setdefault(key, []).append(area)
    keys_by_areas: dict[tuple[str, ...], list[str]] = {}
    for key, areas in areas_by_key.items():
        keys_by_areas.setdefault(tuple(areas), []).append(key)
    count: JsonSchema = {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_COUNT}
    return {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["area"],
            "properties": {
                "area": {"type": "string"},
                "breakdown": {"type": "object", "default": {}},
                **dict.fromkeys((*template.number_fields, "lower", "upper"), count),
                "status": {"enum": [*Status, None]},
                "note": {"type": ["string", "null"], "maxLength": 2000},
            },
            "additionalProperties": False,
            "allOf": [
                {"anyOf": [_build_cells_schema(areas, keys) for areas, keys in keys_by_areas.items()]},
                {"oneOf": _build_number_schemas(template.number_fields)},
            ],
        },
    }


def _build_cells_schema(areas: tuple[str, ...], keys: list[str]) -> JsonSchema:
    cell: JsonSchema = {
        "properties": {"area": {"enum": list(areas)}, "breakdown": {"enum": [parse_breakdown_key(key) for key in keys]}}
    }
    return cell if "" in keys else cell | {"required": ["breakdown"]}


def _build_number_schemas(numbers: tuple[str, ...]) -> list[JsonSchema]:
    """Return three alternatives: a number; the status `c` with or without bounds; another status."""
    no_numbers = dict.fromkeys(numbers, NULL_SCHEMA)
    unbounded = {"lower": NULL_SCHEMA, "upper": NULL_SCHEMA}
    return [
        {
            "required": [*numbers],
            "properties": {**dict.fromkeys(numbers, INTEGER_SCHEMA), **unbounded, "status": NULL_SCHEMA},
        },
        {"required": ["status"], "properties": {**no_numbers, "status": {"const": Status.CONFIDENTIAL}}},
        {
            "required": ["status"],
            "properties": {
                **no_numbers,
                **unbounded,
                "status": {"enum": [status for status in Status if status is not Status.CONFIDENTIAL]},
            },
        },
    ]


def _build_figures_schema(template: ReturnTemplate) -> JsonSchema:
    areas, keys = (list(dict.fromkeys(column)) for column in zip(*template.cells, strict=True))
    limits = {
        "lower": DECIMAL_SCHEMA,
        "upper": DECIMAL_SCHEMA,
        "confidence": {"enum": [*Confidence]},
        "method": {"enum": [*IntervalMethod]},
    }
    figures = _build_array_schema(
        {
            "area": {"enum": areas},
            "breakdown": {"enum": [parse_breakdown_key(key) for key in keys]},
            **dict.fromkeys(("value", "numerator", "denominator"), OPTIONAL_DECIMAL_SCHEMA),
            "limits": _build_array_schema(limits, optional="confidence method", max_items=2),
            "status": {"enum": [*Status, None]},
            "markers": {"type": "array", "maxItems": len(Marker), "items": {"enum": [*Marker]}},
            "note": {"type": ["string", "null"], "maxLength": 2000},
            "trend": TREND_SCHEMA,
        },
        optional="breakdown value numerator denominator limits status markers note trend",
        max_items=10_000,
    )
    has_value: JsonSchema = {"required": ["value"], "properties": {"value": DECIMAL_SCHEMA, "status": NULL_SCHEMA}}
    has_status: JsonSchema = {
        "required": ["status"],
        "properties": {
            "value": NULL_SCHEMA,
            "status": {"type": "string"},
            **dict.fromkeys(("limits", "markers"), EMPTY_ARRAY_SCHEMA),
            "trend": NULL_SCHEMA,
        },
    }
    figures["items"]["oneOf"] = [has_value, has_status]
    return figures


def _build_items_schema(template: ReturnTemplate) -> JsonSchema:
    return _build_array_schema(
        {
            "item": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 80},
            "title": {"type": "string", "minLength": 1, "maxLength": 2000},
            "stage": {"enum": template.measure.stages},
            "date": {"type": "string", "format": "date"},
            "url": {"type": ["string", "null"], "pattern": r"^https?://[^\s]+$", "maxLength": 2000},
        },
        optional="url",
    )


def _build_entries_schema(template: ReturnTemplate) -> JsonSchema:
    return _build_array_schema(
        {
            "domain": {"enum": template.measure.domains},
            "title": {"type": "string", "minLength": 1, "maxLength": 2000},
            "date": {"type": "string", "format": "date"},
            "url": {"type": ["string", "null"], "pattern": r"^https?://[^\s]+$", "maxLength": 2000},
            "people": {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_COUNT},
        },
        optional="url people",
    )


def _build_array_schema(properties: JsonSchema, *, optional: str, max_items: int = 1000) -> JsonSchema:
    return {
        "type": "array",
        "maxItems": max_items,
        "items": {
            "type": "object",
            "required": [name for name in properties if name not in optional.split()],
            "properties": properties,
            "additionalProperties": False,
        },
    }
