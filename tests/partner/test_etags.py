"""Conditional requests: responses have an `ETag`, and 304 confirms an unchanged one."""

import pytest

from schema.partners import Scope
from work_health import new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
MEASURES_PATH = f"/v1/programmes/{PROGRAMME}/measures"
PREVIEW_PATH = f"/v1/programmes/{PROGRAMME}/preview/outcomes"


#   If-None-Match, status
CONDITIONS = [
    ("{tag}", 304),
    ("W/{tag}", 304),
    ('"other", {tag}', 304),
    ('"a,b" ,W/"c",{tag}', 304),
    ("*", 304),
    ('"other"', 200),
    ('"other, {bare}"', 200),
    ("{bare}", 200),
    ("", 200),
]


@pytest.mark.parametrize(("condition", "status"), CONDITIONS)
async def test_matching_etag_gives_304(application, condition, status):
    http = application.http_client()
    first = await http.get(MEASURES_PATH)
    tag = first.headers["etag"]
    conditional = await http.get(
        MEASURES_PATH, headers={"If-None-Match": condition.format(tag=tag, bare=tag.strip('"'))}
    )
    assert (conditional.status_code, conditional.headers["etag"]) == (status, tag)
    assert conditional.content == (b"" if status == 304 else first.content)
    if status == 304:
        assert {"content-type", "content-length"}.isdisjoint(conditional.headers)
    assert conditional.headers["cache-control"] == "public, no-cache"
    assert conditional.headers["request-id"] != first.headers["request-id"]


async def test_several_header_lines_are_one_list(application):
    http = application.http_client()
    tag = (await http.get(MEASURES_PATH)).headers["etag"]
    lines = [("If-None-Match", '"other"'), ("If-None-Match", tag)]
    assert (await http.get(MEASURES_PATH, headers=lines)).status_code == 304


async def test_etag_depends_on_the_content_and_not_on_the_reader(application, council_client):
    first_reader = application.http_client(await application.issue_key("ohid", Scope.REVIEW))
    second_reader = application.http_client(
        await application.issue_key("nhs-nottingham-nottinghamshire-icb", Scope.REVIEW)
    )
    before = await first_reader.get(PREVIEW_PATH)
    assert before.headers["cache-control"] == "no-store"
    assert (await second_reader.get(PREVIEW_PATH)).headers["etag"] == before.headers["etag"]
    new = new_return("ips-primary-care-referrals", "FY2025-26-Q1", [observation("E06000018", 100)])
    await council_client.create_submission(PROGRAMME, new_submission(new))
    after = await first_reader.get(PREVIEW_PATH, headers={"If-None-Match": before.headers["etag"]})
    assert (after.status_code, after.headers["etag"] == before.headers["etag"]) == (200, False)


async def test_etag_does_not_replace_a_key(application):
    tag = (await application.http_client(await application.issue_key("ohid", Scope.REVIEW)).get(PREVIEW_PATH)).headers[
        "etag"
    ]
    for condition in (tag, "*"):
        response = await application.http_client().get(PREVIEW_PATH, headers={"If-None-Match": condition})
        assert (response.status_code, "etag" in response.headers) == (401, False)


async def test_response_to_a_write_has_no_etag(application):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    response = await http.post(
        f"/v1/programmes/{PROGRAMME}/submissions", json={"returns": []}, headers={"If-None-Match": "*"}
    )
    assert (response.status_code, "etag" in response.headers) == (422, False)


async def test_every_preview_read_is_audited(application):
    http = application.http_client(await application.issue_key("ohid", Scope.REVIEW))
    tag = (await http.get(PREVIEW_PATH)).headers["etag"]
    entry_count = await application.count_rows("audit")
    assert (await http.get(PREVIEW_PATH, headers={"If-None-Match": tag})).status_code == 304
    assert await application.count_rows("audit") == entry_count + 1


@pytest.mark.parametrize("form", ["outcomes.csv", "outcomes.json-stat", "outcomes.sdmx.csv", "progress", "logic-model"])
async def test_each_format_has_an_etag(application, form):
    http = application.http_client(await application.issue_key("ohid", Scope.REVIEW))
    address = f"/v1/programmes/{PROGRAMME}/preview/{form}"
    tag = (await http.get(address)).headers["etag"]
    assert (await http.get(address, headers={"If-None-Match": tag})).status_code == 304
