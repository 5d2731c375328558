"""Authentication: who calls, and what a key gives access to."""

import gc
from datetime import timedelta

import pytest
from sqlalchemy import text

from api.access import keys, queries_keys
from schema import partners
from work_health import NotAllowed, NotFound, Scope

PROGRAMME = "work-and-health-2025-2028"


async def test_me_names_the_owner_of_the_key(application):
    secret = await application.issue_key("nottingham-city-council", partners.Scope.SUBMIT, partners.Scope.READ)
    me = await application.sdk_client(secret).get_me()
    [grant] = me.grants
    assert (grant.programme, grant.organisation, set(grant.scopes)) == (
        PROGRAMME,
        "nottingham-city-council",
        {Scope.SUBMIT, Scope.READ},
    )
    assert (me.key, me.last_used_at) == (secret.split("_")[2], None)
    application.now += timedelta(minutes=5)
    assert (await application.sdk_client(secret).get_me()).last_used_at is not None


async def test_secret_is_not_stored(application):
    secret = await application.issue_key("ohid", partners.Scope.READ)
    async with application.owner.connect() as connection:
        rows = (await connection.execute(text("select client_key::text, client::text from client_key, client"))).all()
    assert secret.rsplit("_", 1)[-1] not in str(rows)


async def test_expired_key_is_refused(application):
    secret = await application.issue_key("ohid", partners.Scope.READ, days=1)
    application.now += timedelta(days=1)
    with pytest.raises(NotAllowed, match="expired"):
        await application.sdk_client(secret).get_me()


async def test_revoked_key_is_refused(application):
    secret = await application.issue_key("ohid", partners.Scope.READ)
    async with application.owner.begin() as transaction:
        assert await queries_keys.revoke_key(transaction, secret.split("_")[2], now=application.now)
        assert not await queries_keys.revoke_key(transaction, secret.split("_")[2], now=application.now)
    with pytest.raises(NotAllowed, match="revoked"):
        await application.sdk_client(secret).get_me()


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (None, "no Authorization header"),
        ("Basic abc", "Bearer"),
        ("Bearer abc", "wh_live_"),
        ("Bearer " + keys.make_key(bytes(38), sandbox=False).secret, "unknown"),
    ],
)
async def test_invalid_key_is_refused_with_a_reason(application, header, text):
    response = await application.http_client().get("/v1/me", headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert text in response.json()["detail"]


async def test_refusal_names_the_missing_scope(council_client):
    with pytest.raises(NotAllowed, match=r"\breview\b.*\bsubmit, read\b"):
        await council_client.preview_outcomes(PROGRAMME)


async def test_programme_without_access_gives_404(council_client):
    with pytest.raises(NotFound, match="elsewhere"):
        await council_client.list_returns("elsewhere")


def test_key_needs_enough_random_bytes():
    with pytest.raises(ValueError, match="38"):
        keys.make_key(b"short", sandbox=True)
    assert keys.is_well_formed(keys.make_key(bytes(range(38)), sandbox=True).secret)


@pytest.mark.parametrize(("key", "address"), [("wh_live_" + "0" * 60, "/v1/me"), (None, "/v1/programmes/no/audit")])
async def test_refusal_releases_its_connection_before_the_response(application, key, address):
    """Check that wrong keys do not use up connections, even when the garbage collector is off."""
    http = application.http_client(key or await application.issue_key("ohid", Scope.ADMIN))
    gc.disable()
    try:
        for _ in range(10):
            assert (await http.get(address)).status_code in {401, 404}
            assert application.engine.pool.checkedout() == 0
    finally:
        gc.enable()
