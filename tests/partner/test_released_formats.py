"""Every public format of one release, over HTTP, as the libraries of integrators read it, hidden figures included."""

import io
import json
import math
import warnings

import pandas
import polars
import pysdmx.io
import pytest
import sdmx
from pyjstat import pyjstat

from schema.partners import Scope
from tests.fixtures.example_plan import EAST, TOWN, WEST
from tests.fixtures.release_client import ReleaseClient, index_by_cell, make_learners_return, make_pass_rate_return

QUAY = {(EAST, "female"): 30, (EAST, "male"): 20, (WEST, "female"): 3, (WEST, "male"): 25}
PIER = {(EAST, "female"): 12, (EAST, "male"): 22, (WEST, "female"): 2, (WEST, "male"): 15}
JULY_BY_SEX = {"measure": "learners", "period": "2026-07", "within": TOWN, "group_by": "sex"}
SDMX_DATA = "application/vnd.sdmx.data+csv; version=2.0.0"
SDMX_STRUCTURE = "application/vnd.sdmx.structure+xml; version=3.0.0"


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    press = ReleaseClient(application, harbour_programme)
    await press.submit_and_approve("quay-college", make_learners_return("2026-07", QUAY))
    await press.submit_and_approve("pier-college", make_learners_return("2026-07", PIER))
    assert (await press.publish())["state"] == "published"
    return press


async def read_values(press: ReleaseClient) -> dict[tuple[str, str], float]:
    """Return the value of each figure by area and sex, `nan` for a hidden one. At least one is hidden."""
    figures = index_by_cell(await press.read_figures(**JULY_BY_SEX))
    values = {
        (area, sex): math.nan if figure["value"] is None else figure["value"]
        for (area, _, (_, sex)), figure in figures.items()
    }
    assert {figure["status"] for figure in figures.values() if figure["value"] is None} == {"c"}
    assert len(values) == 12
    return values


def is_equal(read: dict, expected: dict) -> bool:
    return read.keys() == expected.keys() and all(
        math.isclose(value, expected[key]) or (math.isnan(value) and math.isnan(expected[key]))
        for key, value in read.items()
    )


async def test_pandas_and_polars_read_the_tidy_csv(press):
    expected = await read_values(press)
    content = (await press.read("outcomes.csv", **JULY_BY_SEX)).content
    rows = pandas.read_csv(io.BytesIO(content)).to_dict("records")
    assert is_equal({(row["area"], row["breakdown_sex"]): row["value"] for row in rows}, expected)
    rows = polars.read_csv(content).fill_null(math.nan).to_dicts()
    assert is_equal({(row["area"], row["breakdown_sex"]): row["value"] for row in rows}, expected)


async def test_pyjstat_reads_the_cube(press):
    expected = await read_values(press)
    cube = (await press.read("outcomes.json-stat", **JULY_BY_SEX)).text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyjstat itself raises warnings
        frame = pyjstat.Dataset.read(cube).write("dataframe", naming="id")
    read = {(row.area, row.sex): math.nan if row.value is None else float(row.value) for row in frame.itertuples()}
    assert is_equal(read, expected)
    assert set(json.loads(cube)["status"].values()) == {"c"}


async def test_sdmx1_and_pysdmx_read_the_sdmx_files(press, tmp_path):
    expected = await read_values(press)
    data, structure = await press.read("outcomes.sdmx.csv", **JULY_BY_SEX), await press.read("outcomes/structure.xml")
    assert (data.headers["content-type"], structure.headers["content-type"]) == (SDMX_DATA, SDMX_STRUCTURE)
    [flow] = sdmx.read_sdmx(io.BytesIO(structure.content)).dataflow.values()
    [dataset] = sdmx.reader.csv.Reader().convert(io.BytesIO(data.content), structure=flow).data
    read = {(one.dimension["REF_AREA"].value, one.dimension["SEX"].value): float(one.value) for one in dataset.obs}
    assert is_equal(read, expected)
    hidden = [one for one in dataset.obs if math.isnan(float(one.value))]
    assert {
        tuple(one.attached_attribute[name].value for name in ("OBS_STATUS", "CONF_STATUS", "LOWER_BOUND"))
        for one in hidden
    } == {("Q", "C", "")}
    files = tmp_path / "data.csv", tmp_path / "structure.xml"
    for file, response in zip(files, (data, structure), strict=True):
        file.write_bytes(response.content)
    [frame] = pysdmx.io.get_datasets(*files, validate=True)
    rows = frame.data.to_dict("records")
    assert is_equal({(row["REF_AREA"], row["SEX"]): float(row["OBS_VALUE"]) for row in rows}, expected)
    assert {row["CONF_STATUS"] for row in rows} == {"C", "F"}


async def test_structure_is_that_of_a_plan_version(press):
    newest, first = (
        await press.read("outcomes/structure.xml"),
        await press.read("outcomes/structure.xml", plan_version=1),
    )
    assert (first.status_code, first.content, first.headers["etag"]) == (200, newest.content, newest.headers["etag"])
    missing = await press.read("outcomes/structure.xml", plan_version=9)
    assert (missing.status_code, missing.json()["type"]) == (404, "/errors/not-found")
    assert (await press.read("outcomes/structure.xml", plan_version=0)).status_code == 422


PASS_RATE = {"measure": "pass-rate", "period": "2026-07", "within": TOWN}


async def publish_pass_rates(press: ReleaseClient) -> None:
    for organisation, people in (("quay-college", QUAY), ("pier-college", PIER)):
        returned = make_pass_rate_return("2026-07", people, {key: 2 * n for key, n in people.items()})
        await press.submit_and_approve(organisation, returned)
    assert (await press.publish())["state"] == "published"


async def test_comparators_are_rows_of_the_table(press):
    await publish_pass_rates(press)
    query = PASS_RATE | {"with": "comparators"}
    figures = await press.read_figures(**PASS_RATE)
    expected = [
        (role, of, area)
        for figure in figures
        for role, of, area in [
            ("figure", None, figure["area"]),
            *(("comparator", figure["area"], comparator["area"]) for comparator in figure["comparators"]),
        ]
    ]
    assert ("comparator", EAST, TOWN) in expected
    page = (await press.read(**query)).json()
    assert page["items"] == figures
    assert [(row["role"], row["comparator_of"], row["area"]) for row in page["rows"]] == expected
    for columns in ("full", "compact"):
        content = (await press.read("outcomes.csv", **query, columns=columns)).content
        rows = polars.read_csv(content).to_dicts()
        assert [(row["role"], row["comparator_of"], row["area"]) for row in rows] == expected
    assert all("rows" not in page or page["rows"] == [] for page in [(await press.read(**PASS_RATE)).json()])
    refused = await press.read("outcomes.csv", **PASS_RATE, columns="narrow")
    assert refused.status_code in {400, 422}


async def test_compact_columns_in_the_json_and_the_sdk(press, application):
    await publish_pass_rates(press)
    page = (await press.read(**PASS_RATE, columns="compact")).json()
    figures = await press.read_figures(**PASS_RATE)
    assert (page["items"], [row["value"] for row in page["rows"]]) == ([], [figure["value"] for figure in figures])
    assert {row["status"] for row in page["rows"] if row["value"] is None} == {"c"}
    client = await application.partner_client("harbour-council", Scope.REVIEW, programme=press.programme)
    for preview in (False, True):
        table = client.outcomes(
            preview=preview, programme=press.programme, **PASS_RATE, columns="compact", with_="comparators"
        )
        frame = await table.to_pandas(all_columns=True)
        assert list(frame.columns) == list(page["rows"][0])
        assert set(frame["role"]) == {"figure", "comparator"}
        assert list((await table.to_pandas()).columns) == list(frame.columns)
        table_of_all = client.outcomes(preview=preview, programme=press.programme, **PASS_RATE, with_="comparators")
        chosen = await table_of_all.to_pandas()
        assert list(chosen["role"]) == list(frame["role"])
        assert {"comparator_of", "verdict"} <= set(chosen.columns)
        assert (await table.to_polars(all_columns=True)).height == len(frame)
        assert len([figure async for figure in table]) == len(figures)
