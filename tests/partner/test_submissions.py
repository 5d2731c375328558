"""Submissions through the SDK: submit, correct and read returns."""

import hashlib
import json

import pytest

from schema.partners import Scope
from work_health import NotFound, RequestRejected, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
REFERRALS = "ips-primary-care-referrals"


def referrals(total: int = 112, period: str = "FY2025-26-Q2", **by_sex: int):
    cells = [observation(CITY, total)]
    cells += [observation(CITY, value, breakdown={"sex": sex}) for sex, value in by_sex.items()]
    return new_return(REFERRALS, period, cells)


async def submit(partner, *returns, **options):
    return await partner.create_submission(PROGRAMME, new_submission(*returns, **options))


async def test_accepted_return_has_a_receipt(council_client):
    report = await submit(council_client, referrals(112, female=61, male=48, unknown=3))
    assert (report.outcome, report.counts.received, report.counts.added) == ("accepted", 4, 4)
    [returned] = report.returns
    assert (returned.revision, returned.timeliness, returned.period.label) == (
        1,
        "on-time",
        "Q2 2025/26 (Jul to Sep 2025)",
    )
    assert report.findings == []


async def test_receipt_has_the_hash_of_the_body(application):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    body = json.dumps(
        {"returns": [{"measure": REFERRALS, "period": "FY2025-26-Q2", "observations": [{"area": CITY, "value": 4}]}]}
    ).encode()
    response = await http.post(
        f"/v1/programmes/{PROGRAMME}/submissions", content=body, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 201
    assert response.json()["receipt"]["content_sha256"] == hashlib.sha256(body).hexdigest()


async def test_unchanged_return_makes_no_revision(application, council_client):
    await submit(council_client, referrals(112, female=61))
    report = await submit(council_client, referrals(112, female=61))
    assert (report.outcome, report.counts.unchanged, report.returns[0].revision) == ("unchanged", 2, 1)
    assert (await application.count_rows("revision"), await application.count_rows("submission")) == (1, 2)


async def test_correction_is_the_next_revision_and_the_first_can_still_be_read(council_client):
    await submit(council_client, referrals(112))
    report = await submit(council_client, referrals(115))
    assert (report.returns[0].revision, report.counts.changed) == (2, 1)
    where = {
        "organisation": "nottingham-city-council",
        "measure": REFERRALS,
        "series": "headline",
        "service": "main",
        "period": "FY2025-26-Q2",
    }
    assert (await council_client.get_return(PROGRAMME, **where)).observations[0].value == 115
    assert (await council_client.get_return(PROGRAMME, **where, revision=1)).observations[0].value == 112
    with pytest.raises(NotFound):
        await council_client.get_return(PROGRAMME, **where, revision=3)


async def test_correction_replaces_the_whole_return(council_client):
    await submit(council_client, referrals(112, female=61, male=48, unknown=3))
    with pytest.raises(RequestRejected, match="unconfirmed-withdrawals"):
        await submit(council_client, referrals(112))
    report = await submit(council_client, referrals(112), confirm_withdrawals=True)
    assert (report.counts.unchanged, report.counts.withdrawn) == (1, 3)


async def test_zero_nil_missing_and_suppressed_are_distinct(council_client, reviewer_client):
    hidden = observation(CITY, breakdown={"sex": "unknown"}, status="c", lower=1, upper=4)
    cells = [observation(CITY, 9), observation(CITY, 0, breakdown={"sex": "female"}), hidden]
    await submit(council_client, new_return(REFERRALS, "FY2025-26-Q1", cells))
    figures = await reviewer_client.preview_outcomes(
        PROGRAMME, measure=[REFERRALS], period=["FY2025-26-Q1"], group_by=["sex"]
    )
    values = {
        figure.breakdown["sex"]: (figure.value, figure.lower_bound, figure.upper_bound, figure.reason)
        for figure in figures.items
    }
    assert values == {
        "female": (0, 0, 0, None),
        "male": (None, None, None, "no_data"),
        "unknown": (None, 1, 4, None),
    }
    await submit(council_client, new_return(REFERRALS, "FY2025-26-Q1", kind="nil"), confirm_withdrawals=True)
    [nil] = (await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=["FY2025-26-Q1"])).items
    assert (nil.value, nil.coverage.received) == (0, 1)


async def test_submission_is_accepted_or_rejected_as_a_whole(application, council_client):
    good = referrals(112)
    bad = new_return("health-to-employment-referrals", "FY2025-26-Q2", [observation("E06000019", 1)])
    with pytest.raises(RequestRejected) as refusal:
        await submit(council_client, good, bad)
    assert [finding.code for finding in refusal.value.findings] == ["unknown-area"]
    assert refusal.value.findings[0].rows == [2]
    for table in ("submission", "return", "revision", "observation"):
        assert await application.count_rows(table) == 0


async def test_pages_of_returns_are_complete_and_in_order(council_client):
    await submit(council_client, *(referrals(n, period=f"FY2025-26-Q{n}") for n in (1, 2)))
    first_page = await council_client.list_returns(PROGRAMME, limit=1)
    assert first_page.next_cursor
    second_page = await council_client.list_returns(PROGRAMME, limit=1, cursor=first_page.next_cursor)
    assert [page.items[0].period.code for page in (first_page, second_page)] == ["FY2025-26-Q1", "FY2025-26-Q2"]
    assert not second_page.next_cursor
    assert len([summary async for summary in council_client.iter_returns(PROGRAMME, limit=1)]) == 2
    assert len((await council_client.list_returns(PROGRAMME, measure=REFERRALS, period="FY2025-26-Q1")).items) == 1


@pytest.mark.parametrize("cursor", ["x", "W10", "eyJhIjoxfQ", "é"])
async def test_invalid_cursor_is_refused(council_client, cursor):
    with pytest.raises(RequestRejected, match="not a cursor"):
        await council_client.list_returns(PROGRAMME, cursor=cursor)


async def test_proportion_rolls_up_from_its_counts(council_client, reviewer_client):
    cells = [observation(CITY, numerator=371, denominator=7450)]
    await submit(council_client, new_return("neet-16-17", "R3-2025-06", cells, series="ccis-provisional"))
    [figure] = (
        await reviewer_client.preview_outcomes(PROGRAMME, measure=["neet-16-17"], series="ccis-provisional")
    ).items
    assert (figure.value, figure.numerator, figure.denominator) == (pytest.approx(100 * 371 / 7450), 371, 7450)


async def test_preview_of_a_theme_has_each_measure_with_coverage(council_client, reviewer_client):
    await submit(council_client, referrals(112))
    preview = await reviewer_client.preview_outcomes(PROGRAMME, theme="theme-2", period=["FY2025-26-Q2"])
    figures_by_measure = {figure.measure: figure for figure in preview.items}
    assert figures_by_measure[REFERRALS].value == 112
    assert (figures_by_measure[REFERRALS].coverage.expected, figures_by_measure[REFERRALS].coverage.received) == (1, 1)
    assert figures_by_measure["hub-job-placements"].reason == "no_data"
    assert (
        figures_by_measure["hub-job-placements"].coverage.expected >= 1
    )  # expected although the hub has no operator yet
    assert (preview.protection, preview.revision_basis) == ("none", "latest")
