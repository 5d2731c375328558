"""Published statistics from their publishers' files to every form of outcomes, over HTTP."""

import io
import re

import pandas
import pytest

from api.figures import queries as outcomes
from api.outcomes.formats import geojson
from api.sources import ees, fetching, fingertips, nomis
from api.sources.fetching import RetryingClient
from schema.partners import Scope
from tests.conftest import NOW
from tests.fixtures.release_client import ReleaseClient
from tests.partner.test_querying import file_of
from work_health import decision

PROGRAMME = "work-and-health-2025-2028"
CITY, REGION, ENGLAND, LEEDS = "E06000018", "E12000004", "E92000001", "E08000035"
AREAS = {CITY, REGION, ENGLAND, LEEDS}
INACTIVE, NEET, GAP, RATE = "economic-inactivity-ill-health", "neet-16-17", "ltc-employment-gap", "ltc-employment-rate"

FINGERTIPS = [
    *("Indicator ID", "Area Code", "Sex", "Category Type", "Value", "Count", "Denominator", "Value note"),
    *("Lower CI 95.0 limit", "Upper CI 95.0 limit", "Lower CI 99.8 limit", "Upper CI 99.8 limit"),
    *("Time period Sortable", "Time period range"),
]


def of_fingertips(indicator: str, sortable: str, area: str, value: str, limits: str, wide: str, sex: str = "Persons"):
    return ",".join(
        [indicator, area, sex, "", value, "", "", "", *limits.split(".."), *wide.split(".."), sortable, "1y"]
    )


RATES = [
    *(of_fingertips("93882", f"{2019 + n}0000", CITY, f"{60 - 2 * n}", f"{59 - 2 * n}..{61 - 2 * n}",
                    f"{58 - 2 * n}..{62 - 2 * n}") for n in range(5)),
    of_fingertips("93882", "20230000", CITY, "50", "47..53", "45..55", sex="Female"),
    of_fingertips("93882", "20230000", ENGLAND, "65.3", "65.1..65.5", "65..65.6"),
    of_fingertips("93882", "20230000", LEEDS, "53.5", "51..56", "49..58"),
    of_fingertips("90282", "20230000", CITY, "12.5", "10..15", "..", ),
]  # fmt: skip


def of_nomis(date: str, area: str, *cells: str) -> list[str]:
    return [f"{date},{area},{cell.replace(' ', ',')},Normal Value," for cell in cells]


APS = [
    *of_nomis("2025-06", CITY, "1496 20599 30.1", "1496 21001 15100", "1496 21002 50200", "1496 21003 5.1",
              "45 21002 220000"),
    *of_nomis("2025-06", ENGLAND, "1496 20599 27.9", "1496 21001 2500000", "1496 21002 8960000", "1496 21003 0.3",
              "45 21002 36000000"),
]  # fmt: skip
NEETS = [
    f"2025,Calendar year,{level},E92000001,{region},{city},16-17,Total,Total,{cohort},{number},{share}"
    for level, region, city, cohort, number, share in (
        ("National", "", "", "1250000", "40000", "3.2"),
        ("Regional", REGION, "", "110000", "3900", "z"),
        ("Local authority", REGION, CITY, "7400", "370", "5.0"),
    )
]


async def push(application, organisation: str, returns) -> None:
    key = await application.issue_key(organisation, Scope.SUBMIT)
    await fetching.submit_returns(
        RetryingClient(http=application.http_client(key)), PROGRAMME, returns, dry_run=False, confirm_withdrawals=False
    )


def table(columns, rows) -> str:
    return "\n".join([",".join(columns), *rows]) + "\n"


@pytest.fixture
async def published(application):
    rows = [row + str(len(APS)) for row in APS]
    await push(application, "ohid", fingertips.build_returns(fingertips.read_rows(table(FINGERTIPS, RATES)), AREAS))
    await push(
        application,
        "office-for-national-statistics",
        nomis.build_returns(nomis.read_rows(table(nomis.REQUIRED_COLUMNS, rows)), AREAS),
    )
    await push(
        application,
        "department-for-education",
        ees.build_returns(ees.read_rows(table(ees.REQUIRED_COLUMNS, NEETS)), AREAS),
    )


async def one(reviewer, measure: str, **filters):
    [figure] = (await reviewer.preview_outcomes(PROGRAMME, measure=[measure], **filters)).items
    return figure


async def test_a_published_rate_is_told_with_all_that_a_reader_judges_it_by(published, reviewer_client):
    found = await one(reviewer_client, RATE)
    assert (found.period.code, found.value, found.lower, found.upper_99_8, found.interval_method) == (
        *("FY2023-24", 52, 51, 54),
        "published",
    )
    said = found.publication
    assert (said.identifier, said.value, said.limits_derived, found.numerator) == ("93882", "52", False, None)
    assert [(c.area, c.value, c.verdict, c.confidence, c.reason) for c in found.comparators] == [
        (REGION, None, None, None, "no_published_equivalent"),
        (ENGLAND, 65.3, "worse", "99.8", None),
        (LEEDS, 53.5, "worse", "95", None),
    ]
    assert (found.trend.tendency, found.trend.verdict, found.trend.first_period) == (
        *("decreasing", "worse"),
        "FY2019-20",
    )
    assert [(c.organisation, c.revision, c.state) for c in found.contributors] == [("ohid", 1, "pending")]
    assert (found.markers, found.coverage.expected, found.coverage.received) == (["p"], 1, 1)


async def test_what_is_not_published_says_what_there_is(published, reviewer_client):
    half = await one(reviewer_client, RATE, period=["FY2023-24-H1"])
    assert (half.value, half.reason) == (None, "as_published_only")
    assert "FY2023-24, FY2022-23," in half.instead
    women = await one(reviewer_client, RATE, period=["FY2023-24"], area=[LEEDS], breakdown=["sex:female"])
    assert re.search(rf"sex=female\b.*\b{CITY}\b.*\b{LEEDS}\b", women.instead)


async def test_a_rate_that_was_worked_out_says_so(published, reviewer_client):
    worked_out = await one(reviewer_client, INACTIVE)
    assert (worked_out.value, worked_out.interval_method, worked_out.publication.limits_derived) == (
        6.9,
        "normal",
        True,
    )
    assert "variable 1496" in worked_out.publication.note
    assert set(worked_out.markers) == {"e", "p"}
    as_it_was = await one(reviewer_client, INACTIVE, series="lts-of-inactive-16-64")
    assert (as_it_was.value, as_it_was.publication.limits_derived) == (30.1, False)
    assert [(c.area, c.verdict) for c in as_it_was.comparators if c.value] == [(ENGLAND, "similar")]


async def test_a_count_without_limits_gets_some_and_says_so(published, reviewer_client):
    found = await one(reviewer_client, NEET)
    assert (found.period.code, found.value, found.interval_method) == ("R3-2025-02", 5.0, "wilson")
    assert (found.publication.limits_derived, found.numerator, found.denominator) == (True, 370, 7400)
    assert [(c.area, c.verdict) for c in found.comparators] == [(REGION, None), (ENGLAND, "worse")]
    region = await one(reviewer_client, NEET, area=[REGION])
    assert (region.status, region.reason, region.comparators) == ("z", "not_applicable", [])


async def test_a_publication_counts_by_the_basis(application, published, reviewer_client):
    assert (await one(reviewer_client, RATE, revision_basis="approved")).reason == "no_data"
    where = {"organisation": "ohid", "measure": RATE, "series": "headline", "service": "main", "period": "FY2023-24"}
    other = await application.partner_client(
        "nottingham-city-council", Scope.REVIEW
    )  # the reviewer of these tests is its sender
    await other.approve_return(PROGRAMME, **where, decision=decision(1))
    found = await one(reviewer_client, RATE, revision_basis="approved")
    assert (found.value, found.markers, found.trend.reason) == (52, [], "too_few_points")
    model = await reviewer_client.preview_logic_model(PROGRAMME, revision_basis="approved")
    assert {f.measure: f.value for f in model.figures if f.value is not None} == {RATE: 52}


async def test_every_form_has_the_same_published_figures(published, reviewer_client):
    asked = {"measure": [INACTIVE, RATE, NEET, GAP]}
    values = {f.measure: f.value for f in (await reviewer_client.preview_outcomes(PROGRAMME, **asked)).items}
    assert values == {INACTIVE: 6.9, NEET: 5.0, GAP: 12.5, RATE: 52}
    frame = pandas.read_csv(io.BytesIO(await reviewer_client.preview_outcomes_csv(PROGRAMME, **asked)))
    assert dict(zip(frame["measure"], frame["value"], strict=True)) == values
    assert set(frame["source_identifier"].astype(str)) >= {"90282", "93882"}
    cube = (await reviewer_client.preview_outcomes_json_stat(PROGRAMME, **asked)).to_dict()
    assert {value for value in cube["value"] if value is not None} == set(values.values())
    sdmx = pandas.read_csv(io.BytesIO(await reviewer_client.preview_outcomes_sdmx_csv(PROGRAMME, **asked)))
    assert dict(zip(sdmx["MEASURE"], sdmx["OBS_VALUE"], strict=True)) == values
    latest = {
        m.measure: m.latest for t in (await reviewer_client.preview_progress(PROGRAMME)).themes for m in t.measures
    }
    assert {slug: latest[slug].value for slug in values} == values
    model = await reviewer_client.preview_logic_model(PROGRAMME)
    assert {f.measure: f.value for f in model.figures if f.measure in values} == values


async def test_a_published_figure_is_on_the_map_by_the_basis(application, published, reviewer_client):
    async with application.owner.begin() as transaction:
        await outcomes.save_boundaries(
            transaction, geojson.read_boundaries(file_of([CITY])), source="cities.geojson", now=NOW
        )
    asked = {"measure": RATE, "level": "local-authority"}
    [feature] = (await reviewer_client.preview_outcomes_geojson(PROGRAMME, **asked)).features
    assert (feature.properties.to_dict()["value"], feature.properties.to_dict()["source_value"]) == (52, "52")
    [feature] = (await reviewer_client.preview_outcomes_geojson(PROGRAMME, **asked, revision_basis="approved")).features
    assert feature.properties.to_dict()["reason"] == "no_data"


async def test_progress_counts_by_the_basis(published, reviewer_client):
    progress = await reviewer_client.preview_progress(PROGRAMME, revision_basis="approved")
    assert progress.basis == "approved"
    assert {m.latest.value for theme in progress.themes for m in theme.measures} == {None}


async def test_published_statistics_are_released_as_they_stand(published, application, reviewer_client):
    """Of each the approved revision, every place that was published, and no other."""
    colleague = await application.partner_client("nhs-nottingham-nottinghamshire-icb", Scope.REVIEW)
    for one in (await reviewer_client.list_returns(PROGRAMME, limit=1000)).items:
        where = {
            "organisation": one.organisation,
            "measure": one.measure,
            "series": one.series,
            "service": one.service,
            "period": one.period.code,
        }
        if one.measure != NEET:
            # Nobody decides on a return of the own organisation.
            decides = colleague if one.organisation == "ohid" else reviewer_client
            await decides.approve_return(PROGRAMME, **where, decision=decision(one.revision))
    press = ReleaseClient(application, PROGRAMME)
    assert (await press.publish())["state"] == "published"
    [city] = await press.read_figures(measure=RATE, period="FY2023-24")
    assert (city["value"], city["lower"], city["upper_99_8"], city["interval_method"]) == (52, 51, 54, "published")
    assert (city["publication"]["identifier"], city["coverage"]["approved"]) == ("93882", 1)
    assert [(c["area"], c["value"], c["verdict"]) for c in city["comparators"]] == [
        (REGION, None, None),
        (ENGLAND, 65.3, "worse"),
        (LEEDS, 53.5, "worse"),
    ]
    assert (city["trend"]["tendency"], city["trend"]["first_period"]) == ("decreasing", "FY2019-20")
    [women] = await press.read_figures(measure=RATE, period="FY2023-24", breakdown="sex:female")
    assert (women["value"], women["breakdown"]) == (50, {"sex": "female"})
    assert await press.read_figures(measure=RATE, period="FY2023-24", area=LEEDS, breakdown="sex:female") == []
    assert await press.read_figures(measure=NEET) == [], "it is not approved"
    progress = (await press.read("progress")).json()
    latest = {m["measure"]: m["latest"] for theme in progress["themes"] for m in theme["measures"]}
    assert latest[RATE]["value"] == 52
