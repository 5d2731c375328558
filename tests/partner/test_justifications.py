"""What is doubted can be answered, and the answer stays beside the figures."""

import re

import pytest

from work_health import RequestRejected, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
WHERE = {
    "organisation": "nottingham-city-council",
    "measure": "ips-primary-care-referrals",
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}
WHY = "Three referrals came without a form."


def referrals(total: int, unknown: int = 0, note: str | None = None):
    """Of all but `total` - 9 - `unknown` the sex is told."""
    by_sex = {"female": 5, "male": 4, "unknown": unknown}
    cells = [observation(CITY, total)]
    cells += [observation(CITY, value, breakdown={"sex": sex}) for sex, value in by_sex.items()]
    return new_return(WHERE["measure"], WHERE["period"], cells, note=note)


async def push(partner, *returns, **more):
    return await partner.create_submission(PROGRAMME, new_submission(*returns, **more))


async def doubt(partner, *returns, **more):
    with pytest.raises(RequestRejected) as refusal:
        await push(partner, *returns, **more)
    return refusal.value


async def test_parts_below_their_total_wait_for_a_justification(application, council_client):
    refusal = await doubt(council_client, referrals(12))
    [one] = refusal.findings
    assert (one.code, one.rows, one.expected, one.actual, one.justifiable) == (
        "sum-below-total",
        [1, 2, 3, 4],
        "12",
        "9",
        True,
    )
    assert re.search(r"\bsex\b.*\b9\b.*\b12\b", one.message)
    assert "`unknown`" in one.fix
    assert await application.count_rows("revision") == 0
    report = await push(council_client, referrals(12), justifications={one.id: WHY})
    [told] = report.findings
    assert (told.id, told.severity, told.justification) == (one.id, "warning", WHY)


async def test_the_justification_is_kept_with_the_revision(council_client, reviewer_client):
    [one] = (await doubt(council_client, referrals(12))).findings
    other = new_return("health-to-employment-referrals", WHERE["period"], [observation(CITY, 40)])
    await push(council_client, referrals(12), other, justifications={one.id: WHY})
    kept = await reviewer_client.get_return(PROGRAMME, **WHERE)
    assert [(given.finding, given.text) for given in kept.justifications] == [(one.id, WHY)]
    beside = await reviewer_client.get_return(PROGRAMME, **WHERE | {"measure": "health-to-employment-referrals"})
    assert beside.justifications == []
    await push(council_client, referrals(9))
    assert (await reviewer_client.get_return(PROGRAMME, **WHERE)).justifications == []
    assert len((await reviewer_client.get_return(PROGRAMME, **WHERE, revision=1)).justifications) == 1


async def test_other_figures_are_doubted_anew(council_client):
    [one] = (await doubt(council_client, referrals(12))).findings
    [anew] = (await doubt(council_client, referrals(13), justifications={one.id: WHY})).findings
    assert (anew.code, anew.severity) == ("sum-below-total", "error")
    assert anew.id != one.id
    assert (await doubt(council_client, referrals(12))).findings[0].id == one.id


async def test_a_justification_that_answers_nothing_is_refused(application, council_client):
    refusal = await doubt(council_client, referrals(9), justifications={"0123456789ab": WHY})
    [one] = refusal.findings
    assert (one.code, one.path, one.actual) == ("unknown-justification", "/justifications/0/finding", "0123456789ab")
    assert await application.count_rows("submission") == 0


async def test_a_warning_can_be_justified(council_client):
    cells = [observation(CITY, 12), observation(CITY, 5, breakdown={"sex": "female"})]
    missing = new_return(WHERE["measure"], WHERE["period"], cells)
    [warning] = (await push(council_client, missing)).findings
    assert (warning.code, warning.severity) == ("categories-missing", "warning")
    cells = [observation(CITY, 12), observation(CITY, 6, breakdown={"sex": "female"})]
    changed = new_return(WHERE["measure"], WHERE["period"], cells)
    [warning] = (await council_client.create_submission(PROGRAMME, new_submission(changed), dry_run=True)).findings
    [told] = (await push(council_client, changed, justifications={warning.id: WHY})).findings
    assert (told.code, told.justification) == ("categories-missing", WHY)
    assert (await council_client.get_return(PROGRAMME, **WHERE)).justifications[0].text == WHY


async def test_an_error_is_not_justified_away(council_client):
    [error] = (await doubt(council_client, referrals(8))).findings
    [still] = (await doubt(council_client, referrals(8), justifications={error.id: WHY})).findings
    assert (error.code, still.severity) == ("sum-exceeds-total", "error")


async def test_an_outlier_can_be_justified(application, harbour_programme):
    quay = await application.partner_client("quay-college", programme=harbour_programme)
    month = "2026-{:02}".format
    past = [new_return("visits", month(n), [observation("E06999999", 100)], series="by-day") for n in range(1, 7)]
    await quay.create_submission(harbour_programme, new_submission(*past))
    wild = new_return("visits", month(7), [observation("E06999999", 1000)], series="by-day")
    [warning] = (await quay.create_submission(harbour_programme, new_submission(wild), dry_run=True)).findings
    assert (warning.code, warning.expected, warning.actual) == ("outlier", "65 to 135", "1000")
    answered = new_submission(wild, justifications={warning.id: "The tall ships came."})
    [told] = (await quay.create_submission(harbour_programme, answered)).findings
    assert told.justification == "The tall ships came."


async def test_a_cumulative_count_that_fell_is_doubted(application, harbour_programme):
    pier = await application.partner_client("pier-college", programme=harbour_programme)

    def ever(month: str, total: int, female: int):
        cells = [observation("E06999999", total)]
        by_sex = {"female": female, "male": total - female, "unknown": 0}
        cells += [observation("E06999999", value, breakdown={"sex": sex}) for sex, value in by_sex.items()]
        return new_return("enrolments", month, cells)

    await pier.create_submission(harbour_programme, new_submission(ever("2026-01", 10, 4), ever("2026-03", 30, 14)))
    report = await pier.create_submission(harbour_programme, new_submission(ever("2026-02", 24, 15)))
    found = {
        (one.cell.period, one.cell.breakdown["sex"]): (one.rows, one.expected, one.actual) for one in report.findings
    }
    assert found == {("2026-03", "female"): ([2], "at least 15", "14")}
    await pier.create_submission(
        harbour_programme, new_submission(new_return("enrolments", "2026-02", kind="withdrawn", note="Wrong."))
    )
    report = await pier.create_submission(harbour_programme, new_submission(ever("2026-03", 9, 4)))
    fall = report.findings[0]
    assert (fall.code, fall.rows, fall.expected, fall.actual) == ("cumulative-fell", [1], "at least 10", "9")
    assert re.search(r"\b10\b.*\b2026-01\b.*\b9\b.*\b2026-03\b", fall.message)


# ---- texts that look personal


@pytest.mark.parametrize("text", ["ask jo@harbour.example", "call 0115 496 0123", "NHS 943 476 5919"])
async def test_a_text_that_looks_personal_is_stopped_and_never_kept(application, council_client, text):
    refusal = await doubt(council_client, referrals(9, note=text))
    [one] = refusal.findings
    assert (one.code, one.path, one.justifiable) == ("possible-personal-data", "/returns/0/note", True)
    assert text not in str(refusal)
    assert await application.count_rows("submission") == 0
    report = await push(council_client, referrals(9, note=text), justifications={one.id: "A public office."})
    assert report.findings[0].justification == "A public office."
    assert (await council_client.get_return(PROGRAMME, **WHERE)).standing.note == text


async def test_notes_of_observations_are_told_by_row(council_client):
    cells = [observation(CITY, 9), observation(CITY, 9, breakdown={"sex": "female"}, note="born 1.2.1980")]
    refusal = await doubt(council_client, new_return(WHERE["measure"], WHERE["period"], cells))
    [one] = refusal.findings
    assert (one.code, one.rows, one.column) == ("possible-personal-data", [2], "note")
    assert "date of birth" in one.message
