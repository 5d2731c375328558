"""A return to be filled in: the cells that one partner owes of one measure, as CSV and as JSON Schema."""

import csv
import io
from typing import Any

from msgspec import Struct

from api.http.refusals import Invalid, NotAllowed
from api.plan.breakdowns import list_breakdown_keys, parse_breakdown_key
from api.plan.catalogue import Catalogue
from api.submissions.checks import content, identity
from api.submissions.checks.findings import Findings
from api.submissions.required_cells import required_cells
from schema.intervals import Confidence, IntervalMethod
from schema.measures import RATIO_KINDS, Measure
from schema.organisations import Duty
from schema.periods import Period
from schema.problems import Finding
from schema.returns import ReturnSchema
from schema.submissions import MAX_COUNT, Marker, NewReturn, ReturnKind, Status

JSON_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
JsonSchema = dict[str, Any]
NULL_SCHEMA: JsonSchema = {"type": "null"}
INTEGER_SCHEMA: JsonSchema = {"type": "integer"}
EMPTY_ARRAY_SCHEMA: JsonSchema = {"maxItems": 0}


class NoTemplate(Invalid):
    """There is nothing of the kind to fill in."""

    example = "GET …/measures/lived-experience-involvement/template.csv\n\nEvidence is told in words, and has no table."
    fix = "Each error says which parameter to change, and how."


class ReturnTemplate(Struct, frozen=True, kw_only=True, eq=False):
    """What one partner owes of one measure in one period: each cell by its area and the key of its breakdown."""

    organisation: str
    measure: Measure
    series: str
    service: str
    period: Period
    list_name: str  # the list of a return that it goes into
    cells: tuple[tuple[str, str], ...]

    @property
    def filename(self) -> str:
        return f"{self.measure.slug}_{self.series}_{self.service}_{self.period.code}.csv"


def build_template(
    catalogue: Catalogue,
    organisation: str,
    *,
    measure: str,
    series: str | None,
    service: str | None,
    period: str,
) -> ReturnTemplate:
    """The duty is found as it is when the return is sent. Raises NothingToFillIn with what stands in the way."""
    findings = Findings()
    given = NewReturn(measure=measure, series=series, service=service or "main", period=period)
    duty, span = identity.find_duty_and_period(given, catalogue, organisation, path="", findings=findings)
    if (
        duty is not None
        and span is not None
        and identity.check_period_in_programme(span, duty, catalogue, path="/period", findings=findings)
    ):
        found = catalogue.measures[duty.measure]
        belongs = content.content_field(found, catalogue.get_series_of_duty(duty))
        return ReturnTemplate(
            organisation=organisation,
            measure=found,
            series=duty.series,
            service=duty.service,
            period=span,
            list_name=belongs,
            cells=_list_cells(catalogue, found, duty, belongs),
        )
    told = findings.listed()
    raise NoTemplate(
        " ".join(finding.message for finding in told), [_to_parameter_finding(finding) for finding in told]
    )


def _to_parameter_finding(finding: Finding) -> Finding:
    return Finding(
        code=finding.code,
        severity=finding.severity,
        message=finding.message,
        path=(finding.path or "").removeprefix("/"),
        expected=finding.expected,
        actual=finding.actual,
        fix=finding.fix,
    )


def choose_organisation(requested: str | None, organisation: str, catalogue: Catalogue, *, is_reviewer: bool) -> str:
    """Whose template it is. Raises NotAllowed for another's, unless the caller reviews."""
    if requested is None or is_reviewer or requested in catalogue.list_represented_organisations(organisation):
        return requested or organisation
    raise NotAllowed(f"The key belongs to {organisation}; the templates of others are for reviewers.")


def _list_cells(catalogue: Catalogue, measure: Measure, duty: Duty, list_name: str) -> tuple[tuple[str, str], ...]:
    """Of a published series any area of the plan, by every breakdown of the measure: more than anybody publishes."""
    if list_name == "observations":
        return required_cells(catalogue, measure.slug, duty.area)
    if list_name != "figures":
        return ()
    by = {frozenset(scheme.dimensions) for scheme in measure.schemes}
    keys = [key for key in list_breakdown_keys(catalogue.plan) if not key or frozenset(parse_breakdown_key(key)) in by]
    return tuple((code, key) for code in catalogue.areas for key in keys)


def write_csv(return_template: ReturnTemplate, catalogue: Catalogue) -> bytes:
    """UTF-8 with a byte order mark, and lines that end as RFC 4180 says.

    Without the mark Excel, when a file is opened by a double click, reads it in the machine's own code page, and
    spoils every name that is not ASCII. Whoever reads it as `utf-8-sig` does not see the mark. Columns whose names end
    in `_label` are for people: they are not read when the file is sent back. Raises NothingToFillIn.
    """
    if return_template.list_name != "observations":
        raise NoTemplate(
            f"{return_template.measure.slug} is returned as {return_template.list_name}, not as a table. "
            "Send them as JSON; `template.json` has the schema."
        )
    dimensions = sorted({name for scheme in return_template.measure.schemes for name in scheme.dimensions})
    numbers = ("numerator", "denominator") if return_template.measure.kind in RATIO_KINDS else ("value",)
    labels = {(d.slug, c.code): c.label for d in catalogue.plan.dimensions for c in d.categories}
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(
        [
            *("measure", "series", "service", "period", "area", "area_label"),
            *(name for dimension in dimensions for name in (dimension, f"{dimension}_label")),
            *(*numbers, "lower", "upper", "status", "note"),
        ]
    )
    for area, key in return_template.cells:
        breakdown = parse_breakdown_key(key)
        coded = [(breakdown.get(name, ""), labels.get((name, breakdown.get(name, "")), "")) for name in dimensions]
        lines.writerow(
            [
                *(
                    return_template.measure.slug,
                    return_template.series,
                    return_template.service,
                    return_template.period.code,
                    area,
                    catalogue.areas[area].name,
                ),
                *(word for pair in coded for word in pair),
                *[""] * (len(numbers) + 4),
            ]
        )
    return text.getvalue().encode("utf-8-sig")


def build_schema(return_template: ReturnTemplate) -> ReturnSchema:
    """JSON Schema 2020-12 of one entry of a submission's `returns`.

    It cannot say that parts fit their totals, nor that a numerator is at most its denominator: a dry run does.
    """
    name = return_template.list_name
    said = {
        "items": _build_items_schema,
        "entries": _build_entries_schema,
        "figures": _build_figures_schema,
        "observations": _build_observations_schema,
    }[name](return_template)
    return ReturnSchema(
        dialect=JSON_SCHEMA_DIALECT,
        title=f"{return_template.measure.label}, {return_template.period.label}",
        description=f"A return by {return_template.organisation} of {return_template.measure.slug}: "
        f"{return_template.measure.title}",
        type="object",
        required=["measure", "series", "service", "period", name],
        properties={
            "measure": {"const": return_template.measure.slug},
            "series": {"const": return_template.series},
            "service": {"const": return_template.service},
            "period": {"const": return_template.period.code},
            "kind": {
                "enum": [kind for kind in ReturnKind if name != "figures" or kind is not ReturnKind.NIL],
                "default": ReturnKind.DATA,
            },
            name: said,
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


def _build_observations_schema(return_template: ReturnTemplate) -> JsonSchema:
    """Breakdowns that are owed for the same areas are told together; the total is the empty breakdown."""
    areas: dict[str, list[str]] = {}
    for area, key in return_template.cells:
        areas.setdefault(key, []).append(area)
    alike: dict[tuple[str, ...], list[str]] = {}
    for key, codes in areas.items():
        alike.setdefault(tuple(codes), []).append(key)
    numbers = ("numerator", "denominator") if return_template.measure.kind in RATIO_KINDS else ("value",)
    count: JsonSchema = {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_COUNT}
    return {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["area"],
            "properties": {
                "area": {"type": "string"},
                "breakdown": {"type": "object", "default": {}},
                **dict.fromkeys((*numbers, "lower", "upper"), count),
                "status": {"enum": [*Status, None]},
                "note": {"type": ["string", "null"], "maxLength": 2000},
            },
            "additionalProperties": False,
            "allOf": [
                {"anyOf": [_build_cells_schema(codes, keys) for codes, keys in alike.items()]},
                {"oneOf": _build_number_schemas(numbers)},
            ],
        },
    }


def _build_cells_schema(areas: tuple[str, ...], keys: list[str]) -> JsonSchema:
    place: JsonSchema = {
        "properties": {"area": {"enum": list(areas)}, "breakdown": {"enum": [parse_breakdown_key(key) for key in keys]}}
    }
    return place if "" in keys else place | {"required": ["breakdown"]}


def _build_number_schemas(numbers: tuple[str, ...]) -> list[JsonSchema]:
    """A number; or `c`, perhaps with bounds; or another reason for there being none."""
    without = dict.fromkeys(numbers, NULL_SCHEMA)
    unbounded = {"lower": NULL_SCHEMA, "upper": NULL_SCHEMA}
    return [
        {
            "required": [*numbers],
            "properties": {**dict.fromkeys(numbers, INTEGER_SCHEMA), **unbounded, "status": NULL_SCHEMA},
        },
        {"required": ["status"], "properties": {**without, "status": {"const": Status.CONFIDENTIAL}}},
        {
            "required": ["status"],
            "properties": {
                **without,
                **unbounded,
                "status": {"enum": [status for status in Status if status is not Status.CONFIDENTIAL]},
            },
        },
    ]


DECIMAL_SCHEMA: JsonSchema = {"type": "string", "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,17})?$"}
OPTIONAL_DECIMAL_SCHEMA: JsonSchema = DECIMAL_SCHEMA | {"type": ["string", "null"]}


def _build_figures_schema(return_template: ReturnTemplate) -> JsonSchema:
    areas, keys = (list(dict.fromkeys(column)) for column in zip(*return_template.cells, strict=True))
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
        },
        optional="breakdown value numerator denominator limits status markers note",
        max_items=10_000,
    )
    has_value: JsonSchema = {"required": ["value"], "properties": {"value": DECIMAL_SCHEMA, "status": NULL_SCHEMA}}
    without: JsonSchema = {
        "required": ["status"],
        "properties": {
            "value": NULL_SCHEMA,
            "status": {"type": "string"},
            **dict.fromkeys(("limits", "markers"), EMPTY_ARRAY_SCHEMA),
        },
    }
    figures["items"]["oneOf"] = [has_value, without]
    return figures


def _build_items_schema(return_template: ReturnTemplate) -> JsonSchema:
    return _build_array_schema(
        {
            "item": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 80},
            "title": {"type": "string", "minLength": 1, "maxLength": 2000},
            "stage": {"enum": return_template.measure.stages},
            "date": {"type": "string", "format": "date"},
            "url": {"type": ["string", "null"], "pattern": r"^https?://[^\s]+$", "maxLength": 2000},
        },
        optional="url",
    )


def _build_entries_schema(return_template: ReturnTemplate) -> JsonSchema:
    return _build_array_schema(
        {
            "domain": {"enum": return_template.measure.domains},
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
