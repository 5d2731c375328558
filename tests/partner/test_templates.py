"""Templates as CSV and as JSON Schema: a filled template is accepted."""

import csv
import io

import jsonschema
import msgspec
import pytest
from openpyxl import load_workbook

from api.plan import queries_loading
from schema.measures import Collection, MeasureKind
from schema.partners import Scope
from tests.conftest import NOTTINGHAM_PLAN_FILE
from work_health import CheckFailed, NewReturn, NotAllowed, RequestRejected, new_submission

PROGRAMME = "work-and-health-2025-2028"
PLAN = queries_loading.read_plan(NOTTINGHAM_PLAN_FILE)
KINDS = {measure.slug: measure.kind for measure in PLAN.measures}
PERIODS = {
    "financial-quarter": "FY2025-26-Q2",
    "financial-half": "FY2025-26-H1",
    "financial-year": "FY2025-26",
    "months-ending": "R3-2025-06",
}
NUMBERS = {"value", "numerator", "denominator", "lower", "upper"}
OF_RETURN = ("measure", "series", "service", "period")


def duties() -> list[tuple[str, str, str, str, str]]:
    """Return each duty of an existing organisation, with a period for which it can submit."""
    roles = {role.slug for role in PLAN.roles} | {entry.slug for entry in PLAN.organisations if entry.open_set}
    measures = {measure.slug: measure for measure in PLAN.measures}
    duties_with_period = []
    for duty in PLAN.duties:
        measure = measures[duty.measure]
        series = next(entry for entry in measure.series if entry.slug == duty.series)
        if series.collection is Collection.PARTNERS and duty.holder not in roles:
            duties_with_period.append(
                (duty.holder, measure.slug, series.slug, duty.service, PERIODS[measure.cadence.period_type])
            )
    return duties_with_period


COUNTS = [duty for duty in duties() if KINDS[duty[1]] not in (MeasureKind.MILESTONE, MeasureKind.EVIDENCE)]
ENTRIES = [duty for duty in duties() if KINDS[duty[1]] in (MeasureKind.MILESTONE, MeasureKind.EVIDENCE)]


def fill_in(template: bytes, number: int) -> list[dict[str, str]]:
    """Fill in the same number everywhere. Zeros add up to their totals."""
    rows = list(csv.DictReader(io.StringIO(template.decode("utf-8-sig"), newline="")))
    for row in rows:
        for name in NUMBERS - {"lower", "upper"}:
            if name in row:
                row[name] = str(number)
    return rows


def to_return(rows: list[dict[str, str]]) -> dict:
    """Return the return that these rows contain. Skip `_label` columns; a blank dimension is the total."""
    fixed_columns = {*OF_RETURN, *NUMBERS, "area", "status", "note"}
    observations = []
    for row in rows:
        breakdown = {
            column: value
            for column, value in row.items()
            if value and column not in fixed_columns and not column.endswith("_label")
        }
        numbers = {column: int(value) for column, value in row.items() if value and column in NUMBERS}
        observations.append({"area": row["area"], "breakdown": breakdown, **numbers})
    return {**{name: rows[0][name] for name in OF_RETURN}, "observations": observations}


@pytest.mark.parametrize(("holder", "measure", "series", "service", "period"), COUNTS)
async def test_filled_template_is_accepted(application, holder, measure, series, service, period):
    if period == "FY2025-26":
        application.now = application.now.replace(year=2026, month=4, day=10)
    partner = await application.partner_client(holder)
    query = {"period": period, "series": series, "service": service}
    rows = fill_in(await partner.get_template(PROGRAMME, measure, **query), 0)
    schema = await partner.get_template_schema(PROGRAMME, measure, **query)
    body = to_return(rows)
    validator = jsonschema.Draft202012Validator(schema.to_dict())
    validator.check_schema(schema.to_dict())
    validator.validate(body)
    report = await partner.create_submission(PROGRAMME, new_submission(NewReturn.from_dict(body)))
    [returned] = report.returns
    assert (returned.completeness.present, returned.completeness.missing) == (returned.completeness.required, [])
    assert report.counts.received == returned.completeness.required == len(rows)
    if hasattr(partner, "create_submission_csv"):
        assert (await partner.create_submission_csv(PROGRAMME, to_csv(rows))).outcome == "unchanged"


@pytest.mark.parametrize("kind", ["csv", "json", "ndjson"])
async def test_rows_that_are_not_filled_in_are_missing(application, council_client, kind):
    """The first cells of a template are filled in: the rest is missing, and counted as blank."""
    query = {"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2"}
    template = await council_client.get_template(PROGRAMME, **query)
    rows = list(csv.DictReader(io.StringIO(template.decode("utf-8-sig"), newline="")))
    rows[0]["value"] = "12"
    body = to_return(rows)
    envelope = body | {"observations": []}
    content, media_type = {
        "csv": (to_csv(rows), "text/csv"),
        "json": (msgspec.json.encode({"returns": [body]}), "application/json"),
        "ndjson": (
            b"\n".join(map(msgspec.json.encode, [{"returns": [envelope]}, *body["observations"]])),
            "application/x-ndjson",
        ),
    }[kind]
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    path = f"/v1/programmes/{PROGRAMME}/submissions" + ("" if kind == "json" else f"/{kind}")
    response = await http.post(path, content=content, headers={"Content-Type": media_type})
    assert response.status_code == 201, response.text
    report = response.json()
    left_out = {group["reason"]: group["count"] for group in report["rows"]["left_out"]}
    assert (report["rows"]["used"], left_out["blank"]) == (1, len(rows) - 1)
    assert report["returns"][0]["completeness"]["present"] == report["counts"]["received"] == 1


async def test_filled_workbook_is_read_back_and_submitted(council_client, tmp_path):
    """The sheet to fill in is sent, and the sheet of codes is not; other sheets still have to be named."""
    query = {"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2"}
    content = await council_client.get_template_workbook(PROGRAMME, **query)
    book = load_workbook(io.BytesIO(content))
    sheet = book["Return"]
    column = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, column["value"]).value = 12
    sheet.cell(3, column["status"]).value = "x"
    sheet.cell(3, column["note"]).value = "Not recorded at this service."
    book.save(tmp_path / "return.xlsx")
    result = await council_client.submit(tmp_path / "return.xlsx", programme=PROGRAMME)
    assert (result.is_accepted, result.report.counts.received) == (True, 2)
    assert len(list(sheet.iter_rows())) - 1 > result.report.counts.received
    book.create_sheet("Another").append(["cells"])
    book.save(tmp_path / "return.xlsx")
    with pytest.raises(CheckFailed) as refusal:
        await council_client.submit(tmp_path / "return.xlsx", programme=PROGRAMME)
    assert [finding.code for finding in refusal.value.findings] == ["sheet-required"]


async def test_workbook_is_served_as_a_file(application):
    http = application.http_client(await application.issue_key("nottingham-university-hospitals", Scope.READ))
    path = f"/v1/programmes/{PROGRAMME}/measures/work-health-conversations/template.xlsx"
    response = await http.get(path, params={"period": "FY2025-26-Q2"})
    assert response.headers["content-type"] == ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    disposition = 'attachment; filename="work-health-conversations_headline_main_FY2025-26-Q2.xlsx"'
    assert response.headers["content-disposition"] == disposition
    etag = {"If-None-Match": response.headers["etag"]}
    assert (await http.get(path, params={"period": "FY2025-26-Q2"}, headers=etag)).status_code == 304


def to_csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


async def test_template_has_codes_for_machines_and_labels_for_people(application):
    http = application.http_client(await application.issue_key("nottingham-university-hospitals", Scope.READ))
    path = f"/v1/programmes/{PROGRAMME}/measures/work-health-conversations/template.csv"
    response = await http.get(path, params={"period": "FY2025-26-Q2"})
    assert response.headers["content-type"] == "text/csv; header=present; charset=utf-8"
    disposition = 'attachment; filename="work-health-conversations_headline_main_FY2025-26-Q2.csv"'
    assert response.headers["content-disposition"] == disposition
    assert response.content.startswith(b"\xef\xbb\xbfmeasure,")
    lines = response.content.decode("utf-8-sig").split("\r\n")
    assert lines[0] == (
        "measure,series,service,period,area,area_label,setting,setting_label,value,lower,upper,status,note"
    )
    assert lines[1] == "work-health-conversations,headline,main,FY2025-26-Q2,E06000018,Nottingham,,,,,,,"
    assert lines[2].startswith("work-health-conversations,headline,main,FY2025-26-Q2,E06000018,Nottingham,")
    assert lines[-1] == ""


async def test_template_of_a_ratio_has_numerator_and_denominator(council_client):
    query = {"period": "R3-2025-06", "series": "ccis-provisional"}
    header = (await council_client.get_template(PROGRAMME, "neet-16-17", **query)).decode("utf-8-sig").split("\r\n")[0]
    assert header.endswith("sex,sex_label,numerator,denominator,lower,upper,status,note")


# fmt: off
WRONG = {
    "another area":    lambda r: r["observations"][0].update(area="E06000019"),
    "another code":    lambda r: r["observations"][1].update(breakdown={"sex": "femal"}),
    "too fine":        lambda r: r["observations"].append({"area": "E05012270", "breakdown": {"condition-group": "cancer"}, "value": 1}),
    "no number":       lambda r: r["observations"][0].pop("value"),
    "two forms":       lambda r: r["observations"][0].update(numerator=1, denominator=2),
    "both":            lambda r: r["observations"][0].update(status="x"),
    "below zero":      lambda r: r["observations"][0].update(value=-1),
    "beyond":          lambda r: r["observations"][0].update(value=2**53),
    "bounds, no value":  lambda r: r["observations"][0].update(lower=1),
    "bounds of x":     lambda r: (r["observations"][0].pop("value"), r["observations"][0].update(status="x", upper=1)),
    "another period":  lambda r: r.update(period="FY2025-26-Q1"),
    "a word unknown":  lambda r: r.update(organisation="ohid"),
    "a cell's word":   lambda r: r["observations"][0].update(valu=1),
    "empty":           lambda r: r.update(observations=[]),
    "nil with cells":  lambda r: r.update(kind="nil"),
    "no reason":       lambda r: r.update(kind="withdrawn", observations=[]),
}
RIGHT = {
    "as it is":        dict,
    "hidden":          lambda r: (r["observations"][0].pop("value"), r["observations"][0].update(status="c", lower=1, upper=4)),
    "not available":   lambda r: (r["observations"][0].pop("value"), r["observations"][0].update(status="x", note="Lost.")),
    "nulls":           lambda r: r["observations"][0].update(status=None, lower=None, upper=None, note=None),
    "total unnamed":   lambda r: r["observations"][0].pop("breakdown"),
    "nil":             lambda r: r.update(kind="nil", observations=[]),
    "withdrawn":       lambda r: r.update(kind="withdrawn", observations=[], note="It was another's."),
    "a base":          lambda r: r.update(base_revision=1),
}
# fmt: on


@pytest.mark.parametrize(("case", "valid"), [*((case, False) for case in WRONG), *((case, True) for case in RIGHT)])
async def test_schema_accepts_valid_and_rejects_invalid_returns(council_client, case, valid):
    measure = "ips-primary-care-referrals"
    schema = (await council_client.get_template_schema(PROGRAMME, measure, period="FY2025-26-Q2")).to_dict()
    body = to_return(fill_in(await council_client.get_template(PROGRAMME, measure, period="FY2025-26-Q2"), 0))
    (RIGHT if valid else WRONG)[case](body)
    assert jsonschema.Draft202012Validator(schema).is_valid(body) is valid


@pytest.mark.parametrize(("holder", "measure", "series", "service", "period"), ENTRIES[:1] + ENTRIES[-1:])
async def test_milestones_and_evidence_have_a_schema_but_no_csv_template(
    application, holder, measure, series, service, period
):
    partner = await application.partner_client(holder)
    schema = (await partner.get_template_schema(PROGRAMME, measure, period=period)).to_dict()
    definition = next(entry for entry in PLAN.measures if entry.slug == measure)
    body: dict = {"measure": measure, "series": series, "service": service, "period": period}
    if definition.kind is MeasureKind.MILESTONE:
        body["items"] = [{"item": "a-1", "title": "A", "stage": definition.stages[0], "date": "2025-09-01"}]
        wrong_list = [body["items"][0] | {"stage": "nowhere"}]
    else:
        body["entries"] = [{"domain": definition.domains[0], "title": "A", "date": "2025-09-01", "people": 4}]
        wrong_list = [body["entries"][0] | {"people": -1}]
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(body)
    name = "items" if definition.kind is MeasureKind.MILESTONE else "entries"
    assert not validator.is_valid(body | {name: wrong_list})
    assert not validator.is_valid({key: value for key, value in body.items() if key != name})
    with pytest.raises(RequestRejected, match=rf"\b{name}\b"):
        await partner.get_template(PROGRAMME, measure, period=period)


# fmt: off
BAD = {
    "no period":         ("ips-primary-care-referrals", {},                                              "period"),
    "a bare quarter":    ("ips-primary-care-referrals", {"period": "2025-Q2"},                           "unclear-period"),
    "a month":           ("ips-primary-care-referrals", {"period": "2025-07"},                           "wrong-period-type"),
    "too early":         ("ips-primary-care-referrals", {"period": "FY2024-25-Q1"},                      "period-outside-programme"),
    "another measure":   ("ips-primary-care-referal", {"period": "FY2025-26-Q2"},                        "ips-primary-care-referrals"),
    "another series":    ("ips-primary-care-referrals", {"period": "FY2025-26-Q2", "series": "x"},       "unknown-series"),
    "another service":   ("ips-primary-care-referrals", {"period": "FY2025-26-Q2", "service": "x"},      "no-duty"),
    "no duty":           ("ips-secondary-care-engagement", {"period": "FY2025-26-Q2"},                   "no-duty"),
    "published":         ("ltc-employment-rate", {"period": "FY2025-26"},                                "not-submittable"),
}
# fmt: on


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
@pytest.mark.parametrize("case", BAD)
async def test_impossible_template_is_rejected_with_a_reason(application, case, kind):
    measure, params, text = BAD[case]
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    response = await http.get(f"/v1/programmes/{PROGRAMME}/measures/{measure}/template.{kind}", params=params)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert text in response.text


async def test_template_for_a_future_period_is_available(council_client):
    assert await council_client.get_template(PROGRAMME, "ips-primary-care-referrals", period="FY2026-27-Q2")


async def test_templates_are_for_the_own_organisation_and_reviewers(council_client, reviewer_client, application):
    other_partner = await application.partner_client("nottinghamshire-healthcare")
    query = {"organisation": "nottingham-city-council", "period": "FY2025-26-Q2"}
    template = await council_client.get_template(PROGRAMME, "ips-primary-care-referrals", **query)
    assert await reviewer_client.get_template(PROGRAMME, "ips-primary-care-referrals", **query) == template
    for read in (other_partner.get_template, other_partner.get_template_schema):
        with pytest.raises(NotAllowed):
            await read(PROGRAMME, "ips-primary-care-referrals", **query)
    schema = await reviewer_client.get_template_schema(PROGRAMME, "ips-primary-care-referrals", **query)
    assert msgspec.json.encode(schema.to_dict())
