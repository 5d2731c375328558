"""Published statistics from their publishers' files to all formats of outcomes, over HTTP."""

import io
import re
from typing import Any

import pandas
import pytest

from api.outcomes import queries_boundaries
from api.outcomes.formats import boundary_layer
from api.sources import ees, fetching, fingertips, nomis
from api.sources.downloading import RetryingClient
from api.sources.fetching import SubmissionRejected
from api.sources.row_account import RowAccount
from schema.partners import Scope
from schema.submissions import NewReturn, PublisherFigure
from tests.conftest import NOW
from tests.fixtures.release_client import ReleaseClient
from tests.partner.test_querying import make_boundaries
from work_health import decision

PROGRAMME = "work-and-health-2025-2028"
CITY, REGION, ENGLAND, LEEDS = "E06000018", "E12000004", "E92000001", "E08000035"
AREAS = {CITY, REGION, ENGLAND, LEEDS}
INACTIVE, NEET, GAP, RATE = "economic-inactivity-ill-health", "neet-16-17", "ltc-employment-gap", "ltc-employment-rate"

FINGERTIPS = [
    *("Indicator ID", "Area Code", "Sex", "Category Type", "Value", "Count", "Denominator", "Value note"),
    *("Lower CI 95.0 limit", "Upper CI 95.0 limit", "Lower CI 99.8 limit", "Upper CI 99.8 limit"),
    *("Time period", "Time period Sortable", "Time period range"),
]


def build_returns(source: Any, text: str) -> list[NewReturn]:
    account = RowAccount()
    more = [fingertips.USUAL_YEAR_TYPES] if source is fingertips else []
    return source.build_returns(source.read_rows(text, account), AREAS, account, *more)


def make_fingertips_row(
    indicator: str, sortable: str, area: str, value: str, limits: str, wide: str, sex: str = "Persons"
):
    year = int(sortable[:4])
    label = f"{year}/{(year + 1) % 100}"
    return ",".join(
        [indicator, area, sex, "", value, "", "", "", *limits.split(".."), *wide.split(".."), label, sortable, "1y"]
    )


RATES = [
    *(make_fingertips_row("93882", f"{2019 + n}0000", CITY, f"{60 - 2 * n}", f"{59 - 2 * n}..{61 - 2 * n}",
                    f"{58 - 2 * n}..{62 - 2 * n}") for n in range(5)),
    make_fingertips_row("93882", "20230000", CITY, "50", "47..53", "45..55", sex="Female"),
    make_fingertips_row("93882", "20230000", ENGLAND, "65.3", "65.1..65.5", "65..65.6"),
    make_fingertips_row("93882", "20230000", LEEDS, "53.5", "51..56", "49..58"),
    make_fingertips_row("90282", "20230000", CITY, "12.5", "10..15", "..", ),
]  # fmt: skip


def make_nomis_rows(date: str, area: str, *cells: str) -> list[str]:
    return [f"{date},{area},{cell.replace(' ', ',')},Normal Value," for cell in cells]


APS = [
    *make_nomis_rows("2025-06", CITY, "1496 20599 30.1", "1496 21001 15100", "1496 21002 50200", "1496 21003 5.1",
              "45 21002 220000", "45 20599 71.2", "45 21001 156600", "45 21003 3.1"),
    *make_nomis_rows("2025-06", ENGLAND, "1496 20599 27.9", "1496 21001 2500000", "1496 21002 8960000", "1496 21003 0.3",
              "45 21002 36000000"),
]  # fmt: skip
NEET_COLUMNS = [name if isinstance(name, str) else name[0] for name in ees.REQUIRED_COLUMNS]
NEETS = [
    f"2025,Calendar year,{level},E92000001,{region},{city},16-17,Total,Total,{cohort},{share},{number},c,c,c,c"
    for level, region, city, cohort, number, share in (
        ("National", "", "", "1250000", "40000", "3.2"),
        ("Regional", REGION, "", "110000", "3900", "z"),
        ("Local authority", REGION, CITY, "7400", "370", "5.0"),
    )
]


async def submit(application, organisation: str, returns) -> None:
    key = await application.issue_key(organisation, Scope.SUBMIT)
    await fetching.submit_returns(
        RetryingClient(http=application.http_client(key)), PROGRAMME, returns, dry_run=False, confirm_withdrawals=False
    )


def make_csv(columns, rows) -> str:
    return "\n".join([",".join(columns), *rows]) + "\n"


@pytest.fixture
async def published_statistics(application):
    rows = [row + str(len(APS)) for row in APS]
    await submit(application, "ohid", build_returns(fingertips, make_csv(FINGERTIPS, RATES)))
    await submit(
        application,
        "office-for-national-statistics",
        build_returns(nomis, make_csv(nomis.REQUIRED_COLUMNS, rows)),
    )
    await submit(
        application,
        "department-for-education",
        build_returns(ees, make_csv(NEET_COLUMNS, NEETS)),
    )


async def preview_one(reviewer, measure: str, **filters):
    [figure] = (await reviewer.preview_outcomes(PROGRAMME, measure=[measure], **filters)).items
    return figure


async def test_published_rate_has_limits_comparators_and_trend(published_statistics, reviewer_client):
    figure = await preview_one(reviewer_client, RATE)
    assert (figure.period.code, figure.value, figure.lower, figure.upper_99_8, figure.interval_method) == (
        *("FY2023-24", 52, 51, 54),
        "published",
    )
    source = figure.source
    assert (source.identifier, source.value, source.limits_derived, figure.numerator) == (
        "93882",
        "52",
        False,
        None,
    )
    assert [
        (
            *(comparator.area, comparator.value, comparator.verdict),
            *(comparator.confidence, comparator.method, comparator.reason),
        )
        for comparator in figure.comparators
    ] == [
        (REGION, None, None, None, None, "no_published_equivalent"),
        (ENGLAND, 65.3, "worse", "99.8", "standard", None),
        (LEEDS, 53.5, "similar", "95", "difference", None),
    ]
    assert (figure.trend.tendency, figure.trend.verdict, figure.trend.first_period) == (
        *("decreasing", "worse"),
        "FY2019-20",
    )
    assert [(comparator.organisation, comparator.revision, comparator.state) for comparator in figure.contributors] == [
        ("ohid", 1, "pending")
    ]
    assert (figure.markers, figure.coverage.expected, figure.coverage.received) == (["p"], 1, 1)


async def test_unpublished_figure_names_the_published_alternatives(published_statistics, reviewer_client):
    half = await preview_one(reviewer_client, RATE, period=["FY2023-24-H1"])
    assert (half.value, half.reason) == (None, "as_published_only")
    assert "FY2023-24, FY2022-23," in half.alternatives
    women = await preview_one(reviewer_client, RATE, period=["FY2023-24"], area=[LEEDS], breakdown=["sex:female"])
    assert re.search(rf"sex=female\b.*\b{CITY}\b.*\b{LEEDS}\b", women.alternatives)


async def test_derived_rate_is_marked_as_derived(published_statistics, reviewer_client):
    derived = await preview_one(reviewer_client, INACTIVE)
    assert (derived.value, derived.interval_method, derived.source.limits_derived) == (
        6.9,
        "normal",
        True,
    )
    assert "variable 1496" in derived.source.note
    assert set(derived.markers) == {"e", "p"}
    as_published = await preview_one(reviewer_client, INACTIVE, series="lts-of-inactive-16-64")
    assert (as_published.value, as_published.source.limits_derived) == (30.1, False)
    assert [(comparator.area, comparator.verdict) for comparator in as_published.comparators if comparator.value] == [
        (ENGLAND, "similar")
    ]


async def test_count_without_limits_has_derived_limits(published_statistics, reviewer_client):
    figure = await preview_one(reviewer_client, NEET)
    assert (figure.period.code, figure.value, figure.interval_method) == ("R3-2025-02", 5.0, "wilson")
    assert (figure.source.limits_derived, figure.numerator, figure.denominator) == (True, 370, 7400)
    assert [(comparator.area, comparator.verdict) for comparator in figure.comparators] == [
        (REGION, None),
        (ENGLAND, "worse"),
    ]
    region = await preview_one(reviewer_client, NEET, area=[REGION])
    assert (region.status, region.reason, region.comparators) == ("z", "not_applicable", [])


async def test_published_return_counts_according_to_the_revision_basis(
    application, published_statistics, reviewer_client
):
    assert (await preview_one(reviewer_client, RATE, revision_basis="approved")).reason == "no_data"
    return_key = {
        "organisation": "ohid",
        "measure": RATE,
        "series": "headline",
        "service": "main",
        "period": "FY2023-24",
    }
    second_reviewer = await application.partner_client(
        "nottingham-city-council", Scope.REVIEW
    )  # reviewer_client has the organisation that returned it
    await second_reviewer.approve_return(PROGRAMME, **return_key, decision=decision(1))
    figure = await preview_one(reviewer_client, RATE, revision_basis="approved")
    assert (figure.value, figure.markers, figure.trend.reason) == (52, [], "too_few_points")
    model = await reviewer_client.preview_logic_model(PROGRAMME, revision_basis="approved")
    assert {
        figure_of_model.measure: figure_of_model.value
        for figure_of_model in model.figures
        if figure_of_model.value is not None
    } == {RATE: 52}


async def test_all_formats_have_the_same_published_figures(published_statistics, reviewer_client):
    filters = {"measure": [INACTIVE, RATE, NEET, GAP]}
    values = {f.measure: f.value for f in (await reviewer_client.preview_outcomes(PROGRAMME, **filters)).items}
    assert values == {INACTIVE: 6.9, NEET: 5.0, GAP: 12.5, RATE: 52}
    frame = pandas.read_csv(io.BytesIO(await reviewer_client.preview_outcomes_csv(PROGRAMME, **filters)))
    assert dict(zip(frame["measure"], frame["value"], strict=True)) == values
    assert set(frame["source_identifier"].astype(str)) >= {"90282", "93882"}
    cube = (await reviewer_client.preview_outcomes_json_stat(PROGRAMME, **filters)).to_dict()
    assert {value for value in cube["value"] if value is not None} == set(values.values())
    sdmx = pandas.read_csv(io.BytesIO(await reviewer_client.preview_outcomes_sdmx_csv(PROGRAMME, **filters)))
    assert dict(zip(sdmx["MEASURE"], sdmx["OBS_VALUE"], strict=True)) == values
    latest = {
        measure.measure: measure.latest
        for theme in (await reviewer_client.preview_progress(PROGRAMME)).themes
        for measure in theme.measures
    }
    assert {slug: latest[slug].value for slug in values} == values
    model = await reviewer_client.preview_logic_model(PROGRAMME)
    assert {f.measure: f.value for f in model.figures if f.measure in values} == values


async def test_companion_is_read_with_its_measure_in_its_own_unit(published_statistics, application, reviewer_client):
    measures = {
        measure.measure: measure
        for theme in (await reviewer_client.preview_progress(PROGRAMME)).themes
        for measure in theme.measures
    }
    [employment] = measures[GAP].companions
    assert (employment.kind, employment.unit, employment.period.code) == ("proportion", "percent", "R12-2025-06")
    assert (employment.value, employment.lower, employment.upper, employment.target) == (71.2, 68.1, 74.3, None)
    assert [one.series for one in measures[NEET].companions] == ["neet-or-not-known", "not-known"]
    assert [(one.value, one.status) for one in measures[NEET].companions] == [(None, "c"), (None, "c")]
    of_the_measure = NewReturn(
        measure=GAP,
        series="overall-employment-rate",
        period="FY2023-24",
        figures=[PublisherFigure(area=CITY, value="70")],
    )
    with pytest.raises(SubmissionRejected, match="wrong-period-type"):
        await submit(application, "office-for-national-statistics", [of_the_measure])


async def test_map_shows_published_figure_according_to_the_revision_basis(
    application, published_statistics, reviewer_client
):
    async with application.owner.begin() as transaction:
        await queries_boundaries.save_boundaries(
            transaction,
            boundary_layer.read_boundaries(make_boundaries([CITY])).boundaries,
            source="cities.geojson",
            now=NOW,
        )
    filters = {"measure": RATE, "level": "local-authority"}
    [feature] = (await reviewer_client.preview_outcomes_geojson(PROGRAMME, **filters)).features
    assert (feature.properties.to_dict()["value"], feature.properties.to_dict()["source_value"]) == (52, "52")
    [feature] = (
        await reviewer_client.preview_outcomes_geojson(PROGRAMME, **filters, revision_basis="approved")
    ).features
    assert feature.properties.to_dict()["reason"] == "no_data"


async def test_progress_follows_the_revision_basis(published_statistics, reviewer_client):
    progress = await reviewer_client.preview_progress(PROGRAMME, revision_basis="approved")
    assert progress.revision_basis == "approved"
    assert {measure.latest.value for theme in progress.themes for measure in theme.measures} == {None}


async def test_published_statistics_are_released_unchanged(published_statistics, application, reviewer_client):
    """A release has the approved revision of each return, with exactly its published areas."""
    colleague = await application.partner_client("nhs-nottingham-nottinghamshire-icb", Scope.REVIEW)
    for returned in (await reviewer_client.list_returns(PROGRAMME, limit=1000)).items:
        return_key = {
            "organisation": returned.organisation,
            "measure": returned.measure,
            "series": returned.series,
            "service": returned.service,
            "period": returned.period.code,
        }
        if returned.measure != NEET:
            # A reviewer may not decide on a return of its own organisation.
            decider = colleague if returned.organisation == "ohid" else reviewer_client
            await decider.approve_return(PROGRAMME, **return_key, decision=decision(returned.revision))
    release_client = ReleaseClient(application, PROGRAMME)
    assert (await release_client.publish())["state"] == "published"
    [city] = await release_client.read_figures(measure=RATE, period="FY2023-24")
    assert (city["value"], city["lower"], city["upper_99_8"], city["interval_method"]) == (52, 51, 54, "published")
    assert (city["source"]["identifier"], city["coverage"]["approved"]) == ("93882", 1)
    assert [(c["area"], c["value"], c["verdict"], c["method"]) for c in city["comparators"]] == [
        (REGION, None, None, None),
        (ENGLAND, 65.3, "worse", "standard"),
        (LEEDS, 53.5, "similar", "difference"),
    ]
    assert (city["trend"]["tendency"], city["trend"]["first_period"]) == ("decreasing", "FY2019-20")
    [women] = await release_client.read_figures(measure=RATE, period="FY2023-24", breakdown="sex:female")
    assert (women["value"], women["breakdown"]) == (50, {"sex": "female"})
    [no_sexes] = await release_client.read_figures(measure=RATE, period="FY2023-24", area=LEEDS, breakdown="sex:female")
    assert (no_sexes["value"], no_sexes["reason"], no_sexes["area"]) == (None, "as_published_only", LEEDS)
    http = release_client.application.http_client()
    available = (await http.get(f"/v1/programmes/{PROGRAMME}/outcomes/availability")).json()
    released = {
        (measure["measure"], series["slug"]): series["released"]
        for measure in available["measures"]
        for series in measure["series"]
    }
    assert released[RATE, "headline"]["periods"][-1] == "FY2023-24"
    assert ["sex"] in released[RATE, "headline"]["breakdowns"]
    assert (available["release"], released["good-work-charter-uptake", "headline"]) == (1, None)
    [not_approved] = await release_client.read_figures(measure=NEET)
    assert (not_approved["value"], not_approved["reason"]) == (None, "no_data")
    progress = (await release_client.read("progress")).json()
    latest = {m["measure"]: m["latest"] for theme in progress["themes"] for m in theme["measures"]}
    assert latest[RATE]["value"] == 52
    measures = {m["measure"]: m for theme in progress["themes"] for m in theme["measures"]}
    assert (latest[NEET], measures[NEET]["reason"], measures[NEET]["companions"]) == (None, "no_publication", [])
    [employment] = measures[GAP]["companions"]
    assert (employment["series"], employment["value"], employment["unit"]) == (
        "overall-employment-rate",
        71.2,
        "percent",
    )
    assert [point["value"] for point in measures[RATE]["history"]] == [60, 58, 56, 54, 52]
    assert (measures[RATE]["previous"]["period"]["code"], measures[RATE]["previous"]["value"]) == ("FY2022-23", 54)
    [rate] = await release_client.read_figures(measure=GAP, series="overall-employment-rate")
    assert rate == employment
