"""CSV and NDJSON files through the SDK: the same pipeline as JSON, and findings with rows and columns."""

import gzip
import hashlib
import json

import pytest

from schema.partners import Scope
from work_health import RequestRejected, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
REFERRALS = "ips-primary-care-referrals"
PATH = f"/v1/programmes/{PROGRAMME}/submissions"
FILE = f"""\
measure,period,area,sex,value,note
{REFERRALS},FY2025-26-Q2,{CITY},,112,
{REFERRALS},FY2025-26-Q2,{CITY},female,61,
{REFERRALS},FY2025-26-Q2,{CITY},male,48,checked
{REFERRALS},FY2025-26-Q2,{CITY},unknown,3,
"""
LINES = "\n".join(
    [
        json.dumps({"returns": [{"measure": REFERRALS, "period": "FY2025-26-Q2"}]}),
        json.dumps({"area": CITY, "value": 112}),
        json.dumps({"area": CITY, "breakdown": {"sex": "female"}, "value": 61}),
        json.dumps({"area": CITY, "breakdown": {"sex": "male"}, "value": 48, "note": "checked"}),
        json.dumps({"area": CITY, "breakdown": {"sex": "unknown"}, "value": 3}),
    ]
)


async def submit_json(council):
    cells = [observation(CITY, 112), observation(CITY, 61, breakdown={"sex": "female"})]
    cells.append(observation(CITY, 48, breakdown={"sex": "male"}, note="checked"))
    cells.append(observation(CITY, 3, breakdown={"sex": "unknown"}))
    return await council.create_submission(PROGRAMME, new_submission(new_return(REFERRALS, "FY2025-26-Q2", cells)))


async def test_csv_file_is_accepted_with_a_receipt(council_client):
    report = await council_client.create_submission_csv(PROGRAMME, FILE)
    assert (report.outcome, report.counts.added) == ("accepted", 4)
    assert report.receipt.content_sha256 == hashlib.sha256(FILE.encode()).hexdigest()


async def test_all_formats_submit_the_same_return(council_client):
    """A return that one format submits is unchanged in the other formats."""
    first = await submit_json(council_client)
    assert first.counts.added == 4
    for report in (
        await council_client.create_submission_csv(PROGRAMME, FILE),
        await council_client.create_submission_ndjson(PROGRAMME, LINES),
    ):
        assert (report.outcome, report.counts.unchanged) == ("unchanged", 4)


async def test_dry_run_of_a_file_reports_the_same(application, council_client):
    dry_run = await council_client.create_submission_csv(PROGRAMME, FILE, dry_run=True)
    assert (dry_run.dry_run, dry_run.receipt, dry_run.counts.added) == (True, None, 4)
    assert await application.count_rows("submission") == 0
    report = await council_client.create_submission_csv(PROGRAMME, FILE, dry_run_token=dry_run.dry_run_token)
    assert report.outcome == "accepted"


#   faulty file                                                    code                 rows, column
INVALID = [
    (FILE.replace("female,61", "femal,61"),                        "unknown-category",  [3], "sex"),
    (FILE.replace(",61,", ',"1,061",'),                            "thousands",         [3], "value"),
    (FILE.replace(",61,", ",=60+1,"),                              "formula",           [3], "value"),
    (FILE.replace(f"{CITY},male", "E06000019,male"),               "unknown-area",      [4], "area"),
    (FILE.replace("FY2025-26-Q2", "45748"),                        "",                  [2, 3, 4, 5], "period"),
    (FILE.replace(",61,", ",610,"),                                "sum-exceeds-total", [2, 3, 4, 5], None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "rows", "column"), INVALID)
async def test_finding_about_a_file_has_row_and_column(application, council_client, text, code, rows, column):
    with pytest.raises(RequestRejected) as refusal:
        await council_client.create_submission_csv(PROGRAMME, text)
    [finding] = refusal.value.findings
    assert (finding.rows, finding.column or None) == (rows, column)
    assert code in finding.code
    assert finding.fix
    assert await application.count_rows("submission") == 0


async def test_parameter_replaces_a_column(council_client):
    report = await council_client.create_submission_csv(
        PROGRAMME, f"area,value\n{CITY},9\n", measure=REFERRALS, period="FY2025-26-Q1"
    )
    assert report.returns[0].period.code == "FY2025-26-Q1"


async def test_finding_about_a_whole_return_lists_its_rows(council_client):
    with pytest.raises(RequestRejected) as refusal:
        await council_client.create_submission_csv(PROGRAMME, FILE.replace("FY2025-26-Q2", "FY2025-26-Q4"))
    [finding] = refusal.value.findings
    assert (finding.code, finding.rows, finding.column) == ("period-not-over", [2, 3, 4, 5], "period")


async def test_gzipped_file_is_accepted(application):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    response = await http.post(f"{PATH}/csv", content=gzip.compress(FILE.encode()), headers=headers)
    assert response.status_code == 201
    assert response.json()["receipt"]["content_sha256"] == hashlib.sha256(FILE.encode()).hexdigest()


async def test_wrong_media_type_is_refused_with_the_right_one(application):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    response = await http.post(f"{PATH}/csv", content=b"{}", headers={"Content-Type": "application/json"})
    assert response.status_code == 415
    assert "text/csv" in response.json()["detail"]


async def test_file_submitted_twice_with_one_key_is_processed_once(application, council_client):
    first = await council_client.create_submission_csv(PROGRAMME, FILE, idempotency_key="once")
    assert await council_client.create_submission_csv(PROGRAMME, FILE, idempotency_key="once") == first
    with pytest.raises(RequestRejected, match=r"\b422\b.*Idempotency-Key"):
        await council_client.create_submission_csv(PROGRAMME, FILE, idempotency_key="once", note="other")
    assert await application.count_rows("submission") == 1
