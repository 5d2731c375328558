"""What a partner is to fill in: as CSV and as JSON Schema, and a filled one passes."""

import csv
import io

import jsonschema
import msgspec
import pytest

from api.plan import queries_loading
from schema.measures import Collection, MeasureKind
from schema.partners import Scope
from tests.conftest import NOTTINGHAM_PLAN_FILE
from work_health import NewReturn, NotAllowed, RequestRejected, new_submission

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
    """Each duty of an organisation that there is, with a period that it can be returned for."""
    roles = {role.slug for role in PLAN.roles} | {one.slug for one in PLAN.organisations if one.open_set}
    measures = {measure.slug: measure for measure in PLAN.measures}
    found = []
    for duty in PLAN.duties:
        measure = measures[duty.measure]
        series = next(one for one in measure.series if one.slug == duty.series)
        if series.collection is Collection.PARTNERS and duty.holder not in roles:
            found.append((duty.holder, measure.slug, series.slug, duty.service, PERIODS[measure.cadence.period_type]))
    return found


COUNTED = [one for one in duties() if KINDS[one[1]] not in (MeasureKind.MILESTONE, MeasureKind.EVIDENCE)]
TOLD = [one for one in duties() if KINDS[one[1]] in (MeasureKind.MILESTONE, MeasureKind.EVIDENCE)]


def filled(template: bytes, number: int) -> list[dict[str, str]]:
    """Every figure the same. Zeros fit their totals."""
    rows = list(csv.DictReader(io.StringIO(template.decode("utf-8-sig"), newline="")))
    for row in rows:
        for name in NUMBERS - {"lower", "upper"}:
            if name in row:
                row[name] = str(number)
    return rows


def as_return(rows: list[dict[str, str]]) -> dict:
    """What a reader of CSV makes of it: columns that end in `_label` are for people, blank dimensions are the total."""
    known = {*OF_RETURN, *NUMBERS, "area", "status", "note"}
    observations = []
    for row in rows:
        breakdown = {k: v for k, v in row.items() if v and k not in known and not k.endswith("_label")}
        numbers = {k: int(v) for k, v in row.items() if v and k in NUMBERS}
        observations.append({"area": row["area"], "breakdown": breakdown, **numbers})
    return {**{name: rows[0][name] for name in OF_RETURN}, "observations": observations}


@pytest.mark.parametrize(("holder", "measure", "series", "service", "period"), COUNTED)
async def test_a_filled_template_passes(application, holder, measure, series, service, period):
    if period == "FY2025-26":
        application.now = application.now.replace(year=2026, month=4, day=10)
    partner = await application.partner_client(holder)
    asked = {"period": period, "series": series, "service": service}
    rows = filled(await partner.get_template(PROGRAMME, measure, **asked), 0)
    schema = await partner.get_template_schema(PROGRAMME, measure, **asked)
    sent = as_return(rows)
    validator = jsonschema.Draft202012Validator(schema.to_dict())
    validator.check_schema(schema.to_dict())
    validator.validate(sent)
    report = await partner.create_submission(PROGRAMME, new_submission(NewReturn.from_dict(sent)))
    [one] = report.returns
    assert (one.completeness.present, one.completeness.missing) == (one.completeness.required, [])
    assert report.counts.received == one.completeness.required == len(rows)
    if hasattr(partner, "create_submission_csv"):  # where tables are taken, it is taken as it is
        assert (await partner.create_submission_csv(PROGRAMME, as_table(rows))).outcome == "unchanged"


def as_table(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


async def test_a_template_has_the_codes_for_machines_and_the_labels_for_people(application):
    http = application.http_client(await application.issue_key("nottingham-university-hospitals", Scope.READ))
    path = f"/v1/programmes/{PROGRAMME}/measures/work-health-conversations/template.csv"
    answer = await http.get(path, params={"period": "FY2025-26-Q2"})
    assert answer.headers["content-type"] == "text/csv; header=present; charset=utf-8"
    named = 'attachment; filename="work-health-conversations_headline_main_FY2025-26-Q2.csv"'
    assert answer.headers["content-disposition"] == named
    assert answer.content.startswith(b"\xef\xbb\xbfmeasure,")
    lines = answer.content.decode("utf-8-sig").split("\r\n")
    assert lines[0] == (
        "measure,series,service,period,area,area_label,setting,setting_label,value,lower,upper,status,note"
    )
    assert lines[1] == "work-health-conversations,headline,main,FY2025-26-Q2,E06000018,Nottingham,,,,,,,"
    assert lines[2].startswith("work-health-conversations,headline,main,FY2025-26-Q2,E06000018,Nottingham,")
    assert lines[-1] == ""


async def test_a_ratio_has_its_numerator_and_denominator(council_client):
    asked = {"period": "R3-2025-06", "series": "ccis-provisional"}
    header = (await council_client.get_template(PROGRAMME, "neet-16-17", **asked)).decode("utf-8-sig").split("\r\n")[0]
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
    "bounds of none":  lambda r: r["observations"][0].update(lower=1),
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
async def test_the_schema_says_what_a_return_must_be(council_client, case, valid):
    measure = "ips-primary-care-referrals"
    schema = (await council_client.get_template_schema(PROGRAMME, measure, period="FY2025-26-Q2")).to_dict()
    sent = as_return(filled(await council_client.get_template(PROGRAMME, measure, period="FY2025-26-Q2"), 0))
    (RIGHT if valid else WRONG)[case](sent)
    assert jsonschema.Draft202012Validator(schema).is_valid(sent) is valid


@pytest.mark.parametrize(("holder", "measure", "series", "service", "period"), TOLD[:1] + TOLD[-1:])
async def test_milestones_and_evidence_have_a_schema_and_no_table(
    application, holder, measure, series, service, period
):
    partner = await application.partner_client(holder)
    schema = (await partner.get_template_schema(PROGRAMME, measure, period=period)).to_dict()
    one = next(m for m in PLAN.measures if m.slug == measure)
    sent: dict = {"measure": measure, "series": series, "service": service, "period": period}
    if one.kind is MeasureKind.MILESTONE:
        sent["items"] = [{"item": "a-1", "title": "A", "stage": one.stages[0], "date": "2025-09-01"}]
        wrong = [sent["items"][0] | {"stage": "nowhere"}]
    else:
        sent["entries"] = [{"domain": one.domains[0], "title": "A", "date": "2025-09-01", "people": 4}]
        wrong = [sent["entries"][0] | {"people": -1}]
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(sent)
    name = "items" if one.kind is MeasureKind.MILESTONE else "entries"
    assert not validator.is_valid(sent | {name: wrong})
    assert not validator.is_valid({key: said for key, said in sent.items() if key != name})
    with pytest.raises(RequestRejected, match=f"is returned by {name}"):
        await partner.get_template(PROGRAMME, measure, period=period)


# fmt: off
BAD = {
    "no period":         ("ips-primary-care-referrals", {},                                              "period"),
    "a bare quarter":    ("ips-primary-care-referrals", {"period": "2025-Q2"},                           "CY2025-Q2"),
    "a month":           ("ips-primary-care-referrals", {"period": "2025-07"},                           "wrong-period-type"),
    "too early":         ("ips-primary-care-referrals", {"period": "FY2024-25-Q1"},                      "period-outside-programme"),
    "another measure":   ("ips-primary-care-referal", {"period": "FY2025-26-Q2"},                        "ips-primary-care-referrals"),
    "another series":    ("ips-primary-care-referrals", {"period": "FY2025-26-Q2", "series": "x"},       "unknown-series"),
    "another service":   ("ips-primary-care-referrals", {"period": "FY2025-26-Q2", "service": "x"},      "no-duty"),
    "no duty":           ("ips-secondary-care-engagement", {"period": "FY2025-26-Q2"},                   "no-duty"),
    "published":         ("ltc-employment-rate", {"period": "FY2025-26"},                                "not-submittable"),
}
# fmt: on


@pytest.mark.parametrize("kind", ["csv", "json"])
@pytest.mark.parametrize("case", BAD)
async def test_what_cannot_be_filled_in_says_why(application, case, kind):
    measure, params, names = BAD[case]
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    answer = await http.get(f"/v1/programmes/{PROGRAMME}/measures/{measure}/template.{kind}", params=params)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert names in answer.text


async def test_a_template_for_a_period_to_come_can_be_had_in_advance(council_client):
    assert await council_client.get_template(PROGRAMME, "ips-primary-care-referrals", period="FY2026-27-Q2")


async def test_templates_are_for_their_own_organisation_and_reviewers(council_client, reviewer_client, application):
    other = await application.partner_client("nottinghamshire-healthcare")
    asked = {"organisation": "nottingham-city-council", "period": "FY2025-26-Q2"}
    own = await council_client.get_template(PROGRAMME, "ips-primary-care-referrals", **asked)
    assert await reviewer_client.get_template(PROGRAMME, "ips-primary-care-referrals", **asked) == own
    for read in (other.get_template, other.get_template_schema):
        with pytest.raises(NotAllowed, match="for reviewers"):
            await read(PROGRAMME, "ips-primary-care-referrals", **asked)
    mine = await reviewer_client.get_template_schema(PROGRAMME, "ips-primary-care-referrals", **asked)
    assert msgspec.json.encode(mine.to_dict())
