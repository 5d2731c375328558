"""Figures as analysts use them, and the logic model, through the SDK."""

import csv
import io
from datetime import date

import pandas as pd
import polars as pl
import pytest

from schema.partners import Scope
from tests.fixtures.example_plan import EAST, TOWN, WEST
from tests.fixtures.release_client import ReleaseClient, make_learners_return
from work_health import (
    NotAllowed,
    NotFound,
    ReleaseWithdrawal,
    WorkHealthError,
    new_return,
    new_submission,
    observation,
)

PROGRAMME = "work-and-health-2025-2028"
MEASURE, CITY = "ips-primary-care-referrals", "E06000018"


@pytest.fixture
async def quarters(council_client):
    for period, total in (("FY2025-26-Q1", 112), ("FY2025-26-Q2", 125)):
        await council_client.submit(
            new_return(MEASURE, period, [observation(CITY, total), observation(CITY, status="c")][:1])
        )


def query_figures(client, **query):
    periods = ["FY2025-26-Q1", "FY2025-26-Q2", "FY2025-26"]
    return client.outcomes(preview=True, measure=MEASURE, period=periods, **query)


async def test_figures_are_the_same_for_every_page_size(reviewer_client, quarters):
    figures = [figure async for figure in query_figures(reviewer_client)]
    figures_one_by_one = [figure async for figure in query_figures(reviewer_client, limit=1)]
    assert [(figure.period.code, figure.value) for figure in figures] == [
        ("FY2025-26-Q1", 112),
        ("FY2025-26-Q2", 125),
        ("FY2025-26", 237),
    ]
    assert figures_one_by_one == figures


async def test_nothing_is_sent_before_figures_are_read(council_client):
    figures = query_figures(council_client)
    with pytest.raises(NotAllowed):
        await figures.to_csv()


async def test_pandas_frame_has_types_statuses_and_markers(reviewer_client, quarters):
    frame = await query_figures(reviewer_client, labels=True).to_pandas(all_columns=True)
    assert frame["value"].tolist() == [112, 125, 237]
    assert frame["period_start"].tolist() == [
        pd.Timestamp(2025, 4, 1),
        pd.Timestamp(2025, 7, 1),
        pd.Timestamp(2025, 4, 1),
    ]
    assert {str(frame[name].dtype) for name in ("measure", "area", "status", "breakdown_sex")} == {"category"}
    assert frame["coverage_received"].tolist() == [1, 1, 2]
    assert str(frame["coverage_received"].dtype) == "Int64"
    assert set(frame["markers"]) == {"p"}
    assert set(frame["measure_label"]) == {"Referrals to IPS in Primary Care"}


async def test_polars_frame_has_the_same_values(reviewer_client, quarters):
    frame = await query_figures(reviewer_client).to_polars(all_columns=True)
    assert frame["value"].to_list() == [112, 125, 237]
    assert frame["period_start"].to_list() == [date(2025, 4, 1), date(2025, 7, 1), date(2025, 4, 1)]
    kinds = dict(zip(frame.columns, frame.dtypes, strict=True))
    assert (kinds["measure"], kinds["coverage_expected"], kinds["period_end"]) == (pl.Categorical, pl.Int64, pl.Date)
    assert frame["breakdown_sex"].null_count() == 3


async def test_columns_are_the_same_for_every_query(reviewer_client, quarters):
    header = next(csv.reader(io.StringIO((await query_figures(reviewer_client).to_csv()).decode("utf-8-sig"))))
    empty = reviewer_client.outcomes(preview=True, measure="disability-confident-uptake", period="FY2025-26-Q1")
    for figures in (query_figures(reviewer_client), query_figures(reviewer_client, labels=True), empty):
        assert list(await figures.to_pandas(all_columns=True)) == header
        assert (await figures.to_polars(all_columns=True)).columns == header


async def test_figure_without_a_number_has_its_reason(reviewer_client):
    frame = await reviewer_client.outcomes(preview=True, measure=MEASURE, period="FY2025-26-Q2").to_pandas(
        all_columns=True
    )
    assert frame["value"].isna().all()
    assert frame["reason"].tolist() == ["no_data"]


async def test_plan_links_all_nodes_and_measures(council_client):
    plan = await council_client.plan()
    assert (len(plan), len(plan.measures)) == (35, 21)
    assert [node.code for node in plan.list_nodes("impact")] == ["I1", "I2", "I3", "I4", "I5"]
    linked = {measure.slug for node in plan for measure in node.measures}
    unlinked = {measure.slug for measure in plan.unlinked_measures}
    assert linked | unlinked == plan.measures.keys()
    assert not linked & unlinked
    charter = plan["launch-good-work-charter"]
    assert charter is plan["A3.1"]
    assert [node.code for node in charter.leads_to] == ["O6"]
    assert charter in plan["O6"].incoming
    assert {node.column for node in charter.iter_downstream()} == {"output", "outcome", "impact"}
    assert all(link.quote and link.basis in {"stated", "inferred"} for node in plan for link in node.outgoing_links)
    with pytest.raises(KeyError):
        plan["nowhere"]


async def test_breakdown_of_a_submission_is_previewed(council_client, reviewer_client):
    cells = [observation(CITY, 10, breakdown={"sex": sex}) for sex in ("female", "male")]
    cells += [observation(CITY, 1, breakdown={"sex": "unknown"}), observation(CITY, 21)]
    await council_client.create_submission(PROGRAMME, new_submission(new_return(MEASURE, "FY2025-26-Q2", cells)))
    figures = reviewer_client.outcomes(preview=True, measure=[MEASURE], period="FY2025-26-Q2", group_by="sex")
    frame = await figures.to_pandas(all_columns=True)
    assert dict(zip(frame["breakdown_sex"], frame["value"], strict=True)) == {"female": 10, "male": 10, "unknown": 1}


# Releases of the example programme.


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    return ReleaseClient(application, harbour_programme)


PEOPLE = {(EAST, "female"): 30, (EAST, "male"): 20, (WEST, "female"): 33, (WEST, "male"): 25}
JULY = {"measure": "learners", "period": "2026-07"}


async def submit_both_colleges(press: ReleaseClient, people=PEOPLE) -> None:
    for college in ("quay-college", "pier-college"):
        await press.submit_and_approve(college, make_learners_return("2026-07", people))


async def test_released_figures_need_no_key(application, press):
    reader = application.sdk_client("").with_options(programme=press.programme)
    with pytest.raises(NotFound):
        await reader.outcomes(**JULY).to_csv()
    await submit_both_colleges(press)
    await press.publish()
    [figure] = [figure async for figure in reader.outcomes(**JULY)]
    assert (figure.release, figure.area) == (1, TOWN)
    assert abs(figure.value - 215) <= figure.largest_error
    frame = await reader.outcomes(**JULY, group_by="sex", limit=1).to_pandas(all_columns=True)
    assert dict(zip(frame["breakdown_sex"], frame["value"], strict=True))["female"] % 5 == 0
    assert (str(frame["release"].dtype), str(frame["value"].dtype)) == ("Int64", "float64")
    hidden = frame[frame["breakdown_sex"] == "unknown"].iloc[0]
    assert (hidden["status"], pd.isna(hidden["value"])) == ("c", True)
    assert (await reader.outcomes(**JULY).to_polars(all_columns=True))["largest_error"].dtype == pl.Float64
    axes = await reader.outcomes(**JULY, group_by="sex", limit=1).plot()
    assert axes.get_title().endswith("July 2026 · Release 1")
    assert "Harbour, Female" in {label.get_text() for label in axes.get_yticklabels()}


async def test_release_steps_lead_to_the_newest_release(application, press):
    reader = application.sdk_client("").with_options(programme=press.programme)
    assert [step async for step in reader.iter_release_steps()] == []
    await submit_both_colleges(press)
    await press.publish()
    await submit_both_colleges(press, {**PEOPLE, (EAST, "male"): 60})
    await press.publish()
    steps = [step async for step in reader.iter_release_steps(since=0)]
    assert [step.release.number for step in steps] == [1, 2]
    loaded = {}
    for change in (*steps[0].changes, *steps[1].changes):
        loaded[change.measure, change.period, change.area, str(change.breakdown.to_dict())] = change.after
    async for figure in reader.outcomes(**JULY, within=TOWN):
        loaded_figure = loaded["learners", "2026-07", figure.area, "{}"]
        assert loaded_figure
        assert (loaded_figure.value, loaded_figure.status) == (figure.value, figure.status)
    assert [step.release.number async for step in reader.iter_release_steps(since=1)] == [2]
    assert [step async for step in reader.iter_release_steps(since=2)] == []
    with pytest.raises(WorkHealthError, match=r"\b3\b.*\b2\b"):
        [step async for step in reader.iter_release_steps(since=3)]


async def test_withdrawn_release_interrupts_release_steps(application, press):
    await submit_both_colleges(press)
    await press.publish()
    await press.publish()
    publisher = await application.partner_client("harbour-council", Scope.PUBLISH, programme=press.programme)
    await publisher.withdraw_release(press.programme, 1, ReleaseWithdrawal(reason="A wrong file."))
    with pytest.raises(WorkHealthError, match=r"\b1\b.*: A wrong file\."):
        [step async for step in publisher.iter_release_steps(since=0)]
    assert [step.release.number async for step in publisher.iter_release_steps(since=1)] == [2]


def test_inapplicable_parameters_are_refused_before_sending(council_client):
    with pytest.raises(TypeError, match="^comparator, revision_basis "):
        council_client.outcomes(revision_basis="latest", comparator="E12000004")
    with pytest.raises(TypeError, match="^release "):
        council_client.outcomes(preview=True, release="1")
