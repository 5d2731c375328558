"""Attacks on the sessions of pages, with a cookie, a key or a page of another site."""

import base64

import pytest

from api.access.rate_limits import Quotas, RateLimiter
from api.access.sessions import Session, SessionSeal
from schema.partners import Scope
from tests.fixtures.page_visitors import Visitor, sign_in
from tests.partner.test_return_pages import COOKIE, PROGRAMME, RETURNS

OTHER_SECRET = bytes(range(1, 33))


async def read_with_cookie(application, cookie: str, path: str = RETURNS):
    headers = {"Cookie": f"{COOKIE}={cookie}".encode(), "Accept": b"text/html"}
    return await application.http_client().get(path, headers=headers)


async def test_cookie_that_was_changed_or_sealed_elsewhere_is_no_session(application):
    key = await application.issue_key("ohid", Scope.REVIEW)
    visitor = await sign_in(application, key, RETURNS)
    sealed = visitor.http.cookies[COOKIE]
    assert (await read_with_cookie(application, sealed)).status_code == 200
    raw = bytearray(base64.urlsafe_b64decode(sealed))
    changed = []
    for position in (0, 5, 12, 40, len(raw) - 1):
        copy = raw.copy()
        copy[position] ^= 1
        changed.append(base64.urlsafe_b64encode(copy).decode())
    session = Session(key=key, form_token="x")
    changed += ["", "x", key, sealed[:-8], sealed + "AAAA", "%00", '"', "é"]
    changed += [SessionSeal(OTHER_SECRET).seal(session, now=application.now)]
    for cookie in changed:
        response = await read_with_cookie(application, cookie)
        assert (response.status_code, response.headers["location"]) == (303, f"/sign-in?next={RETURNS}"), cookie


async def test_session_of_another_key_or_time_has_another_token(application):
    tokens = set()
    for _ in range(2):
        visitor = await sign_in(application, await application.issue_key("ohid", Scope.REVIEW), RETURNS)
        tokens.add(visitor.page.find_form("/sign-out")["fields"]["form_token"])
    assert len(tokens) == 2
    assert min(map(len, tokens)) >= 43


async def test_cookie_opens_pages_only_and_a_key_opens_pages_by_the_cookie_only(application):
    key = await application.issue_key("ohid", *Scope)
    visitor = await sign_in(application, key, RETURNS)
    assert (await visitor.http.get("/v1/me")).status_code == 401
    assert (await visitor.http.post(f"/v1/programmes/{PROGRAMME}/releases", json={})).status_code == 401
    response = await application.http_client(key).get(RETURNS)
    assert response.status_code == 303
    header = {"Authorization": f"Bearer {await application.issue_key('nottingham-city-council', Scope.READ)}"}
    response = await visitor.http.get(f"{RETURNS}/publications", headers=header)
    assert response.status_code == 200  # the session's key has the scope; the one in the header does not count


@pytest.mark.parametrize("path", ["", "/list", "/publications"])
async def test_key_without_scopes_in_the_programme_opens_no_page(application, harbour_programme, path):
    """A person who signs in with the key of another programme comes to that one."""
    key = await application.issue_key("harbour-council", Scope.READ, programme=harbour_programme)
    visitor = await sign_in(application, key, f"{RETURNS}{path}")
    assert visitor.response.url.path == f"/programmes/{harbour_programme}/returns"
    assert (await visitor.read(f"{RETURNS}{path}")).status_code == 404
    key = await application.issue_key("ohid", Scope.ADMIN)
    assert (await sign_in(application, key, f"{RETURNS}{path}")).response.status_code == 403


async def test_revoked_key_cannot_act_with_a_page_that_is_open(application):
    key = await application.issue_key("nottingham-city-council", Scope.PUBLISH)
    visitor = await sign_in(application, key, f"{RETURNS}/publications")
    connection = await application.query_connection()
    await connection.execute("update client_key set revoked_at = $1 where id = $2", application.now, key.split("_")[2])
    assert (await visitor.send("/publications", button=1)).status_code == 401
    assert await application.count_rows("publication") == 0


async def test_guessing_keys_at_the_form_is_limited_like_guessing_them_in_calls(application):
    application.app.state.rate_limiter = RateLimiter(
        Quotas(key=50, address=50, failures=3), read_clock=lambda: application.now
    )
    try:
        visitor = Visitor(application.http_client())
        statuses = []
        for number in range(5):
            await visitor.read("/sign-in")
            key = f"wh_live_{'abcde2345' + 'abcdef'[number]}_{'A' * 43}"
            statuses.append((await visitor.send("/sign-in", key=key)).status_code)
        assert statuses == [401, 401, 401, 429, 429]
    finally:
        application.app.state.rate_limiter = None
    assert await application.count_rows("audit") == 0  # unknown keys belong to no programme


async def test_wrong_forms_are_refused_without_a_failure(application):
    visitor = await sign_in(application, await application.issue_key("ohid", *Scope), f"{RETURNS}/publications")
    origin = {"Origin": "http://test"}
    token = visitor.page.find_form("/sign-out")["fields"]["form_token"]
    for body, kind in (
        (b"", "application/x-www-form-urlencoded"),
        (b"\xff=\xfe", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(501)), "application/x-www-form-urlencoded"),
        (b'{"form_token": "x"}', "application/json"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (f"form_token={token}&notes=%00".encode(), "application/x-www-form-urlencoded"),
        (f"form_token={token}&exclude_measures=none-such".encode(), "application/x-www-form-urlencoded"),
        (f"form_token={token}&publish_at=9999-12-31T23:59".encode(), "application/x-www-form-urlencoded"),
        (f"form_token={token}&notes={'x' * 70_000}".encode(), "application/x-www-form-urlencoded"),
    ):
        response = await visitor.http.post(
            f"{RETURNS}/publications", content=body, headers=origin | {"Content-Type": kind}
        )
        assert 400 <= response.status_code < 500 or response.status_code == 303, (body[:40], response.text[:200])
        if kind.endswith("json") or b"--x" in body:
            assert response.status_code == 415
