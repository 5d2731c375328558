"""The template of a return: the cells that one organisation owes for one measure, as rows and as CSV."""

import csv
import io

from msgspec import Struct

from api.http.refusals import Invalid, NotAllowed
from api.plan.breakdowns import list_breakdown_keys, parse_breakdown_key
from api.plan.catalogue import Catalogue
from api.submissions.checks import content, identity
from api.submissions.checks.findings import Findings
from api.submissions.required_cells import required_cells
from schema.measures import RATIO_KINDS, Measure
from schema.organisations import Duty
from schema.periods import Period
from schema.problems import Finding
from schema.submissions import NewReturn

CELL_FIELDS = ("lower", "upper", "status", "note")
"""The fields of a cell besides its numbers, which the template leaves empty."""


class NoTemplate(Invalid):
    """There is no such template."""

    example = (
        "GET …/measures/lived-experience-involvement/template.csv\n\nEvidence is returned in words, not as a table."
    )
    fix = "Change the parameters that `errors` names, as each error describes."


class ReturnTemplate(Struct, frozen=True, kw_only=True, eq=False):
    """The cells that one organisation owes for one measure in one period, each by area and breakdown key."""

    organisation: str
    measure: Measure
    series: str
    service: str
    period: Period
    list_name: str  # the field of a return that takes the content
    cells: tuple[tuple[str, str], ...]

    @property
    def filename(self) -> str:
        """The name of a file, without its suffix."""
        return f"{self.measure.slug}_{self.series}_{self.service}_{self.period.code}"

    @property
    def dimensions(self) -> list[str]:
        return sorted({name for scheme in self.measure.schemes for name in scheme.dimensions})

    @property
    def number_fields(self) -> tuple[str, ...]:
        """The fields of a cell that take its count."""
        return ("numerator", "denominator") if self.measure.kind in RATIO_KINDS else ("value",)


def build_template(
    catalogue: Catalogue,
    organisation: str,
    *,
    measure: str,
    series: str | None,
    service: str | None,
    period: str,
) -> ReturnTemplate:
    """Return the template for the duty that a return with these names would fulfil. Raises NoTemplate."""
    findings = Findings()
    new_return = NewReturn(measure=measure, series=series, service=service or "main", period=period)
    duty, parsed_period = identity.find_duty_and_period(new_return, catalogue, organisation, path="", findings=findings)
    if (
        duty is not None
        and parsed_period is not None
        and identity.check_period_in_programme(parsed_period, duty, catalogue, path="/period", findings=findings)
    ):
        owed_measure = catalogue.measures[duty.measure]
        list_name = content.content_field(owed_measure, catalogue.get_series_of_duty(duty))
        return ReturnTemplate(
            organisation=organisation,
            measure=owed_measure,
            series=duty.series,
            service=duty.service,
            period=parsed_period,
            list_name=list_name,
            cells=_list_cells(catalogue, owed_measure, duty, list_name),
        )
    errors = findings.listed()
    raise NoTemplate(
        " ".join(finding.message for finding in errors), [_to_parameter_finding(finding) for finding in errors]
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
    """Return the organisation whose template to build. Raises NotAllowed for another's, except for reviewers."""
    if requested is None or is_reviewer or requested in catalogue.list_represented_organisations(organisation):
        return requested or organisation
    raise NotAllowed(f"The key belongs to {organisation}. Only reviewers can read the templates of others.")


def _list_cells(catalogue: Catalogue, measure: Measure, duty: Duty, list_name: str) -> tuple[tuple[str, str], ...]:
    """Return the required cells; for published figures, every area of the plan by every breakdown of the measure."""
    if list_name == "observations":
        return required_cells(catalogue, measure.slug, duty.area)
    if list_name != "figures":
        return ()
    schemes = {frozenset(scheme.dimensions) for scheme in measure.schemes}
    keys = [
        key for key in list_breakdown_keys(catalogue.plan) if not key or frozenset(parse_breakdown_key(key)) in schemes
    ]
    return tuple((code, key) for code in catalogue.areas for key in keys)


def list_rows(template: ReturnTemplate, catalogue: Catalogue) -> list[list[str]]:
    """Return the header and a row for each cell. Raises NoTemplate.

    Columns whose names end in `_label` are for people: a submission ignores them.
    """
    if template.list_name != "observations":
        raise NoTemplate(
            f"{template.measure.slug} is returned as {template.list_name}, not as a table. "
            "Send them as JSON; `template.json` has the schema."
        )
    dimensions = template.dimensions
    labels = {(d.slug, c.code): c.label for d in catalogue.plan.dimensions for c in d.categories}
    header = [
        *("measure", "series", "service", "period", "area", "area_label"),
        *(name for dimension in dimensions for name in (dimension, f"{dimension}_label")),
        *(*template.number_fields, *CELL_FIELDS),
    ]
    names = (template.measure.slug, template.series, template.service, template.period.code)
    rows = [header]
    for area, key in template.cells:
        breakdown = parse_breakdown_key(key)
        categories = [(name, breakdown.get(name, "")) for name in dimensions]
        rows.append(
            [
                *(*names, area, catalogue.areas[area].name),
                *(text for name, code in categories for text in (code, labels.get((name, code), ""))),
                *[""] * (len(template.number_fields) + len(CELL_FIELDS)),
            ]
        )
    return rows


def write_csv(template: ReturnTemplate, catalogue: Catalogue) -> bytes:
    """Return the template in UTF-8 with a byte order mark, and line ends as in RFC 4180. Raises NoTemplate.

    Without the mark, Excel opens a double-clicked file in the code page of the machine, and garbles every name that
    is not ASCII. The codec `utf-8-sig` skips the mark.
    """
    text = io.StringIO(newline="")
    csv.writer(text).writerows(list_rows(template, catalogue))
    return text.getvalue().encode("utf-8-sig")
