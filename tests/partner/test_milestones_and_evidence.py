"""Returns that are not counts: research published, a post established, people with lived experience involved."""

from datetime import date

import msgspec
import pytest

from api.plan import queries_loading
from work_health import EvidenceEntry, MilestoneItem, RequestRejected, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
RESEARCH = "jsna-research-published"
POST = "hub-recruitment-specialist-post"
VOICE = "lived-experience-involvement"


def item(stage: str, *, code: str = "carers", on: date = date(2026, 2, 1), **more: str) -> MilestoneItem:
    return MilestoneItem(item=code, title="Barriers to work for carers", stage=stage, date=on, **more)


def entry(domain: str, title: str = "Peers chose the provider", **more: object) -> EvidenceEntry:
    return EvidenceEntry(domain=domain, title=title, date=date(2025, 9, 12), **more)  # pyright: ignore


async def push(partner, *returns, **more):
    return await partner.create_submission(PROGRAMME, new_submission(*returns, **more))


@pytest.fixture
async def university(application):
    """In May 2026, when the year that the research is returned for is over."""
    application.now = application.now.replace(year=2026, month=5)
    return await application.partner_client("university-of-nottingham")


@pytest.fixture
async def icb(application):
    return await application.partner_client("nhs-nottingham-nottinghamshire-icb")


async def read(partner, organisation: str, measure: str, period: str, **more):
    return await partner.get_return(
        PROGRAMME, organisation=organisation, measure=measure, series="headline", service="main", period=period, **more
    )


async def test_research_moves_through_its_stages(university):
    first = await push(university, new_return(RESEARCH, "FY2025-26", items=[item("in-progress")]))
    assert (first.counts.added, first.returns[0].completeness.required, first.effects) == (1, 0, [])
    published = item("published", url="https://www.nottinghaminsight.org.uk/carers")
    report = await push(
        university, new_return(RESEARCH, "FY2025-26", items=[published, item("undertaken", code="youth")])
    )
    assert (report.counts.added, report.counts.changed, report.counts.unchanged) == (1, 1, 0)
    now = await read(university, "university-of-nottingham", RESEARCH, "FY2025-26")
    assert [(one.item, one.stage) for one in now.items] == [("carers", "published"), ("youth", "undertaken")]
    assert (now.items[0].url, now.observations, now.entries) == (published.url, [], [])
    then = await read(university, "university-of-nottingham", RESEARCH, "FY2025-26", revision=1)
    assert [one.stage for one in then.items] == ["in-progress"]


async def test_the_same_items_make_no_revision(application, university):
    for _ in range(2):
        report = await push(university, new_return(RESEARCH, "FY2025-26", items=[item("published")]))
    assert (report.outcome, report.counts.unchanged) == ("unchanged", 1)
    assert await application.count_rows("revision") == 1


async def test_items_that_are_not_sent_again_go_only_when_confirmed(university):
    await push(university, new_return(RESEARCH, "FY2025-26", items=[item("published"), item("published", code="b")]))
    fewer = new_return(RESEARCH, "FY2025-26", items=[item("published")])
    with pytest.raises(RequestRejected, match=r"unconfirmed-withdrawals.*\b1\b.*\b2\b"):
        await push(university, fewer)
    assert (await push(university, fewer, confirm_withdrawals=True)).counts.withdrawn == 1


async def test_the_post_is_established_once_its_role_is_bound(application, nottingham_plan, council_client):
    post = new_return(POST, "FY2025-26-Q2", items=[item("established", code="post", on=date(2025, 9, 1))])
    with pytest.raises(RequestRejected, match="no-duty"):
        await push(council_client, post)
    roles = [
        msgspec.structs.replace(role, bound_to="nottingham-city-council")
        if role.slug == "good-employment-hub"
        else role
        for role in nottingham_plan.roles
    ]
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(
            transaction, msgspec.structs.replace(nottingham_plan, roles=roles), sandbox=False, now=application.now
        )
    report = await push(council_client, post)
    assert (report.plan_version, report.counts.added, report.returns[0].timeliness) == (2, 1, "on-time")


async def test_evidence_of_lived_experience(icb):
    told = [
        entry("strategic-decision-making", people=6),
        entry("evaluation", "Interviews with service users", url="https://icb.example/report"),
    ]
    report = await push(icb, new_return(VOICE, "FY2025-26-H1", entries=told))
    assert (report.counts.added, report.returns[0].outcome) == (2, "accepted")
    kept = await read(icb, "nhs-nottingham-nottinghamshire-icb", VOICE, "FY2025-26-H1")
    assert [(one.domain, one.people, one.url) for one in kept.entries] == [
        ("strategic-decision-making", 6, None),
        ("evaluation", None, "https://icb.example/report"),
    ]
    assert (kept.standing.cells, kept.items) == (0, [])


#   what is wrong          entries                                            what it names
BAD_EVIDENCE = {
    "no such domain": ([entry("catering")], "unknown-domain.*'catering'.*lived-experience-involvement"),
    "twice the same": ([entry("evaluation"), entry("evaluation")], "duplicate-item"),
    "an address that is none": ([entry("evaluation", url="ftp://x")], "/returns/0/entries/0/url"),
    "a name and a number": ([entry("evaluation", "Jo, 0115 496 0123")], "possible-personal-data.*telephone"),
    "nothing": ([], "no-observations"),
}


@pytest.mark.parametrize("case", BAD_EVIDENCE)
async def test_evidence_that_is_wrong_is_refused(application, icb, case):
    entries, named = BAD_EVIDENCE[case]
    with pytest.raises(RequestRejected, match=named):
        await push(icb, new_return(VOICE, "FY2025-26-H1", entries=entries))
    assert await application.count_rows("submission") == 0


async def test_counts_are_not_items_nor_items_counts(university, council_client):
    with pytest.raises(RequestRejected, match="wrong-content.*`items`.*`observations`"):
        await push(university, new_return(RESEARCH, "FY2025-26", [observation("E06000018", 1)]))
    with pytest.raises(RequestRejected, match="wrong-content.*`observations`.*`items`"):
        await push(council_client, new_return("ips-primary-care-referrals", "FY2025-26-Q2", items=[item("published")]))


async def test_the_text_is_seen_by_its_own_organisation_and_reviewers_alone(
    application, icb, reviewer_client, council_client
):
    await push(icb, new_return(VOICE, "FY2025-26-H1", entries=[entry("evaluation")]))
    assert (await read(reviewer_client, "nhs-nottingham-nottinghamshire-icb", VOICE, "FY2025-26-H1")).entries
    assert (await council_client.list_returns(PROGRAMME)).items == []


async def test_nil_and_withdrawn_take_the_items_away(university):
    await push(university, new_return(RESEARCH, "FY2025-26", items=[item("published")]))
    await push(university, new_return(RESEARCH, "FY2025-26", kind="nil"), confirm_withdrawals=True)
    assert (await read(university, "university-of-nottingham", RESEARCH, "FY2025-26")).items == []
    report = await push(university, new_return(RESEARCH, "FY2025-26", kind="withdrawn", note="Sent by mistake."))
    assert (report.returns[0].revision, report.counts.withdrawn) == (3, 0)
