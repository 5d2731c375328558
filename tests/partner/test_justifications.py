"""A justifiable finding can be justified, and the justification is stored with the revision."""

import re

import pytest

from work_health import RequestRejected, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
RETURN_KEY = {
    "organisation": "nottingham-city-council",
    "measure": "ips-primary-care-referrals",
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}
REASON = "Three referrals came without a form."


def make_referrals_return(total: int, unknown: int = 0, note: str | None = None):
    """Make a return in which 9 + `unknown` people have a stated sex."""
    by_sex = {"female": 5, "male": 4, "unknown": unknown}
    cells = [observation(CITY, total)]
    cells += [observation(CITY, value, breakdown={"sex": sex}) for sex, value in by_sex.items()]
    return new_return(RETURN_KEY["measure"], RETURN_KEY["period"], cells, note=note)


async def submit(partner, *returns, **more):
    return await partner.create_submission(PROGRAMME, new_submission(*returns, **more))


async def reject(partner, *returns, **more):
    with pytest.raises(RequestRejected) as refusal:
        await submit(partner, *returns, **more)
    return refusal.value


async def test_parts_below_their_total_need_a_justification(application, council_client):
    refusal = await reject(council_client, make_referrals_return(12))
    [finding] = refusal.findings
    assert (finding.code, finding.rows, finding.expected, finding.actual, finding.justifiable) == (
        "sum-below-total",
        [1, 2, 3, 4],
        "12",
        "9",
        True,
    )
    assert re.search(r"\bsex\b.*\b9\b.*\b12\b", finding.message)
    assert "`unknown`" in finding.fix
    assert await application.count_rows("revision") == 0
    report = await submit(council_client, make_referrals_return(12), justifications={finding.id: REASON})
    [warning] = report.findings
    assert (warning.id, warning.severity, warning.justification) == (finding.id, "warning", REASON)


async def test_justification_is_stored_with_the_revision(council_client, reviewer_client):
    [finding] = (await reject(council_client, make_referrals_return(12))).findings
    other_return = new_return("health-to-employment-referrals", RETURN_KEY["period"], [observation(CITY, 40)])
    await submit(council_client, make_referrals_return(12), other_return, justifications={finding.id: REASON})
    stored = await reviewer_client.get_return(PROGRAMME, **RETURN_KEY)
    assert [(justification.finding, justification.text) for justification in stored.justifications] == [
        (finding.id, REASON)
    ]
    other_stored = await reviewer_client.get_return(
        PROGRAMME, **RETURN_KEY | {"measure": "health-to-employment-referrals"}
    )
    assert other_stored.justifications == []
    await submit(council_client, make_referrals_return(9))
    assert (await reviewer_client.get_return(PROGRAMME, **RETURN_KEY)).justifications == []
    assert len((await reviewer_client.get_return(PROGRAMME, **RETURN_KEY, revision=1)).justifications) == 1


async def test_changed_figures_need_a_new_justification(council_client):
    [finding] = (await reject(council_client, make_referrals_return(12))).findings
    [new_finding] = (
        await reject(council_client, make_referrals_return(13), justifications={finding.id: REASON})
    ).findings
    assert (new_finding.code, new_finding.severity) == ("sum-below-total", "error")
    assert new_finding.id != finding.id
    assert (await reject(council_client, make_referrals_return(12))).findings[0].id == finding.id


async def test_unknown_justification_is_refused(application, council_client):
    refusal = await reject(council_client, make_referrals_return(9), justifications={"0123456789ab": REASON})
    [finding] = refusal.findings
    assert (finding.code, finding.path, finding.actual) == (
        "unknown-justification",
        "/justifications/0/finding",
        "0123456789ab",
    )
    assert await application.count_rows("submission") == 0


async def test_warning_can_be_justified(council_client):
    cells = [observation(CITY, 12), observation(CITY, 5, breakdown={"sex": "female"})]
    missing = new_return(RETURN_KEY["measure"], RETURN_KEY["period"], cells)
    [warning] = (await submit(council_client, missing)).findings
    assert (warning.code, warning.severity) == ("categories-missing", "warning")
    cells = [observation(CITY, 12), observation(CITY, 6, breakdown={"sex": "female"})]
    changed = new_return(RETURN_KEY["measure"], RETURN_KEY["period"], cells)
    [warning] = (await council_client.create_submission(PROGRAMME, new_submission(changed), dry_run=True)).findings
    [justified] = (await submit(council_client, changed, justifications={warning.id: REASON})).findings
    assert (justified.code, justified.justification) == ("categories-missing", REASON)
    assert (await council_client.get_return(PROGRAMME, **RETURN_KEY)).justifications[0].text == REASON


async def test_unjustifiable_error_remains_despite_a_justification(council_client):
    cells = [observation(CITY, numerator=11, denominator=10)]
    impossible = new_return("neet-16-17", "R3-2025-06", cells, series="ccis-provisional")
    [error] = (await reject(council_client, impossible)).findings
    [unchanged] = (await reject(council_client, impossible, justifications={error.id: REASON})).findings
    assert (error.code, unchanged.severity) == ("numerator-above-denominator", "error")


async def test_outlier_can_be_justified(application, harbour_programme):
    quay = await application.partner_client("quay-college", programme=harbour_programme)
    month = "2026-{:02}".format
    past = [new_return("visits", month(n), [observation("E06999999", 100)], series="by-day") for n in range(1, 7)]
    await quay.create_submission(harbour_programme, new_submission(*past))
    outlier = new_return("visits", month(7), [observation("E06999999", 1000)], series="by-day")
    [warning] = (await quay.create_submission(harbour_programme, new_submission(outlier), dry_run=True)).findings
    assert (warning.code, warning.expected, warning.actual) == ("outlier", "65 to 135", "1000")
    submission = new_submission(outlier, justifications={warning.id: "The tall ships came."})
    [justified] = (await quay.create_submission(harbour_programme, submission)).findings
    assert justified.justification == "The tall ships came."


async def test_cumulative_count_that_fell_is_a_finding(application, harbour_programme):
    pier = await application.partner_client("pier-college", programme=harbour_programme)

    def make_enrolments(month: str, total: int, female: int):
        cells = [observation("E06999999", total)]
        by_sex = {"female": female, "male": total - female, "unknown": 0}
        cells += [observation("E06999999", value, breakdown={"sex": sex}) for sex, value in by_sex.items()]
        return new_return("enrolments", month, cells)

    await pier.create_submission(
        harbour_programme, new_submission(make_enrolments("2026-01", 10, 4), make_enrolments("2026-03", 30, 14))
    )
    report = await pier.create_submission(harbour_programme, new_submission(make_enrolments("2026-02", 24, 15)))
    findings = {
        (finding.cell.period, finding.cell.breakdown["sex"]): (finding.rows, finding.expected, finding.actual)
        for finding in report.findings
    }
    assert findings == {("2026-03", "female"): ([2], "at least 15", "14")}
    await pier.create_submission(
        harbour_programme, new_submission(new_return("enrolments", "2026-02", kind="withdrawn", note="Wrong."))
    )
    report = await pier.create_submission(harbour_programme, new_submission(make_enrolments("2026-03", 9, 4)))
    fall = report.findings[0]
    assert (fall.code, fall.rows, fall.expected, fall.actual) == ("cumulative-fell", [1], "at least 10", "9")
    assert re.search(r"\b10\b.*\b2026-01\b.*\b9\b.*\b2026-03\b", fall.message)


# ---- texts that look personal


@pytest.mark.parametrize("text", ["ask jo@harbour.example", "call 0115 496 0123", "NHS 943 476 5919"])
async def test_text_that_looks_personal_is_refused_and_not_stored(application, council_client, text):
    refusal = await reject(council_client, make_referrals_return(9, note=text))
    [finding] = refusal.findings
    assert (finding.code, finding.path, finding.justifiable) == ("possible-personal-data", "/returns/0/note", True)
    assert text not in str(refusal)
    assert await application.count_rows("submission") == 0
    report = await submit(
        council_client, make_referrals_return(9, note=text), justifications={finding.id: "A public office."}
    )
    assert report.findings[0].justification == "A public office."
    assert (await council_client.get_return(PROGRAMME, **RETURN_KEY)).summary.note == text


async def test_finding_about_a_cell_note_has_its_row(council_client):
    cells = [observation(CITY, 9), observation(CITY, 9, breakdown={"sex": "female"}, note="born 1.2.1980")]
    refusal = await reject(council_client, new_return(RETURN_KEY["measure"], RETURN_KEY["period"], cells))
    [finding] = refusal.findings
    assert (finding.code, finding.rows, finding.column) == ("possible-personal-data", [2], "note")
    assert "date of birth" in finding.message
