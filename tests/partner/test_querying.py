"""Preview outcomes with each filter and in each format, through the SDK."""

import io
import json

import pandas
import pytest

from api.__main__ import main
from api.commands import save_boundary_file
from api.outcomes import queries_boundaries
from api.outcomes.formats import boundary_layer
from schema.partners import Scope
from tests.conftest import NOW
from work_health import NotAllowed, NotFound, RequestRejected, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
REFERRALS = "ips-primary-care-referrals"
RING = [[-1.2, 52.9], [-1.1, 52.9], [-1.1, 53.0], [-1.2, 52.9]]


@pytest.fixture
async def submitted(council_client):
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


async def list_ward_codes(reviewer) -> list[str]:
    return [area.code for area in (await reviewer.list_areas(PROGRAMME, level="ward", within=CITY)).items]


async def test_query_may_have_several_periods_and_breakdowns(submitted, reviewer_client):
    filters = {"measure": [REFERRALS], "from_": "latest-1", "breakdown": ["sex:female", "sex:male"]}
    preview = await reviewer_client.preview_outcomes(PROGRAMME, **filters, labels=True)
    assert [(figure.period.code, figure.breakdown.to_dict()["sex"], figure.value) for figure in preview.items] == [
        ("FY2025-26-Q1", "female", 60),
        ("FY2025-26-Q1", "male", 40),
        ("FY2025-26-Q2", "female", 72),
        ("FY2025-26-Q2", "male", 40),
    ]
    assert [(resolved.token, resolved.period) for resolved in preview.resolved] == [
        ("latest-1", "FY2025-26-Q1"),
        ("latest", "FY2025-26-Q2"),
    ]
    assert preview.labels.to_dict()["area"] == {CITY: "Nottingham"}


async def test_pages_list_each_figure_once(submitted, reviewer_client):
    filters = {"measure": [REFERRALS], "group_by": ["sex", "ward"], "period": ["FY2025-26-Q1", "FY2025-26"]}
    all_figures = (await reviewer_client.preview_outcomes(PROGRAMME, **filters)).items
    paged, cursor = [], None
    while True:
        page = await reviewer_client.preview_outcomes(PROGRAMME, **filters, limit=50, cursor=cursor)
        paged += page.items
        cursor = page.next_cursor
        if not cursor:
            break
    assert [figure.to_dict() for figure in paged] == [figure.to_dict() for figure in all_figures]
    assert len(all_figures) == 2 * 3 * len(await list_ward_codes(reviewer_client))


async def test_all_formats_have_the_same_values(submitted, reviewer_client):
    filters = {"measure": [REFERRALS], "period": ["FY2025-26"], "group_by": ["sex"]}
    values = [figure.value for figure in (await reviewer_client.preview_outcomes(PROGRAMME, **filters)).items]
    table = pandas.read_csv(io.BytesIO(await reviewer_client.preview_outcomes_csv(PROGRAMME, **filters)))
    assert table["value"].dropna().tolist() == [value for value in values if value is not None]
    cube = (await reviewer_client.preview_outcomes_json_stat(PROGRAMME, **filters)).to_dict()
    assert (cube["class"], cube["value"]) == ("dataset", values)
    sdmx = pandas.read_csv(io.BytesIO(await reviewer_client.preview_outcomes_sdmx_csv(PROGRAMME, **filters)))
    assert (sdmx["OBS_VALUE"].dropna().tolist(), set(sdmx["TIME_PERIOD"])) == (
        [value for value in values if value is not None],
        {"2025-04-01/P12M"},
    )


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"breakdown": ["sex"]}, "sex:female"),
        ({"period": ["latest"], "from_": "latest"}, "`from`"),
        ({"period": ["latest-999"]}, "latest-999"),
        ({"measure": [REFERRALS], "group_by": ["sex", "ethnicity-5"]}, "ethnicity-5"),
        ({"level": ["ward"], "area": ["E92000001"], "within": ["x"]}, "not an area"),
        ({"from_": "FY2026-27", "to": "FY2025-26"}, "before it begins"),
        ({"cursor": "bm8"}, "not a cursor"),
    ],
)
async def test_invalid_query_is_refused_with_its_cause(submitted, reviewer_client, filters, words):
    with pytest.raises(RequestRejected, match=words):
        await reviewer_client.preview_outcomes(PROGRAMME, **filters)


async def test_misspelt_parameter_is_refused(application):
    http = application.http_client(await application.issue_key("ohid", Scope.REVIEW))
    response = await http.get(f"/v1/programmes/{PROGRAMME}/preview/outcomes.csv", params={"mesure": "x"})
    assert response.status_code in {400, 422}
    assert "measure" in response.json()["detail"]


async def test_only_reviewers_may_read_previews(council_client):
    for preview in (
        council_client.preview_outcomes_csv,
        council_client.preview_progress,
        council_client.preview_logic_model,
    ):
        with pytest.raises(NotAllowed):
            await preview(PROGRAMME)


async def test_availability_needs_no_key_and_does_not_depend_on_returns(application, council_client):
    client = application.sdk_client()
    before = await client.get_outcomes_availability(PROGRAMME)
    new = new_return(REFERRALS, "FY2025-26-Q1", [observation(CITY, 100)])
    await council_client.create_submission(PROGRAMME, new_submission(new))
    assert (await client.get_outcomes_availability(PROGRAMME)).to_dict() == before.to_dict()
    assert {
        scheme.dimensions[0]
        for measure in before.measures
        if measure.measure == REFERRALS
        for scheme in measure.schemes
    } >= {"sex"}


async def test_progress_and_logic_model_cover_each_measure_and_node(submitted, reviewer_client):
    progress = await reviewer_client.preview_progress(PROGRAMME)
    measures = {measure.measure: measure for theme in progress.themes for measure in theme.measures}
    listed = {measure.slug for measure in (await reviewer_client.list_measures(PROGRAMME)).items}
    assert measures.keys() == listed - {"resident-population"}  # the population of rates is no outcome
    assert (measures[REFERRALS].latest.value, measures[REFERRALS].latest.coverage.received) == (112, 1)
    model = await reviewer_client.preview_logic_model(PROGRAMME)
    assert {node.slug for node in model.nodes} == {
        node.slug for node in (await reviewer_client.get_logic_model(PROGRAMME)).nodes
    }
    assert all(node.relation in {"own", "downstream", "upstream", "none"} for node in model.nodes)
    assert len(model.figures) == len(measures)


async def test_progress_shows_who_is_missing_for_every_measure(submitted, reviewer_client):
    themes = (await reviewer_client.preview_progress(PROGRAMME)).themes
    measures = {measure.measure: measure for theme in themes for measure in theme.measures}
    assert len(measures) == 20
    for slug, measure in measures.items():
        assert measure.latest.value is not None or measure.latest.reason, slug
        # The first financial year and the first half are not over: their returns are the next ones.
        is_waiting = measure.next_return is not None or measure.no_next_return_reason == "publisher_sets_dates"
        assert measure.newest_period is not None or is_waiting, slug
        assert measure.next_return is not None or measure.no_next_return_reason, slug
        assert measure.series.definition, slug
    referrals = measures[REFERRALS]
    assert (referrals.missing, [point.value for point in referrals.history]) == ([], [100, 112])
    assert (referrals.previous.period.code, referrals.previous.value) == ("FY2025-26-Q1", 100)
    assert (referrals.next_return.period.code, referrals.next_return.due_at.date().isoformat()) == (
        "FY2025-26-Q2",
        "2025-10-31",
    )
    secondary = measures["ips-secondary-care-engagement"]
    assert [(one.organisation, one.period, one.reason) for one in secondary.missing] == [
        ("nottinghamshire-healthcare", "FY2025-26-Q2", "not_received")
    ]
    charter = measures["good-work-charter-uptake"]
    assert [(one.holder, one.organisation, one.reason) for one in charter.missing] == [
        ("good-work-charter-lead", None, "no_organisation")
    ]
    assert charter.unassigned == ["good-work-charter-lead"]


async def test_areas_are_available_as_csv(application):
    table = pandas.read_csv(io.BytesIO(await application.sdk_client().list_areas_csv(PROGRAMME, level="ward")))
    assert {"code", "name", "level", "parent", "families", "valid_from", "valid_to", "successors"} == set(table.columns)
    assert set(table["level"]) == {"ward"}


def make_boundaries(codes: list[str]) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"WD24CD": code},
            "geometry": {"type": "Polygon", "coordinates": [RING]},
        }
        for code in codes
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


async def test_map_shows_the_loaded_boundaries(application, submitted, reviewer_client):
    with pytest.raises(NotFound, match="No boundary"):
        await reviewer_client.preview_outcomes_geojson(PROGRAMME, measure=REFERRALS, level="ward")
    codes = await list_ward_codes(reviewer_client)
    boundaries = boundary_layer.read_boundaries(make_boundaries(codes[:2])).boundaries
    for _ in range(2):  # the second load replaces the first
        async with application.owner.begin() as transaction:
            assert set(codes) <= await queries_boundaries.fetch_area_codes(transaction)
            await queries_boundaries.save_boundaries(transaction, boundaries, source="wards.geojson", now=NOW)
    layer = await reviewer_client.preview_outcomes_geojson(
        PROGRAMME, measure=REFERRALS, level="ward", period="FY2025-26"
    )
    assert [feature.geometry is not None for feature in layer.features] == [
        feature.id in codes[:2] for feature in layer.features
    ]
    assert {feature.properties.to_dict()["period_code"] for feature in layer.features} == {"FY2025-26"}


async def test_load_boundaries_command_names_the_wards_without_a_boundary(application, reviewer_client):
    codes = await list_ward_codes(reviewer_client)
    layer = json.loads(make_boundaries([*codes[:2], codes[0], "E05000001"]))
    layer["features"].append({"type": "Feature", "properties": {"WD24CD": codes[2]}, "geometry": None})
    file = boundary_layer.read_boundaries(json.dumps(layer).encode())
    async with application.owner.begin() as transaction:
        lines = await save_boundary_file(transaction, file, source="wards.geojson")
    assert lines[0].startswith("2 boundaries loaded; 1 ")
    missing = [line.split()[2] for line in lines if line.startswith("no boundary")]
    assert missing == [code for code in codes[2:] if not code.endswith("-unknown")]
    assert [line.split()[-1] for line in lines if "several features" in line] == [codes[0]]
    assert ["features[4]" in line for line in lines[1:2]] == [True]


def test_load_boundaries_command_refuses_an_invalid_file(tmp_path, capsys):
    assert main(["load-boundaries", str(tmp_path / "none.geojson")]) == 1
    (tmp_path / "x.geojson").write_text("{}")
    assert main(["load-boundaries", str(tmp_path / "x.geojson")]) == 1
    assert "No such file" in capsys.readouterr().err


async def test_formats_follow_the_revision_basis_and_minimum_coverage(submitted, reviewer_client):
    filters = {"measure": [REFERRALS], "period": ["FY2025-26"]}
    filters_with_minimum = {**filters, "min_coverage": 0.9}
    [figure] = (await reviewer_client.preview_outcomes(PROGRAMME, **filters_with_minimum)).items
    cube = await reviewer_client.preview_outcomes_json_stat(PROGRAMME, **filters_with_minimum)
    assert (figure.value, figure.reason) == (None, "coverage_below_minimum")
    assert cube.value == [None]
    [figure] = (await reviewer_client.preview_outcomes(PROGRAMME, **filters, revision_basis="approved")).items
    assert (figure.value, figure.coverage.received) == (None, 2)


async def test_progress_has_the_movement_of_a_measure(submitted, reviewer_client):
    themes = (await reviewer_client.preview_progress(PROGRAMME)).themes
    [latest] = [measure.latest for theme in themes for measure in theme.measures if measure.measure == REFERRALS]
    assert (latest.value, latest.movement.verdict, latest.movement.change) == (112, "better", 12)
    movement = latest.movement
    assert (movement.direction, movement.lower, movement.upper) == ("higher", 12, 12)
    assert (movement.method, latest.movement_sources) == ("complete-count", None)
