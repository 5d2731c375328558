"""Nobody is sent what they have: `ETag` on whole answers, 304 for whoever names it."""

import pytest

from schema.partners import Scope
from work_health import new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
PLAN = f"/v1/programmes/{PROGRAMME}/measures"
PREVIEW = f"/v1/programmes/{PROGRAMME}/preview/outcomes"


#   If-None-Match, of the tag "x"          who has it is told so
NAMED = [
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


@pytest.mark.parametrize(("named", "status"), NAMED)
async def test_who_has_the_content_is_told_so(application, named, status):
    http = application.http_client()
    first = await http.get(PLAN)
    tag = first.headers["etag"]
    again = await http.get(PLAN, headers={"If-None-Match": named.format(tag=tag, bare=tag.strip('"'))})
    assert (again.status_code, again.headers["etag"]) == (status, tag)
    assert again.content == (b"" if status == 304 else first.content)
    if status == 304:
        assert {"content-type", "content-length"}.isdisjoint(again.headers)
    assert again.headers["cache-control"] == "public, no-cache"
    assert again.headers["request-id"] != first.headers["request-id"]


async def test_several_lines_of_the_header_are_one_list(application):
    http = application.http_client()
    tag = (await http.get(PLAN)).headers["etag"]
    lines = [("If-None-Match", '"other"'), ("If-None-Match", tag)]
    assert (await http.get(PLAN, headers=lines)).status_code == 304


async def test_the_tag_follows_the_content_and_nobody_who_asks(application, council_client):
    one = application.http_client(await application.issue_key("ohid", Scope.REVIEW))
    other = application.http_client(await application.issue_key("nhs-nottingham-nottinghamshire-icb", Scope.REVIEW))
    before = await one.get(PREVIEW)
    assert before.headers["cache-control"] == "private, no-cache"
    assert (await other.get(PREVIEW)).headers["etag"] == before.headers["etag"]
    new = new_return("ips-primary-care-referrals", "FY2025-26-Q1", [observation("E06000018", 100)])
    await council_client.create_submission(PROGRAMME, new_submission(new))
    after = await one.get(PREVIEW, headers={"If-None-Match": before.headers["etag"]})
    assert (after.status_code, after.headers["etag"] == before.headers["etag"]) == (200, False)


async def test_a_tag_opens_nothing(application):
    tag = (await application.http_client(await application.issue_key("ohid", Scope.REVIEW)).get(PREVIEW)).headers[
        "etag"
    ]
    for named in (tag, "*"):
        answer = await application.http_client().get(PREVIEW, headers={"If-None-Match": named})
        assert (answer.status_code, "etag" in answer.headers) == (401, False)


async def test_what_is_no_reading_has_no_tag(application):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    answer = await http.post(
        f"/v1/programmes/{PROGRAMME}/submissions", json={"returns": []}, headers={"If-None-Match": "*"}
    )
    assert (answer.status_code, "etag" in answer.headers) == (422, False)


async def test_each_look_at_a_preview_is_in_the_audit_also_where_nothing_has_changed(application):
    http = application.http_client(await application.issue_key("ohid", Scope.REVIEW))
    tag = (await http.get(PREVIEW)).headers["etag"]
    looks = await application.count_rows("audit")
    assert (await http.get(PREVIEW, headers={"If-None-Match": tag})).status_code == 304
    assert await application.count_rows("audit") == looks + 1


@pytest.mark.parametrize("form", ["outcomes.csv", "outcomes.json-stat", "outcomes.sdmx.csv", "progress", "logic-model"])
async def test_every_form_has_a_tag(application, form):
    http = application.http_client(await application.issue_key("ohid", Scope.REVIEW))
    address = f"/v1/programmes/{PROGRAMME}/preview/{form}"
    tag = (await http.get(address)).headers["etag"]
    assert (await http.get(address, headers={"If-None-Match": tag})).status_code == 304
