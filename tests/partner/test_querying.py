"""Live outcomes, asked in every way and read in every form, through the SDK."""

import io
import json

import pandas
import pytest

from api.__main__ import main
from api.figures import queries as outcomes
from api.outcomes.formats import geojson
from schema.partners import Scope
from tests.conftest import NOW
from work_health import NotAllowed, NotFound, RequestRejected, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
REFERRALS = "ips-primary-care-referrals"
RING = [[-1.2, 52.9], [-1.1, 52.9], [-1.1, 53.0], [-1.2, 52.9]]


@pytest.fixture
async def pushed(council_client):
    returns = [
        new_return(
            REFERRALS,
            period,
            [
                observation(CITY, total),
                observation(CITY, total - 40, breakdown={"sex": "female"}),
                observation(CITY, 40, breakdown={"sex": "male"}),
            ],
        )
        for period, total in (("FY2025-26-Q1", 100), ("FY2025-26-Q2", 112))
    ]
    await council_client.create_submission(PROGRAMME, new_submission(*returns))


async def wards(reviewer) -> list[str]:
    return [area.code for area in (await reviewer.list_areas(PROGRAMME, level="ward", within=CITY)).items]


async def test_several_measures_periods_and_breakdowns_at_once(pushed, reviewer_client):
    asked = {"measure": [REFERRALS], "from_": "latest-1", "breakdown": ["sex:female", "sex:male"]}
    preview = await reviewer_client.preview_outcomes(PROGRAMME, **asked, labels=True)
    assert [(f.period.code, f.breakdown.to_dict()["sex"], f.value) for f in preview.items] == [
        ("FY2025-26-Q1", "female", 60),
        ("FY2025-26-Q1", "male", 40),
        ("FY2025-26-Q2", "female", 72),
        ("FY2025-26-Q2", "male", 40),
    ]
    assert [(r.token, r.period) for r in preview.resolved] == [
        ("latest-1", "FY2025-26-Q1"),
        ("latest", "FY2025-26-Q2"),
    ]
    assert preview.labels.to_dict()["area"] == {CITY: "Nottingham"}


async def test_pages_hold_each_figure_once(pushed, reviewer_client):
    asked = {"measure": [REFERRALS], "group_by": ["sex", "ward"], "period": ["FY2025-26-Q1", "FY2025-26"]}
    whole = (await reviewer_client.preview_outcomes(PROGRAMME, **asked)).items
    seen, cursor = [], None
    while True:
        page = await reviewer_client.preview_outcomes(PROGRAMME, **asked, limit=50, cursor=cursor)
        seen += page.items
        cursor = page.next_cursor
        if not cursor:
            break
    assert [f.to_dict() for f in seen] == [f.to_dict() for f in whole]
    assert len(whole) == 2 * 3 * len(await wards(reviewer_client))


async def test_the_forms_say_the_same(pushed, reviewer_client):
    asked = {"measure": [REFERRALS], "period": ["FY2025-26"], "group_by": ["sex"]}
    values = [f.value for f in (await reviewer_client.preview_outcomes(PROGRAMME, **asked)).items]
    table = pandas.read_csv(io.BytesIO(await reviewer_client.preview_outcomes_csv(PROGRAMME, **asked)))
    assert table["value"].dropna().tolist() == [v for v in values if v is not None]
    cube = (await reviewer_client.preview_outcomes_json_stat(PROGRAMME, **asked)).to_dict()
    assert (cube["class"], cube["value"]) == ("dataset", values)
    sdmx = pandas.read_csv(io.BytesIO(await reviewer_client.preview_outcomes_sdmx_csv(PROGRAMME, **asked)))
    assert (sdmx["OBS_VALUE"].dropna().tolist(), set(sdmx["TIME_PERIOD"])) == (
        [v for v in values if v is not None],
        {"2025-04-01/P12M"},
    )


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"breakdown": ["sex"]}, "sex:female"),
        ({"period": ["latest"], "from_": "latest"}, "not both"),
        ({"period": ["latest-999"]}, "latest-999"),
        ({"measure": [REFERRALS], "group_by": ["sex", "ethnicity-5"]}, "ethnicity-5"),
        ({"level": ["ward"], "area": ["E92000001"], "within": ["x"]}, "not an area"),
        ({"from_": "FY2026-27", "to": "FY2025-26"}, "before it begins"),
        ({"cursor": "bm8"}, "not a cursor"),
    ],
)
async def test_what_cannot_be_answered_says_why(pushed, reviewer_client, asked, words):
    with pytest.raises(RequestRejected, match=words):
        await reviewer_client.preview_outcomes(PROGRAMME, **asked)


async def test_a_parameter_that_is_misspelt_is_refused(application):
    http = application.http_client(await application.issue_key("ohid", Scope.REVIEW))
    answer = await http.get(f"/v1/programmes/{PROGRAMME}/preview/outcomes.csv", params={"mesure": "x"})
    assert answer.status_code in {400, 422}
    assert "measure" in answer.json()["detail"]


async def test_only_reviewers_look(council_client):
    for look in (
        council_client.preview_outcomes_csv,
        council_client.preview_progress,
        council_client.preview_logic_model,
    ):
        with pytest.raises(NotAllowed):
            await look(PROGRAMME)


async def test_availability_needs_no_key_and_knows_no_data(application, council_client):
    anyone = application.sdk_client()
    before = await anyone.get_outcomes_availability(PROGRAMME)
    one = new_return(REFERRALS, "FY2025-26-Q1", [observation(CITY, 100)])
    await council_client.create_submission(PROGRAMME, new_submission(one))
    assert (await anyone.get_outcomes_availability(PROGRAMME)).to_dict() == before.to_dict()
    assert {scheme.dimensions[0] for m in before.measures if m.measure == REFERRALS for scheme in m.schemes} >= {"sex"}


async def test_progress_and_the_logic_model_tell_of_every_measure_and_node(pushed, reviewer_client):
    progress = await reviewer_client.preview_progress(PROGRAMME)
    measures = {one.measure: one for theme in progress.themes for one in theme.measures}
    assert len(measures) == len((await reviewer_client.list_measures(PROGRAMME)).items)
    assert (measures[REFERRALS].latest.value, measures[REFERRALS].latest.coverage.received) == (112, 1)
    model = await reviewer_client.preview_logic_model(PROGRAMME)
    assert {node.slug for node in model.nodes} == {
        n.slug for n in (await reviewer_client.get_logic_model(PROGRAMME)).nodes
    }
    assert all(node.relation in {"own", "downstream", "upstream", "none"} for node in model.nodes)
    assert len(model.figures) == len(measures)


async def test_areas_are_a_table(application):
    table = pandas.read_csv(io.BytesIO(await application.sdk_client().list_areas_csv(PROGRAMME, level="ward")))
    assert {"code", "name", "level", "parent", "families", "valid_from", "valid_to", "successors"} == set(table.columns)
    assert set(table["level"]) == {"ward"}


def file_of(codes: list[str]) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"WD24CD": code},
            "geometry": {"type": "Polygon", "coordinates": [RING]},
        }
        for code in codes
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


async def test_a_map_shows_the_boundaries_that_are_loaded(application, pushed, reviewer_client):
    with pytest.raises(NotFound, match="No boundary"):
        await reviewer_client.preview_outcomes_geojson(PROGRAMME, measure=REFERRALS, level="ward")
    codes = await wards(reviewer_client)
    found = geojson.read_boundaries(file_of(codes[:2]))
    for _ in range(2):  # again, in place of the first
        async with application.owner.begin() as transaction:
            assert set(codes) <= await outcomes.fetch_area_codes(transaction)
            await outcomes.save_boundaries(transaction, found, source="wards.geojson", now=NOW)
    layer = await reviewer_client.preview_outcomes_geojson(
        PROGRAMME, measure=REFERRALS, level="ward", period="FY2025-26"
    )
    assert [feature.geometry is not None for feature in layer.features] == [
        feature.id in codes[:2] for feature in layer.features
    ]
    assert {feature.properties.to_dict()["period_code"] for feature in layer.features} == {"FY2025-26"}


def test_a_file_that_is_no_layer_is_refused_by_the_command(tmp_path, capsys):
    assert main(["load-boundaries", str(tmp_path / "none.geojson")]) == 1
    (tmp_path / "x.geojson").write_text("{}")
    assert main(["load-boundaries", str(tmp_path / "x.geojson")]) == 1
    assert "No such file" in capsys.readouterr().err


async def test_every_form_counts_by_the_basis_and_withholds_what_too_little_is_behind(pushed, reviewer_client):
    asked = {"measure": [REFERRALS], "period": ["FY2025-26"]}
    year = {**asked, "min_coverage": 0.9}
    [figure] = (await reviewer_client.preview_outcomes(PROGRAMME, **year)).items
    cube = await reviewer_client.preview_outcomes_json_stat(PROGRAMME, **year)
    assert (figure.value, figure.reason) == (None, "coverage_below_minimum")
    assert cube.value == [None]
    [figure] = (await reviewer_client.preview_outcomes(PROGRAMME, **asked, revision_basis="approved")).items
    assert (figure.value, figure.coverage.received) == (None, 2)


async def test_progress_says_how_a_measure_has_moved(pushed, reviewer_client):
    themes = (await reviewer_client.preview_progress(PROGRAMME)).themes
    [latest] = [one.latest for theme in themes for one in theme.measures if one.measure == REFERRALS]
    assert (latest.value, latest.movement.verdict, latest.movement.change) == (112, "better", 12)
