"""Milestones and evidence: research published, a post established, lived experience involved."""

from datetime import date

import msgspec
import pytest

from api.plan import queries_loading
from api.submissions.queries_revisions import parse_content
from schema.measures import MeasureKind
from work_health import EvidenceEntry, MilestoneItem, RequestRejected, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
RESEARCH = "jsna-research-published"
POST = "hub-recruitment-specialist-post"
VOICE = "lived-experience-involvement"


def make_item(stage: str, *, code: str = "carers", on: date = date(2026, 2, 1), **fields: str) -> MilestoneItem:
    return MilestoneItem(item=code, title="Barriers to work for carers", stage=stage, date=on, **fields)


def make_entry(domain: str, title: str = "Peers chose the provider", **fields: object) -> EvidenceEntry:
    return EvidenceEntry(domain=domain, title=title, date=date(2025, 9, 12), **fields)  # pyright: ignore


async def submit(partner, *returns, **options):
    return await partner.create_submission(PROGRAMME, new_submission(*returns, **options))


@pytest.fixture
async def university(application):
    """Return the client of the university in May 2026, after the year of the research."""
    application.now = application.now.replace(year=2026, month=5)
    return await application.partner_client("university-of-nottingham")


@pytest.fixture
async def icb(application):
    return await application.partner_client("nhs-nottingham-nottinghamshire-icb")


async def read_return(partner, organisation: str, measure: str, period: str, **options):
    return await partner.get_return(
        PROGRAMME,
        organisation=organisation,
        measure=measure,
        series="headline",
        service="main",
        period=period,
        **options,
    )


async def test_research_goes_through_its_stages(university):
    first_report = await submit(university, new_return(RESEARCH, "FY2025-26", items=[make_item("in-progress")]))
    assert (first_report.counts.added, first_report.returns[0].completeness.required, first_report.effects) == (
        1,
        0,
        [],
    )
    published = make_item("published", url="https://www.nottinghaminsight.org.uk/carers")
    report = await submit(
        university, new_return(RESEARCH, "FY2025-26", items=[published, make_item("undertaken", code="youth")])
    )
    assert (report.counts.added, report.counts.changed, report.counts.unchanged) == (1, 1, 0)
    current = await read_return(university, "university-of-nottingham", RESEARCH, "FY2025-26")
    assert [(milestone.item, milestone.stage) for milestone in current.items] == [
        ("carers", "published"),
        ("youth", "undertaken"),
    ]
    assert (current.items[0].url, current.observations, current.entries) == (published.url, [], [])
    past = await read_return(university, "university-of-nottingham", RESEARCH, "FY2025-26", revision=1)
    assert [milestone.stage for milestone in past.items] == ["in-progress"]


async def test_unchanged_items_make_no_revision(application, university):
    for _ in range(2):
        report = await submit(university, new_return(RESEARCH, "FY2025-26", items=[make_item("published")]))
    assert (report.outcome, report.counts.unchanged) == ("unchanged", 1)
    assert await application.count_rows("revision") == 1


async def test_missing_items_are_withdrawn_only_with_confirmation(university):
    await submit(
        university, new_return(RESEARCH, "FY2025-26", items=[make_item("published"), make_item("published", code="b")])
    )
    fewer = new_return(RESEARCH, "FY2025-26", items=[make_item("published")])
    with pytest.raises(RequestRejected, match=r"unconfirmed-withdrawals.*\b1\b.*\b2\b"):
        await submit(university, fewer)
    assert (await submit(university, fewer, confirm_withdrawals=True)).counts.withdrawn == 1


async def test_post_is_returned_once_its_role_is_bound(application, nottingham_plan, council_client):
    post = new_return(POST, "FY2025-26-Q2", items=[make_item("established", code="post", on=date(2025, 9, 1))])
    with pytest.raises(RequestRejected, match="no-duty"):
        await submit(council_client, post)
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
    report = await submit(council_client, post)
    assert (report.plan_version, report.counts.added, report.returns[0].timeliness) == (2, 1, "on-time")


async def test_evidence_is_accepted_and_read(icb):
    entries = [
        make_entry("strategic-decision-making", people=6),
        make_entry("evaluation", "Interviews with service users", url="https://icb.example/report"),
    ]
    report = await submit(icb, new_return(VOICE, "FY2025-26-H1", entries=entries))
    assert (report.counts.added, report.returns[0].outcome) == (2, "accepted")
    detail = await read_return(icb, "nhs-nottingham-nottinghamshire-icb", VOICE, "FY2025-26-H1")
    assert [(evidence.domain, evidence.people, evidence.url) for evidence in detail.entries] == [
        ("strategic-decision-making", 6, None),
        ("evaluation", None, "https://icb.example/report"),
    ]
    assert (detail.summary.cells, detail.items) == (0, [])


#   case                   entries                                            text of the refusal
BAD_EVIDENCE = {
    "no such domain": ([make_entry("catering")], "unknown-domain.*'catering'.*lived-experience-involvement"),
    "duplicate": ([make_entry("evaluation"), make_entry("evaluation")], "duplicate-item"),
    "invalid address": ([make_entry("evaluation", url="ftp://x")], "/returns/0/entries/0/url"),
    "a name and a number": ([make_entry("evaluation", "Jo, 0115 496 0123")], "possible-personal-data.*telephone"),
    "nothing": ([], "no-observations"),
}


@pytest.mark.parametrize("case", BAD_EVIDENCE)
async def test_invalid_evidence_is_refused(application, icb, case):
    entries, text = BAD_EVIDENCE[case]
    with pytest.raises(RequestRejected, match=text):
        await submit(icb, new_return(VOICE, "FY2025-26-H1", entries=entries))
    assert await application.count_rows("submission") == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://user:password@icb.example/report",
        "https://user@icb.example/report",
        "https://icb.example:443@attacker.example/",
        "https://icb.example/report\n",
        "https://icb.example/\u0007report",
        "https://icb.example/\u202ereport",
        "https://icb.example/\u0085",
        'https://icb.example/"><script>',
        "https:\\\\icb.example",
        "https://",
        "javascript:alert(1)//https://x",
    ],
)
async def test_address_with_a_password_or_control_characters_is_refused(application, icb, url):
    with pytest.raises(RequestRejected) as refusal:
        await submit(icb, new_return(VOICE, "FY2025-26-H1", entries=[make_entry("evaluation", url=url)]))
    assert [finding.path for finding in refusal.value.findings] == ["/returns/0/entries/0/url"]
    assert await application.count_rows("submission") == 0


@pytest.mark.parametrize(
    "url",
    ["http://icb.example", "https://[2001:db8::1]:8443/a?b=c@d#e", "https://icb.example/~a/(b);c=1?d=%C3%A9&e=[f]"],
)
async def test_address_of_evidence_is_read_as_it_was_sent(icb, url):
    await submit(icb, new_return(VOICE, "FY2025-26-H1", entries=[make_entry("evaluation", url=url)]))
    detail = await read_return(icb, "nhs-nottingham-nottinghamshire-icb", VOICE, "FY2025-26-H1")
    assert [evidence.url for evidence in detail.entries] == [url]


def test_stored_address_with_a_password_is_not_shown():
    stored = [
        {"title": "a", "domain": "evaluation", "date": "2025-09-12", "url": f"https://{user}icb.example"}
        for user in ("", "a:b@")
    ]
    assert [part.url for part in parse_content(stored, MeasureKind.EVIDENCE)] == ["https://icb.example", None]


async def test_counts_for_items_and_items_for_counts_are_refused(university, council_client):
    with pytest.raises(RequestRejected, match="wrong-content.*`items`.*`observations`"):
        await submit(university, new_return(RESEARCH, "FY2025-26", [observation("E06000018", 1)]))
    with pytest.raises(RequestRejected, match="wrong-content.*`observations`.*`items`"):
        await submit(
            council_client, new_return("ips-primary-care-referrals", "FY2025-26-Q2", items=[make_item("published")])
        )


async def test_only_the_organisation_and_reviewers_read_the_texts(application, icb, reviewer_client, council_client):
    await submit(icb, new_return(VOICE, "FY2025-26-H1", entries=[make_entry("evaluation")]))
    assert (await read_return(reviewer_client, "nhs-nottingham-nottinghamshire-icb", VOICE, "FY2025-26-H1")).entries
    assert (await council_client.list_returns(PROGRAMME)).items == []


async def test_nil_and_withdrawn_returns_have_no_items(university):
    await submit(university, new_return(RESEARCH, "FY2025-26", items=[make_item("published")]))
    await submit(university, new_return(RESEARCH, "FY2025-26", kind="nil"), confirm_withdrawals=True)
    assert (await read_return(university, "university-of-nottingham", RESEARCH, "FY2025-26")).items == []
    report = await submit(university, new_return(RESEARCH, "FY2025-26", kind="withdrawn", note="Sent by mistake."))
    assert (report.returns[0].revision, report.counts.withdrawn) == (3, 0)
