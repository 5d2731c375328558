"""A return to be filled in: the cells that one partner owes of one measure, as CSV and as JSON Schema."""

import csv
import io
from typing import Any

from msgspec import Struct

from api.plan.catalogue import Catalogue, breakdown_of
from api.refusals import Invalid, NotAllowed
from api.submissions import identity, template
from api.submissions.findings import Findings
from api.submissions.revisions import RATIOS
from schema.periods import Period
from schema.plan import Kind, Measure
from schema.problems import Finding
from schema.submissions import NewReturn, ReturnKind, ReturnSchema, Status

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MOST = 2**53 - 1  # as schema.submissions.Count
Json = dict[str, Any]
NULL: Json = {"type": "null"}
INTEGER: Json = {"type": "integer"}


class NoTemplate(Invalid):
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
    """The duty is found as it is when the return is sent. Raises NoTemplate with what stands in the way."""
    findings = Findings()
    given = NewReturn(measure=measure, series=series, service=service or "main", period=period)
    duty, span = identity.owed(given, catalogue, organisation, path="", findings=findings)
    if (
        duty is not None
        and span is not None
        and identity.within(span, duty, catalogue, path="/period", findings=findings)
    ):
        found = catalogue.measures[duty.measure]
        return Form(
            organisation=organisation,
            measure=found,
            series=duty.series,
            service=duty.service,
            period=span,
            cells=() if _has_content(found) else template.owed(catalogue, found.slug, duty.area),
        )
    told = findings.told()
    raise NoTemplate(" ".join(finding.message for finding in told), [_of_parameter(finding) for finding in told])


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


def _has_content(measure: Measure) -> bool:
    return measure.kind in (Kind.MILESTONE, Kind.EVIDENCE)


def csv_of(form: Form, catalogue: Catalogue) -> bytes:
    """UTF-8 with a byte order mark, and lines that end as RFC 4180 says.

    Without the mark Excel, when a file is opened by a double click, reads it in the machine's own code page, and
    spoils every name that is not ASCII. Whoever reads it as `utf-8-sig` does not see the mark. Columns whose names end
    in `_label` are for people: they are not read when the file is sent back. Raises NoTemplate.
    """
    if _has_content(form.measure):
        what = "items" if form.measure.kind is Kind.MILESTONE else "entries"
        raise NoTemplate(
            f"{form.measure.slug} is returned by {what}, which have no place in a table of figures. "
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
    content = {Kind.MILESTONE: _items(form.measure), Kind.EVIDENCE: _entries(form.measure)}.get(form.measure.kind)
    name, said = content or ("observations", _observations(form))
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
            "kind": {"enum": [*ReturnKind], "default": ReturnKind.DATA},
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


def _items(measure: Measure) -> tuple[str, Json]:
    return "items", _array(
        {
            "item": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 80},
            "title": {"type": "string", "minLength": 1, "maxLength": 2000},
            "stage": {"enum": measure.stages},
            "date": {"type": "string", "format": "date"},
            "url": {"type": ["string", "null"], "pattern": r"^https?://[^\s]+$", "maxLength": 2000},
        },
        optional="url",
    )


def _entries(measure: Measure) -> tuple[str, Json]:
    return "entries", _array(
        {
            "domain": {"enum": measure.domains},
            "title": {"type": "string", "minLength": 1, "maxLength": 2000},
            "date": {"type": "string", "format": "date"},
            "url": {"type": ["string", "null"], "pattern": r"^https?://[^\s]+$", "maxLength": 2000},
            "people": {"type": ["integer", "null"], "minimum": 0, "maximum": MOST},
        },
        optional="url people",
    )


def _array(properties: Json, *, optional: str) -> Json:
    return {
        "type": "array",
        "maxItems": 1000,
        "items": {
            "type": "object",
            "required": [name for name in properties if name not in optional.split()],
            "properties": properties,
            "additionalProperties": False,
        },
    }
