"""The pages of returns: signing in, who owes what, decisions, and publishing, as a browser without scripts does."""

from datetime import UTC, datetime, timedelta

import pytest

from schema.partners import Scope
from tests.fixtures.page_visitors import PageReader, Visitor, sign_in
from tests.fixtures.release_client import ReleaseClient, make_learners_return
from tests.partner.test_publication_jobs import PEOPLE
from work_health import Withdrawal, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
RETURNS = f"/programmes/{PROGRAMME}/returns"
PERIOD = "FY2025-26-Q2"
RETURN = f"{RETURNS}/nottingham-city-council/ips-primary-care-referrals/headline/main/{PERIOD}"
COOKIE = "work_health_session"


async def submit(partner, value: int = 112, period: str = PERIOD):
    new = new_return("ips-primary-care-referrals", period, [observation(CITY, value)])
    return await partner.create_submission(PROGRAMME, new_submission(new))


@pytest.fixture
async def reviewer(application) -> Visitor:
    return await sign_in(application, await application.issue_key("ohid", Scope.REVIEW), RETURNS)


@pytest.fixture
async def council(application) -> Visitor:
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT, Scope.READ)
    return await sign_in(application, key, RETURNS)


async def test_visitor_signs_in_reads_and_signs_out(application):
    visitor = Visitor(application.http_client())
    response = await visitor.read(f"{RETURNS}/list")
    assert [hop.status_code for hop in response.history] == [303]
    assert (response.url.path, response.url.params["next"]) == ("/sign-in", f"{RETURNS}/list")
    response = await visitor.send("/sign-in", key=f"  {await application.issue_key('ohid', Scope.REVIEW)}\n")
    assert (response.status_code, response.url.path) == (200, f"{RETURNS}/list")
    assert response.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in response.headers
    response = await visitor.send("/sign-out")
    assert (response.url.path, COOKIE in visitor.http.cookies) == ("/sign-in", False)
    assert (await visitor.read(RETURNS)).url.path == "/sign-in"


@pytest.mark.parametrize(
    ("scheme", "name", "is_secure"), [("http", COOKIE, False), ("https", f"__Host-{COOKIE}", True)]
)
async def test_cookie_is_for_this_server_alone(application, scheme, name, is_secure):
    key = await application.issue_key("ohid", Scope.REVIEW)
    response = await application.http_client().post(
        f"{scheme}://test/sign-in", data={"key": key}, headers={"Origin": f"{scheme}://test"}
    )
    cookie = response.headers["set-cookie"]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith(f"{name}=")
    assert key not in cookie
    assert {"httponly", "samesite=strict", "path=/"} <= attributes
    assert ("secure" in attributes) == is_secure
    assert not any(part.startswith("domain") for part in attributes)


@pytest.mark.parametrize(
    "following", ["//evil.example", "https://evil.example", "javascript:1", "/metrics", f"{RETURNS}?x"]
)
async def test_signing_in_leads_to_pages_of_returns_only(application, following):
    visitor = Visitor(application.http_client())
    await visitor.read(f"/sign-in?next={following}")
    assert following not in visitor.page.links
    response = await visitor.send("/sign-in", key=await application.issue_key("ohid", Scope.REVIEW), next=following)
    assert (response.url.host, response.url.path) == ("test", RETURNS)


async def test_key_of_another_programme_leads_to_its_own(application, harbour_programme):
    key = await application.issue_key("harbour-council", Scope.REVIEW, programme=harbour_programme)
    visitor = await sign_in(application, key, RETURNS)
    assert visitor.response.url.path == f"/programmes/{harbour_programme}/returns"


@pytest.mark.parametrize("key", ["", "secret", "wh_live_abcdefghij_" + "A" * 43])
async def test_wrong_key_is_refused_at_its_field(application, key):
    visitor = Visitor(application.http_client())
    await visitor.read("/sign-in")
    response = await visitor.send("/sign-in", key=key)
    assert (response.status_code, COOKIE in visitor.http.cookies) == (401, False)
    assert {"key-error", "key-hint"} <= visitor.page.described & set(visitor.page.ids)
    assert "#key" in visitor.page.links
    assert key == "" or key not in response.text


async def test_session_ends_with_its_key_and_after_its_hours(application):
    key = await application.issue_key("ohid", Scope.REVIEW)
    visitor = await sign_in(application, key, RETURNS)
    connection = await application.query_connection()
    await connection.execute("update client_key set revoked_at = $1 where id = $2", application.now, key.split("_")[2])
    response = await visitor.read(RETURNS)
    assert (response.status_code, COOKIE in visitor.http.cookies) == (401, False)
    response = await visitor.send("/sign-in", key=await application.issue_key("ohid", Scope.REVIEW))
    assert (response.status_code, response.url.path) == (200, RETURNS)
    visitor = await sign_in(application, await application.issue_key("ohid", Scope.REVIEW), RETURNS)
    application.now += timedelta(hours=8, seconds=1)
    assert (await visitor.read(RETURNS)).url.path == "/sign-in"


async def test_form_of_another_site_or_without_its_token_is_refused(application, council_client, reviewer):
    await submit(council_client)
    await reviewer.read(RETURN)
    html = reviewer.response
    refused = [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": None},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
        {"headers": {"Sec-Fetch-Site": "same-site"}},
        {"form_token": ""},
        {"form_token": None},
        {"form_token": "x" * 43},
        {"form_token": "é"},
    ]
    for change in refused:
        reviewer.response = html
        response = await reviewer.send("/approval", **change)
        assert response.status_code == 403, change
    reviewer.response = html
    assert (await reviewer.send("/sign-out", origin="https://evil.example")).status_code == 403
    response = await application.http_client().post("/sign-in", data={"key": "x"}, headers={"Origin": "http://evil"})
    assert response.status_code == 403
    assert await application.count_rows("return_event") == 1
    reviewer.response = html
    response = await reviewer.send("/approval", origin=None, headers={"Sec-Fetch-Site": "same-origin"})
    assert (response.status_code, response.url.params["done"]) == (200, "approval")


async def test_matrix_shows_each_state_and_leads_to_the_return(application, council_client, reviewer):
    await submit(council_client)
    await reviewer.read(f"{RETURNS}?measure=ips-primary-care-referrals")
    [table] = reviewer.page.tables
    periods = table[0]
    row = next(row for row in table if row[0] == "Nottingham City Council")
    states = zip(periods, row, strict=True)
    by_quarter = {period[:2]: state for period, state in states if period.startswith("Q")}
    assert by_quarter == {"Q1": "late", "Q2": "pending", "Q3": "not due", "Q4": "not due"}
    assert RETURN in reviewer.page.links
    assert (await reviewer.read(RETURN)).status_code == 200


async def test_partner_sees_its_own_rows_and_decides_nothing(application, council_client, council):
    await submit(council_client)
    await council.read(RETURNS)
    assert {row[0] for table in council.page.tables for row in table[1:]} == {"Nottingham City Council"}
    await council.read(RETURN)
    assert [form["action"].rpartition("/")[2] for form in council.page.forms] == ["sign-out", "comments"]
    html = council.response
    form = council.page.find_form("/comments")
    response = await council.http.post(
        f"{RETURN}/approval", data=form["fields"], headers={"Origin": "http://test", "Accept": "text/html"}
    )
    assert response.status_code == 403
    council.response = html
    await council.send("/comments", text="Two clinics joined.")
    assert (await council.read(RETURN)).text.count("Two clinics joined.") == 1
    other = await sign_in(
        application, await application.issue_key("nottingham-university-hospitals", Scope.SUBMIT, Scope.READ), RETURNS
    )
    response = await other.read(RETURN)
    assert (response.status_code, "112" in response.text) == (404, False)
    assert (await other.read(f"{RETURNS}/publications")).status_code == 403


async def test_nobody_decides_on_a_return_of_their_own_organisation(application, council_client):
    await submit(council_client)
    key = await application.issue_key("nottingham-city-council", Scope.REVIEW)
    visitor = await sign_in(application, key, RETURN)
    assert [form["action"].rpartition("/")[2] for form in visitor.page.forms] == ["sign-out", "comments"]
    fields = visitor.page.find_form("/comments")["fields"]
    response = await visitor.http.post(f"{RETURN}/approval", data=fields, headers={"Origin": "http://test"})
    assert (response.status_code, response.json()["type"]) == (403, "/errors/own-return")
    assert await application.count_rows("return_event") == 1


async def test_reviewer_reads_queries_approves_and_reopens(application, council_client, reviewer):
    await submit(council_client, 100, "FY2025-26-Q1")
    await submit(council_client, 112)
    await reviewer.read(f"{RETURNS}/list?state=pending")
    assert RETURN in reviewer.page.links
    await reviewer.read(RETURN)
    assert reviewer.page.tables[0][1][1:] == ["112", "100", "+12 (+12 %)"]
    response = await reviewer.send("/query", reason=" ")
    assert response.status_code == 422
    assert "query-reason-error" in reviewer.page.described & set(reviewer.page.ids)
    assert "#query-reason" in reviewer.page.links
    await reviewer.send("/query", reason="Is it <b>cumulative</b>?")
    assert reviewer.response.url.params["done"] == "query"
    assert "Is it &lt;b&gt;cumulative&lt;/b&gt;?" in reviewer.response.text
    assert "/query" not in "".join(form["action"] for form in reviewer.page.forms)
    await reviewer.send("/approval")
    assert (await council_client.get_return(PROGRAMME, **name_return())).summary.state == "approved"
    await reviewer.send("/reopening", reason="Too early.")
    assert (await council_client.get_return(PROGRAMME, **name_return())).summary.state == "pending"
    audit = await (await application.query_connection()).fetch("select action from audit where action like 'review.%'")
    assert [row["action"] for row in audit] == ["review.queried", "review.approved", "review.reopened"]


def name_return() -> dict:
    return dict(zip(("organisation", "measure", "series", "service", "period"), RETURN.split("/")[-5:], strict=True))


async def test_reviewer_finds_a_withdrawal_reads_what_is_withdrawn_and_approves_it(
    application, council_client, reviewer
):
    await submit(council_client, 137)
    key = {"organisation": "nottingham-city-council", "measure": "ips-primary-care-referrals", "period": PERIOD}
    await council_client.withdraw_return(
        PROGRAMME, **key, series="headline", service="main", withdrawal=Withdrawal(reason="Another quarter.")
    )
    await reviewer.read(f"{RETURNS}/list?state=pending")
    assert RETURN in reviewer.page.links
    assert "Another quarter." in reviewer.response.text
    await reviewer.read(f"{RETURNS}/list?state=pending&organisation=nottinghamshire-healthcare")
    assert RETURN not in reviewer.page.links
    await reviewer.read(RETURN)
    assert "<h1>Withdrawal" in reviewer.response.text
    assert reviewer.page.tables[0][1][:2] == ["Nottingham", "137"]
    response = await reviewer.send("/approval")
    assert response.url.params["done"] == "approval"
    await reviewer.read(f"{RETURNS}/list?state=pending")
    assert RETURN not in reviewer.page.links


async def test_form_that_is_sent_twice_acts_once(application, council_client, reviewer):
    await submit(council_client)
    await reviewer.read(RETURN)
    html = reviewer.response
    for _ in range(2):
        reviewer.response = html
        response = await reviewer.send("/comments", text="Please check.")
        assert response.url.params["done"] == "comments"
    assert await application.count_rows("return_event") == 2


async def test_decision_about_a_replaced_revision_is_refused_at_the_form(application, council_client, reviewer):
    await submit(council_client, 112)
    await reviewer.read(RETURN)
    await submit(council_client, 115)
    response = await reviewer.send("/query", reason="Why so many?")
    assert response.status_code == 409
    assert reviewer.page.find_form("/query")["fields"]["revision"] == "2"
    assert "Why so many?" in response.text
    assert await application.count_rows("return_event") == 3  # two recorded, one superseded


async def test_publisher_rehearses_reads_the_summary_and_publishes(application, harbour_programme):
    application.now = datetime(2026, 10, 20, 9, 30, tzinfo=UTC)
    client = ReleaseClient(application, harbour_programme)
    await client.submit_and_approve("quay-college", make_learners_return("2026-07", PEOPLE))
    returns = f"/programmes/{harbour_programme}/returns"
    key = await application.issue_key("harbour-council", Scope.PUBLISH, programme=harbour_programme)
    visitor = await sign_in(application, key, returns)
    assert visitor.response.url.path == f"{returns}/publications"
    response = await visitor.send("/publications", publish_at="2026-01-01T09:30")
    assert response.status_code == 422
    response = await visitor.send("/publications", publish_at="tomorrow")
    assert (response.status_code, "publish_at-error" in visitor.page.ids) == (422, True)
    await visitor.send("/publications", notes="The first.", publish_at="")
    job = visitor.response.url.path
    assert visitor.response.headers["refresh"] == "5"
    assert "refresh" not in (await visitor.read(f"{job}?updates=false")).headers
    await application.run_publication_jobs()
    await visitor.read(job)
    assert "refresh" not in visitor.response.headers
    rows = {row[0]: row[1:] for row in visitor.page.tables[0][1:]}
    figures, shown, hidden, not_sent = map(int, next(row for name, row in rows.items() if "earners" in name)[:4])
    assert figures == shown + hidden + not_sent > 0
    assert await application.count_rows("release.release") == 0
    await visitor.send("/publications")
    assert visitor.response.url.path != job
    await application.run_publication_jobs()
    released = (await client.read("releases/1")).json()
    assert (released["number"], released["notes"]) == (1, "The first.")


async def test_publication_is_cancelled_and_a_second_one_refused(application, harbour_programme):
    returns = f"/programmes/{harbour_programme}/returns"
    key = await application.issue_key("harbour-council", Scope.PUBLISH, programme=harbour_programme)
    visitor = await sign_in(application, key, f"{returns}/publications")
    start = visitor.response
    await visitor.send("/publications")
    job = visitor.response
    visitor.response = start
    await visitor.read(f"{returns}/publications")
    response = await visitor.send("/publications", button=1)
    assert (response.status_code, "#notes" in visitor.page.links) == (409, True)
    visitor.response = job
    await visitor.send("/cancellation")
    connection = await application.query_connection()
    assert await connection.fetchval("select array_agg(state) from publication") == ["cancelled"]


@pytest.mark.parametrize("path", ["", "/list", "/publications"])
async def test_pages_name_their_fields_tables_and_ids(application, path):
    key = await application.issue_key("ohid", *Scope)
    visitor = await sign_in(application, key, f"{RETURNS}{path}")
    assert visitor.response.status_code == 200
    html, page = visitor.response.text, visitor.page
    assert page.described <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert html.count("<th") == html.count('<th scope="') + html.count("<thead")
    assert html.count("<h1") == 1


async def test_server_without_a_secret_has_no_pages_to_sign_in_to(application):
    seal, application.app.state.session_seal = application.app.state.session_seal, None
    try:
        for path in ("/sign-in", RETURNS):
            response = await application.http_client().get(path, follow_redirects=True)
            assert (response.status_code, response.json()["type"]) == (404, "/errors/sign-in-unavailable")
    finally:
        application.app.state.session_seal = seal


def test_page_reader_finds_what_a_form_sends():
    page = PageReader('<form action="/a"><input name="b" value="c"><button name="d" value="e">F</button></form>')
    assert page.find_form("/a") == {"action": "/a", "method": "get", "fields": {"b": "c"}, "buttons": [("d", "e")]}
