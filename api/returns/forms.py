"""A return to be filled in: the cells that one partner owes of one measure, as CSV and as JSON Schema."""

import csv
import io
from typing import Any

from msgspec import Struct

from api.http.refusals import Invalid, NotAllowed
from api.plan.catalogue import Catalogue, breakdown_keys, breakdown_of
from api.submissions import template
from api.submissions.checks import content, identity
from api.submissions.checks.findings import Findings
from api.submissions.revisions import RATIOS
from schema.intervals import Confidence, IntervalMethod
from schema.periods import Period
from schema.plan import Duty, Measure
from schema.problems import Finding
from schema.submissions import Marker, NewReturn, ReturnKind, ReturnSchema, Status

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MOST = 2**53 - 1  # as schema.submissions.Count
Json = dict[str, Any]
NULL: Json = {"type": "null"}
INTEGER: Json = {"type": "integer"}
NONE_OF_IT: Json = {"maxItems": 0}


class NothingToFillIn(Invalid):
    """There is nothing of the kind to fill in."""

    example = "GET …/measures/lived-experience-involvement/template.csv\n\nEvidence is told in words, and has no table."
    mend = "Each error says which parameter to change, and how."


class Form(Struct, frozen=True, kw_only=True, eq=False):
    """What one partner owes of one measure in one period: each cell by its area and the key of its breakdown."""

    organisation: str
    measure: Measure
    series: str
    service: str
    period: Period
    content: str  # the list of a return that it goes into
    cells: tuple[tuple[str, str], ...]

    @property
    def filename(self) -> str:
        return f"{self.measure.slug}_{self.series}_{self.service}_{self.period.code}.csv"


def form(
    catalogue: Catalogue,
    organisation: str,
    *,
    measure: str,
    series: str | None,
    service: str | None,
    period: str,
) -> Form:
    """The duty is found as it is when the return is sent. Raises NothingToFillIn with what stands in the way."""
    findings = Findings()
    given = NewReturn(measure=measure, series=series, service=service or "main", period=period)
    duty, span = identity.owed(given, catalogue, organisation, path="", findings=findings)
    if (
        duty is not None
        and span is not None
        and identity.within(span, duty, catalogue, path="/period", findings=findings)
    ):
        found = catalogue.measures[duty.measure]
        belongs = content.belongs_in(found, catalogue.series_of(duty))
        return Form(
            organisation=organisation,
            measure=found,
            series=duty.series,
            service=duty.service,
            period=span,
            content=belongs,
            cells=_cells(catalogue, found, duty, belongs),
        )
    told = findings.told()
    raise NothingToFillIn(" ".join(finding.message for finding in told), [_of_parameter(finding) for finding in told])


def _of_parameter(finding: Finding) -> Finding:
    return Finding(
        code=finding.code,
        severity=finding.severity,
        message=finding.message,
        path=(finding.path or "").removeprefix("/"),
        expected=finding.expected,
        actual=finding.actual,
        hint=finding.hint,
    )


def for_whom(wanted: str | None, organisation: str, catalogue: Catalogue, *, anybody: bool) -> str:
    """Whose template it is. Raises NotAllowed for another's, unless the caller reviews."""
    if wanted is None or anybody or wanted in catalogue.acts_for(organisation):
        return wanted or organisation
    raise NotAllowed(f"The key belongs to {organisation}; the templates of others are for reviewers.")


def _cells(catalogue: Catalogue, measure: Measure, duty: Duty, belongs: str) -> tuple[tuple[str, str], ...]:
    """Of a published series any area of the plan, by every breakdown of the measure: more than anybody publishes."""
    if belongs == "observations":
        return template.owed(catalogue, measure.slug, duty.area)
    if belongs != "figures":
        return ()
    by = {frozenset(scheme.dimensions) for scheme in measure.schemes}
    keys = [key for key in breakdown_keys(catalogue.plan) if not key or frozenset(breakdown_of(key)) in by]
    return tuple((code, key) for code in catalogue.areas for key in keys)


def csv_of(form: Form, catalogue: Catalogue) -> bytes:
    """UTF-8 with a byte order mark, and lines that end as RFC 4180 says.

    Without the mark Excel, when a file is opened by a double click, reads it in the machine's own code page, and
    spoils every name that is not ASCII. Whoever reads it as `utf-8-sig` does not see the mark. Columns whose names end
    in `_label` are for people: they are not read when the file is sent back. Raises NothingToFillIn.
    """
    if form.content != "observations":
        raise NothingToFillIn(
            f"{form.measure.slug} is returned by {form.content}, which have no place in a table of figures. "
            "Send them as JSON; `template.json` says how."
        )
    dimensions = sorted({name for scheme in form.measure.schemes for name in scheme.dimensions})
    numbers = ("numerator", "denominator") if form.measure.kind in RATIOS else ("value",)
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
    for area, key in form.cells:
        breakdown = breakdown_of(key)
        coded = [(breakdown.get(name, ""), labels.get((name, breakdown.get(name, "")), "")) for name in dimensions]
        lines.writerow(
            [
                *(form.measure.slug, form.series, form.service, form.period.code, area, catalogue.areas[area].name),
                *(word for pair in coded for word in pair),
                *[""] * (len(numbers) + 4),
            ]
        )
    return text.getvalue().encode("utf-8-sig")


def schema_of(form: Form) -> ReturnSchema:
    """JSON Schema 2020-12 of one entry of a submission's `returns`.

    It cannot say that parts fit their totals, nor that a numerator is at most its denominator: a dry run does.
    """
    name = form.content
    said = {"items": _items, "entries": _entries, "figures": _figures, "observations": _observations}[name](form)
    return ReturnSchema(
        dialect=DRAFT,
        title=f"{form.measure.label}, {form.period.label}",
        description=f"What {form.organisation} returns of {form.measure.slug}: {form.measure.title}",
        type="object",
        required=["measure", "series", "service", "period", name],
        properties={
            "measure": {"const": form.measure.slug},
            "series": {"const": form.series},
            "service": {"const": form.service},
            "period": {"const": form.period.code},
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


def _observations(form: Form) -> Json:
    """Breakdowns that are owed for the same areas are told together; the total is the empty breakdown."""
    areas: dict[str, list[str]] = {}
    for area, key in form.cells:
        areas.setdefault(key, []).append(area)
    alike: dict[tuple[str, ...], list[str]] = {}
    for key, codes in areas.items():
        alike.setdefault(tuple(codes), []).append(key)
    numbers = ("numerator", "denominator") if form.measure.kind in RATIOS else ("value",)
    count: Json = {"type": ["integer", "null"], "minimum": 0, "maximum": MOST}
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
                {"anyOf": [_places(codes, keys) for codes, keys in alike.items()]},
                {"oneOf": _forms(numbers)},
            ],
        },
    }


def _places(areas: tuple[str, ...], keys: list[str]) -> Json:
    place: Json = {
        "properties": {"area": {"enum": list(areas)}, "breakdown": {"enum": [breakdown_of(key) for key in keys]}}
    }
    return place if "" in keys else place | {"required": ["breakdown"]}


def _forms(numbers: tuple[str, ...]) -> list[Json]:
    """A number; or `c`, perhaps with bounds; or another reason for there being none."""
    without = dict.fromkeys(numbers, NULL)
    unbounded = {"lower": NULL, "upper": NULL}
    return [
        {
            "required": [*numbers],
            "properties": {**dict.fromkeys(numbers, INTEGER), **unbounded, "status": NULL},
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


DECIMAL: Json = {"type": "string", "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,17})?$"}
NO_DECIMAL: Json = DECIMAL | {"type": ["string", "null"]}


def _figures(form: Form) -> Json:
    areas, keys = (list(dict.fromkeys(column)) for column in zip(*form.cells, strict=True))
    limits = {
        "lower": DECIMAL,
        "upper": DECIMAL,
        "confidence": {"enum": [*Confidence]},
        "method": {"enum": [*IntervalMethod]},
    }
    figures = _array(
        {
            "area": {"enum": areas},
            "breakdown": {"enum": [breakdown_of(key) for key in keys]},
            **dict.fromkeys(("value", "numerator", "denominator"), NO_DECIMAL),
            "limits": _array(limits, optional="confidence method", most=2),
            "status": {"enum": [*Status, None]},
            "markers": {"type": "array", "maxItems": len(Marker), "items": {"enum": [*Marker]}},
            "note": {"type": ["string", "null"], "maxLength": 2000},
        },
        optional="breakdown value numerator denominator limits status markers note",
        most=10_000,
    )
    has_value: Json = {"required": ["value"], "properties": {"value": DECIMAL, "status": NULL}}
    without: Json = {
        "required": ["status"],
        "properties": {"value": NULL, "status": {"type": "string"}, **dict.fromkeys(("limits", "markers"), NONE_OF_IT)},
    }
    figures["items"]["oneOf"] = [has_value, without]
    return figures


def _items(form: Form) -> Json:
    return _array(
        {
            "item": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 80},
            "title": {"type": "string", "minLength": 1, "maxLength": 2000},
            "stage": {"enum": form.measure.stages},
            "date": {"type": "string", "format": "date"},
            "url": {"type": ["string", "null"], "pattern": r"^https?://[^\s]+$", "maxLength": 2000},
        },
        optional="url",
    )


def _entries(form: Form) -> Json:
    return _array(
        {
            "domain": {"enum": form.measure.domains},
            "title": {"type": "string", "minLength": 1, "maxLength": 2000},
            "date": {"type": "string", "format": "date"},
            "url": {"type": ["string", "null"], "pattern": r"^https?://[^\s]+$", "maxLength": 2000},
            "people": {"type": ["integer", "null"], "minimum": 0, "maximum": MOST},
        },
        optional="url people",
    )


def _array(properties: Json, *, optional: str, most: int = 1000) -> Json:
    return {
        "type": "array",
        "maxItems": most,
        "items": {
            "type": "object",
            "required": [name for name in properties if name not in optional.split()],
            "properties": properties,
            "additionalProperties": False,
        },
    }
