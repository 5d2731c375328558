"""Files as partners really have them, over HTTP: what is read, left out, refused, and carried on."""

from pathlib import Path

import pytest

from schema.partners import Scope
from work_health import new_return, new_submission, observation

CASES = Path(__file__).parents[1] / "cases"
PROGRAMME = "work-and-health-2025-2028"
PATH = f"/v1/programmes/{PROGRAMME}/submissions"
REFERRALS, CITY = "ips-primary-care-referrals", "E06000018"
RETURN_KEY = {
    "organisation": "nottingham-city-council",
    "measure": REFERRALS,
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q1",
}
HEAD = "measure,period,area,sex,value,note\n"
ROW = f"{REFERRALS},FY2025-26-Q1,{CITY}"
FILE = f"{HEAD}{ROW},,112,caf\u00e9\n"


@pytest.fixture
async def http(application):
    return application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))


async def test_quote_that_swallows_rows_writes_nothing(application, http):
    text = f'{HEAD}{ROW},,112,\n{ROW},female,61,"late\n{ROW},male,48,\n{ROW},unknown,3,see email"\n'
    response = await http.post(f"{PATH}/csv", content=text, headers={"Content-Type": "text/csv"})
    [error] = response.json()["errors"]
    assert (response.status_code, error["code"], error["rows"]) == (422, "swallowed-rows", [3, 5])
    assert await application.count_rows("revision") == 0


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("text/csv; header=present", "utf-8"),
        ("text/csv; header=present; charset=utf-16", "utf-16"),
        ("text/csv; charset=windows-1252", "cp1252"),
    ],
)
async def test_file_in_its_declared_charset_is_accepted(http, council_client, content_type, encoding):
    headers = {"Content-Type": content_type}
    response = await http.post(f"{PATH}/csv", content=FILE.encode(encoding), headers=headers)
    assert response.status_code == 201
    detail = await council_client.get_return(PROGRAMME, **RETURN_KEY)
    assert detail.observations[0].note == "caf\u00e9"


async def test_report_accounts_for_every_row(http):
    text = f"Referrals of the first quarter\n\n{HEAD}{ROW},,112,\n\nTotal,,,,112,\nSource: our register\n"
    response = await http.post(f"{PATH}/csv?dry_run=true", content=text, headers={"Content-Type": "text/csv"})
    rows = response.json()["rows"]
    assert (rows["read"], rows["used"]) == (7, 1)
    assert {group["reason"]: group["rows"] for group in rows["left_out"]} == {
        "title": [1], "header": [3], "blank": [2, 5], "total": [6], "footnote": [7],
    }  # fmt: skip


async def test_whole_float_in_json_is_accepted(http):
    body = {
        "returns": [{"measure": REFERRALS, "period": "FY2025-26-Q1", "observations": [{"area": CITY, "value": 140.0}]}]
    }
    response = await http.post(PATH, json=body)
    assert (response.status_code, response.json()["rows"]) == (201, {"read": 1, "used": 1, "left_out": []})


async def test_rounding_is_stored_and_carried_into_the_bounds_of_a_figure(council_client, reviewer_client):
    counts = [(140, {}), (80, {"sex": "female"}), (60, {"sex": "male"}), (5, {"sex": "unknown"})]
    cells = [observation(CITY, count, breakdown=breakdown) for count, breakdown in counts]

    def submission(rounded_to: int):
        given = new_return(REFERRALS, "FY2025-26-Q1", cells)
        given.rounded_to = rounded_to
        return new_submission(given)

    report = await council_client.create_submission(PROGRAMME, submission(5))
    assert report.findings == []
    again = await council_client.create_submission(PROGRAMME, submission(5))
    assert again.outcome == "unchanged"
    detail = await council_client.get_return(PROGRAMME, **RETURN_KEY)
    assert detail.summary.rounded_to == 5
    [figure] = (await reviewer_client.preview_outcomes(PROGRAMME, measure=[REFERRALS], period=["FY2025-26-Q1"])).items
    assert (figure.value, figure.lower_bound, figure.upper_bound) == (None, 138, 142)
    coarser = await council_client.create_submission(PROGRAMME, submission(10))
    assert (coarser.outcome, coarser.returns[0].revision) == ("accepted", 2)
