"""Reading the plan without a key, and loading it."""

from pathlib import Path

import msgspec
import pytest

from api.http.refusals import Conflict
from api.plan import queries_loading, version_changes
from work_health import NotFound, RequestRejected, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
PLANS = Path(__file__).parent.parent.parent / "schema" / "plans"
HARBOUR = Path(__file__).parent.parent / "plans" / "harbour.yaml"


@pytest.fixture
def reader(application):
    return application.sdk_client()


async def test_programmes_are_listed(reader):
    [programme] = (await reader.list_programmes()).items
    assert (programme.slug, programme.sandbox, programme.plan_version) == (PROGRAMME, False, 1)
    assert (await reader.get_programme(PROGRAMME)).window.basis == "proposed"


async def test_logic_model_is_complete(reader):
    model = await reader.get_logic_model(PROGRAMME)
    assert len(model.nodes) == 35
    assert {link.basis for link in model.links} == {"stated", "inferred"}
    assert all(link.quote for link in model.links)
    assert [link.measure for link in model.measure_links if link.source is None] == [
        "funded-support-into-employment",
        "neet-16-17",
    ]


async def test_gaps_of_the_plan_are_listed(reader):
    gaps = await reader.get_logic_model_gaps(PROGRAMME)
    assert gaps.outcomes_without_activity == gaps.outcomes_without_output == ["reduced-neet"]
    assert gaps.activities_without_output == ["involve-lived-experience"]
    assert gaps.measures_without_node == [
        "lived-experience-involvement",
        "hub-recruitment-specialist-post",
        "hub-job-placements",
        "funded-support-into-employment",
    ]
    assert "work-health-conversations" in gaps.nodes_without_reference
    assert len(gaps.unmodelled_activities) == 16


async def test_each_of_the_27_texts_of_the_plan_leads_to_its_measure(reader):
    codes = [f"M1.{n}" for n in (1, 2)] + [f"M2.{n}" for n in range(1, 9)] + [f"M3.{n}" for n in range(1, 7)]
    codes += [f"O{n}" for n in range(1, 8)] + [f"OC{n}" for n in range(1, 5)]
    assert len(codes) == 27
    published = " ".join((PLANS / f"{PROGRAMME}.md").read_text().split())
    reached = set()
    for code in codes:
        [measure] = (await reader.list_measures(PROGRAMME, reference=code)).items
        [text] = [reference.text for reference in measure.plan_references if reference.code == code]
        assert text in published
        reached.add(measure.slug)
    assert len(reached) == 20


async def test_measures_are_filtered_and_unknown_filters_are_refused(reader):
    stocks = (await reader.list_measures(PROGRAMME, kind="stock")).items
    assert len(stocks) == 5
    measures_of_council = (await reader.list_measures(PROGRAMME, organisation="nottingham-city-council")).items
    assert "ips-primary-care-referrals" in {measure.slug for measure in measures_of_council}
    with pytest.raises(RequestRejected, match=r"theme-[1-8]"):
        await reader.list_measures(PROGRAMME, theme="theme-9")


async def test_measure_describes_itself(reader):
    measure = await reader.get_measure(PROGRAMME, "hub-employers-engaged")
    assert (measure.kind, measure.baseline, measure.targets, measure.owner) == ("distinct", None, [], None)
    with pytest.raises(NotFound, match="hub-employers-engaged"):
        await reader.get_measure(PROGRAMME, "hub-employers-engage")


async def test_organisations_dimensions_and_areas_are_listed(reader):
    organisations = await reader.list_organisations(PROGRAMME)
    assert {role.slug for role in organisations.roles if not role.bound_to} >= {"good-employment-hub"}
    assert "sex" in {dimension.slug for dimension in (await reader.list_dimensions(PROGRAMME)).items}
    wards = (await reader.list_areas(PROGRAMME, level="ward", within="E06000018")).items
    assert len(wards) == 21  # twenty wards and ward unknown


async def test_periods_are_resolved_or_candidates_are_offered(reader):
    period = await reader.get_period("FY2025-26-Q2")
    assert (str(period.start), str(period.end)) == ("2025-07-01", "2025-09-30")
    with pytest.raises(RequestRejected, match="FY2025-26-Q1 or CY2025-Q1"):
        await reader.get_period("2025-Q1")
    assert len((await reader.list_periods(PROGRAMME)).items) == 12


async def test_unknown_programme_is_refused_with_the_nearest_slug(reader):
    with pytest.raises(NotFound, match=PROGRAMME):
        await reader.get_programme("work-and-health")


async def test_loading_the_same_file_again_changes_nothing(application, nottingham_plan):
    async with application.owner.begin() as transaction:
        loaded = await queries_loading.load_plan(transaction, nottingham_plan, sandbox=False, now=application.now)
    assert (loaded.version, loaded.changes) == (1, [])


async def test_changed_file_makes_a_new_version_that_is_served_at_once(application, nottingham_plan, reader):
    await reader.get_programme(PROGRAMME)
    themes = [msgspec.structs.replace(nottingham_plan.themes[0], title="Know the need"), *nottingham_plan.themes[1:]]
    async with application.owner.begin() as transaction:
        changed = msgspec.structs.replace(nottingham_plan, themes=themes)
        loaded = await queries_loading.load_plan(transaction, changed, sandbox=False, now=application.now)
    assert (loaded.version, [change.label for change in loaded.changes]) == (2, ["changed theme theme-1"])
    programme = await reader.get_programme(PROGRAMME)
    assert (programme.plan_version, programme.themes[0].title) == (2, "Know the need")


async def test_series_with_returns_cannot_change_its_meaning(application, nottingham_plan, council_client):
    cells = [observation("E06000018", 40), observation("E06000018", 40, breakdown={"sex": "female"})]
    await council_client.create_submission(
        PROGRAMME, new_submission(new_return("ips-primary-care-referrals", "FY2025-26-Q2", cells))
    )
    measures = [
        msgspec.structs.replace(m, kind="stock") if m.slug == "ips-primary-care-referrals" else m
        for m in nottingham_plan.measures
    ]
    changed = msgspec.structs.replace(nottingham_plan, measures=measures)
    async with application.owner.begin() as transaction:
        with pytest.raises(version_changes.NewSeriesRequired, match="changes its kind"):
            await queries_loading.load_plan(transaction, changed, sandbox=False, now=application.now)
    assert await application.count_rows("plan_version") == 1


async def test_another_authority_can_load_its_own_plan(application, reader):
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(
            transaction, queries_loading.read_plan(HARBOUR), sandbox=False, now=application.now
        )
    assert [p.slug for p in (await reader.list_programmes()).items] == ["harbour-skills-2026", PROGRAMME]
    assert len((await reader.list_measures("harbour-skills-2026")).items) == 8


async def test_sandbox_and_real_programme_cannot_share_a_slug(application, nottingham_plan):
    async with application.owner.begin() as transaction:
        with pytest.raises(Conflict):
            await queries_loading.load_plan(transaction, nottingham_plan, sandbox=True, now=application.now)
