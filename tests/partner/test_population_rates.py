"""Rates of a population: a file of mid-year estimates, a release, and referrals per 1,000 residents by ward."""

import io

import pandas
import pytest
from msgspec.structs import replace

from api import commands
from api.outcomes import queries_boundaries
from api.outcomes.formats import boundary_layer
from api.plan import queries_loading
from api.sources import fetching, nomis_populations
from api.sources.fetching import RetryingClient
from api.sources.row_account import RowAccount
from schema.partners import Scope
from tests.conftest import NOW
from tests.fixtures.release_client import ReleaseClient
from tests.partner.test_querying import make_boundaries
from work_health import RequestRejected

PROGRAMME = "work-and-health-2025-2028"
REFERRALS, RESIDENTS = "ips-primary-care-referrals", "resident-population"
CITY, ASPLEY, BASFORD, UNKNOWN = "E06000018", "E05012270", "E05012271", "E06000018-unknown"
PERIOD = "FY2025-26-Q1"
BANDS = ["16-24", "25-34", "35-49", "50-64", "65-plus"]
REFERRED = {ASPLEY: [20, 30, 40, 30, 0], BASFORD: [60, 20, 20, 20, 10], UNKNOWN: [0, 0, 0, 40, 20]}


def make_population_file(**residents_by_age: int) -> str:
    """Return a file in the format of Nomis: for each area and gender, as many residents of each single year of age."""
    count = len(residents_by_age) * 3 * 91
    lines = [",".join(nomis_populations.REQUIRED_COLUMNS)]
    for area, number in residents_by_age.items():
        for gender, share in (("0", 2), ("1", 1), ("2", 1)):
            lines += [f"2024,{area},{gender},{age},20100,{number * share},{count}" for age in range(101, 192)]
    return "\n".join(lines) + "\n"


POPULATION_FILE = make_population_file(**{CITY: 1000, ASPLEY: 50, BASFORD: 100})
ADULTS = 49  # single years of age from 16 to 64


def make_referrals_return() -> dict:
    by_area = {**REFERRED, CITY: [sum(counts) for counts in zip(*REFERRED.values(), strict=True)]}
    cells = []
    for area, counts in by_area.items():
        cells.append({"area": area, "value": sum(counts)})
        cells += [
            {"area": area, "breakdown": {"age-band": band}, "value": n} for band, n in zip(BANDS, counts, strict=True)
        ]
        cells.append({"area": area, "breakdown": {"age-band": "unknown"}, "value": 0})
    return {"measure": REFERRALS, "period": PERIOD, "observations": cells}


@pytest.fixture
async def plan_with_figures_of_one_provider(application) -> None:
    """Load the plan with a council that lets its own counts be published, because it is the only provider."""
    plan = queries_loading.read_plan(commands.PLAN_FILE)
    duties = [replace(duty, publish_alone=duty.publish_alone or duty.measure == REFERRALS) for duty in plan.duties]
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(transaction, replace(plan, duties=duties), sandbox=False, now=application.now)


@pytest.fixture
async def release(application, plan_with_figures_of_one_provider) -> ReleaseClient:
    """Submit the estimates as their publisher does, and the referrals; approve and publish both."""
    account = RowAccount()
    rows = nomis_populations.read_rows(POPULATION_FILE, account)
    returns = nomis_populations.build_returns(rows, {CITY, ASPLEY, BASFORD}, account)
    publisher = await application.issue_key("office-for-national-statistics", Scope.SUBMIT)
    submitted = await fetching.submit_returns(
        RetryingClient(http=application.http_client(publisher)),
        PROGRAMME,
        returns,
        dry_run=False,
        confirm_withdrawals=False,
    )
    [receipt] = submitted.returns
    assert (receipt.measure, receipt.period.code) == (RESIDENTS, "D2024-06-30")
    client = ReleaseClient(application, PROGRAMME, owner="ohid")
    reviewer = await client.http_client("ohid", Scope.REVIEW)
    approved = await reviewer.post(
        f"/v1/programmes/{PROGRAMME}/returns/office-for-national-statistics/{RESIDENTS}/mid-year-estimates/main"
        "/D2024-06-30/approval",
        json={"revision": 1},
    )
    assert approved.status_code == 201, approved.text
    await client.submit_and_approve("nottingham-city-council", make_referrals_return())
    job = await client.publish()
    assert job["state"] == "published", job
    return client


async def read(application, **query):
    sdk = application.sdk_client()
    return (await sdk.list_outcomes(PROGRAMME, measure=[REFERRALS], period=[PERIOD], **query)).items


async def test_rate_by_ward_follows_from_displayed_counts(application, release):
    counts = {figure.area: figure for figure in await read(application, within=[CITY], level=["ward"])}
    rates = {
        figure.area: figure for figure in await read(application, within=[CITY], level=["ward"], form="per_population")
    }
    assert rates.keys() == counts.keys()
    for area, residents in ((ASPLEY, 2 * 50 * ADULTS), (BASFORD, 2 * 100 * ADULTS)):
        count, rate = counts[area], rates[area]
        assert count.value is not None
        assert rate.value == pytest.approx(1000 * count.value / residents, abs=0.005)
        assert (rate.numerator, rate.denominator) == (count.value, residents)
        assert (rate.lower_bound, rate.upper_bound) == pytest.approx(
            (1000 * count.lower_bound / residents, 1000 * count.upper_bound / residents)
        )
        assert rate.error_95 == pytest.approx(1000 * count.error_95 / residents)
        assert rate.lower < rate.value < rate.upper
        assert (rate.kind, rate.unit, rate.interval_method) == ("rate", "referrals-per-1000-residents-16-64", "byar")
        population = rate.population
        assert (population.form, population.per, population.measure) == ("per_population", 1000, RESIDENTS)
        assert (population.period, population.identifier) == ("D2024-06-30", "NM_2014_1")
    hidden = [area for area, count in counts.items() if count.status == "c"]
    assert {rates[area].status for area in hidden} == {"c"}
    assert {rates[area].value for area in hidden} == {None}
    assert (rates[UNKNOWN].status, rates[UNKNOWN].reason) == ("x", "no_population")
    assert (rates[UNKNOWN].value, rates[UNKNOWN].numerator, rates[UNKNOWN].population.period) == (None, None, None)
    assert {count.population for count in counts.values()} == {None}


async def test_standardised_rate_uses_displayed_counts_by_age(application, release):
    ages = {f.breakdown.to_dict()["age-band"]: f.value for f in await read(application, group_by=["age-band"])}
    [rate] = await read(application, form="age_standardised")
    # With as many residents of each age, the rate of a band is its count over its years of age.
    years, weights = [9, 10, 15, 15], [10_400, 12_500, 21_000, 19_500]
    expected = sum(
        weight * ages[band] / (2 * 1000 * of_band)
        for band, of_band, weight in zip(BANDS[:4], years, weights, strict=True)
    )
    assert rate.value == pytest.approx(1000 * expected / sum(weights), abs=0.005)
    assert (rate.interval_method, rate.numerator) == ("dobson", sum(ages[band] for band in BANDS[:4]))
    assert rate.lower < rate.value < rate.upper
    with pytest.raises(RequestRejected) as rejected:
        await read(application, form="age_standardised", group_by=["age-band"])
    assert rejected.value.problem.type_.endswith("/incompatible-filters")


async def test_every_format_has_the_same_rates(application, release):
    query = {"measure": REFERRALS, "period": PERIOD, "level": "ward", "within": CITY, "form": "per_population"}
    rates = {f["area"]: f["value"] for f in await release.read_figures(**query) if f["value"] is not None}
    table = pandas.read_csv(io.BytesIO((await release.read("outcomes.csv", **query)).content)).set_index("area")
    assert table["value"].dropna().to_dict() == rates
    assert set(table["population_period"].dropna()) == {"D2024-06-30"}
    cube = (await release.read("outcomes.json-stat", **query)).json()
    assert {value for value in cube["value"] if value is not None} == set(rates.values())
    sdmx = pandas.read_csv(io.BytesIO((await release.read("outcomes.sdmx.csv", **query)).content))
    assert set(sdmx["UNIT_MEASURE"]) == {"referrals-per-1000-residents-16-64"}
    async with application.owner.begin() as transaction:
        await queries_boundaries.save_boundaries(
            transaction,
            boundary_layer.read_boundaries(make_boundaries([ASPLEY])).boundaries,
            source="wards.geojson",
            now=NOW,
        )
    layer = (await release.read("outcomes.geojson", **(query | {"within": CITY}))).json()
    assert {f["id"]: f["properties"]["value"] for f in layer["features"] if f["properties"]["value"]} == rates


async def test_preview_divides_live_counts(application, release):
    reviewer = await application.partner_client("ohid", Scope.REVIEW)
    query = {"measure": [REFERRALS], "period": [PERIOD], "area": [ASPLEY]}
    [rate] = (await reviewer.preview_outcomes(PROGRAMME, **query, form="per_population")).items
    assert (rate.value, rate.denominator) == (pytest.approx(1000 * 120 / 4900), 4900)
    assert rate.lower_bound == rate.value == rate.upper_bound
    [young] = (
        await reviewer.preview_outcomes(PROGRAMME, **query, breakdown=["age-band:16-24"], form="per_population")
    ).items
    assert (young.value, young.denominator) == (pytest.approx(1000 * 20 / 900), 900)
    [standardised] = (await reviewer.preview_outcomes(PROGRAMME, **query, form="age_standardised")).items
    assert (standardised.numerator, standardised.interval_method) == (120, "dobson")
    frame = pandas.read_csv(io.BytesIO(await reviewer.preview_outcomes_csv(PROGRAMME, **query, form="per_population")))
    assert frame["value"].tolist() == pytest.approx([rate.value])


async def test_population_is_no_outcome_and_other_measures_have_no_form(application, release):
    sdk = application.sdk_client()
    availability = await sdk.get_outcomes_availability(PROGRAMME)
    assert {one.measure: one.forms for one in availability.measures if one.forms} == {
        REFERRALS: ["per_population", "age_standardised"]
    }
    items = (await sdk.list_outcomes(PROGRAMME, form="per_population")).items
    assert {figure.measure for figure in items} == {REFERRALS}
    assert RESIDENTS not in {f.measure for f in (await sdk.list_outcomes(PROGRAMME, period=["D2024-06-30"])).items}
    progress = await sdk.get_progress(PROGRAMME)
    assert RESIDENTS not in {measure.measure for theme in progress.themes for measure in theme.measures}
    [city] = (await sdk.list_outcomes(PROGRAMME, measure=[RESIDENTS])).items
    assert (city.value, city.source.identifier) == (2 * 1000 * 91, "NM_2014_1")
    with pytest.raises(RequestRejected) as rejected:
        await sdk.list_outcomes(PROGRAMME, measure=[RESIDENTS], form="per_population")
    assert rejected.value.problem.type_.endswith("/no-population-form")
