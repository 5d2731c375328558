"""Holders list, replace and revoke the keys of their own client, and operators those of every client."""

import asyncio
import re
from datetime import timedelta

import asyncpg
import pytest

from api.__main__ import build_parser
from api.access import keys, queries_keys
from api.database.roles import APPLICATION_ROLE, login_url
from api.http.refusals import Refusal
from api.settings import Settings
from schema import partners
from work_health import Conflict, KeyExpiresSoon, NewKey, NotAllowed, NotFound, RequestRejected, Scope

PROGRAMME = "work-and-health-2025-2028"
ORGANISATION = "nottingham-city-council"
DAY = timedelta(days=1)
LONG_OVERLAP = NewKey(overlap_days=90)  # the SDK gives no warning about the key in use


def id_of(secret: str) -> str:
    return secret.split("_")[2]


@pytest.fixture
async def secret(application) -> str:
    return await application.issue_key(ORGANISATION, partners.Scope.SUBMIT, person="ann@example.org")


@pytest.fixture
def holder(application, secret):
    return application.sdk_client(secret)


@pytest.fixture
async def stranger(application):
    """Return the client of another key of the same organisation and person."""
    return application.sdk_client(
        await application.issue_key(ORGANISATION, partners.Scope.SUBMIT, person="ann@example.org")
    )


async def list_audit(application) -> list[tuple[str, dict[str, str]]]:
    admin = await application.partner_client("work-money-health-coordination-group", Scope.ADMIN)
    entries = reversed((await admin.list_audit_entries(PROGRAMME)).items)
    return [(entry.action, entry.subject.to_dict()) for entry in entries if entry.action.startswith("key.")]


async def test_new_key_has_the_same_grants_and_person(application, holder, secret):
    before = await holder.get_me()
    issued = await holder.create_key(NewKey(days=400, overlap_days=3))
    after = await application.sdk_client(issued.secret).get_me()
    assert (after.client, after.person, after.grants) == (before.client, before.person, before.grants)
    assert (after.key, id_of(issued.secret), issued.key.id) == (issued.key.id,) * 3
    assert (after.created_at, after.expires_at) == (application.now, application.now + 400 * DAY)
    assert (issued.replaced.id, issued.replaced.expires_at) == (id_of(secret), application.now + 3 * DAY)
    assert issued.secret.startswith("wh_live_")


async def test_old_key_is_valid_until_the_overlap_ends(application, holder):
    issued = await holder.create_key(NewKey(overlap_days=3))
    application.now += 3 * DAY - timedelta(seconds=1)
    with pytest.warns(KeyExpiresSoon):
        await holder.get_me()
    application.now += timedelta(seconds=1)
    with pytest.raises(NotAllowed, match="expired"):
        await holder.get_me()
    assert (await application.sdk_client(issued.secret).get_me()).key == issued.key.id


async def test_overlap_never_extends_the_old_key(application, holder):
    old = await holder.get_me()
    issued = await holder.create_key(NewKey(overlap_days=730))
    assert issued.replaced.expires_at == old.expires_at


async def test_secret_appears_once_and_is_never_stored(application, secret):
    http = application.http_client(secret)
    response = await http.post("/v1/me/keys", json={}, headers={"Idempotency-Key": "once"})
    assert (response.status_code, response.headers["cache-control"]) == (201, "no-store")
    random_part = response.json()["secret"].rsplit("_", 1)[-1]
    repeated = await http.post("/v1/me/keys", json={}, headers={"Idempotency-Key": "once"})
    assert repeated.json()["secret"] != response.json()["secret"]
    assert random_part not in (await http.get("/v1/me/keys")).text
    owner = await application.query_connection()
    for table in ("client_key", "audit", "idempotency"):
        rows = await owner.fetch(f"select {table}::text from {table}")
        assert random_part not in str(rows)
        assert rows or table == "idempotency"


async def test_list_shows_each_key_of_the_client_and_no_other(application, holder, stranger, secret):
    issued = await holder.create_key(NewKey())
    application.now += timedelta(minutes=5)
    new_holder = application.sdk_client(issued.secret)
    await new_holder.revoke_key(id_of(secret))
    items = (await new_holder.list_keys()).items
    assert [(key.id, key.in_use, key.revoked_at) for key in items] == [
        (issued.key.id, True, None),
        (id_of(secret), False, application.now),
    ]
    assert items[0].last_used_at == application.now
    assert len((await stranger.list_keys()).items) == 1


async def test_client_has_at_most_three_valid_keys(application, holder):
    created = [await holder.create_key(LONG_OVERLAP) for _ in range(2)]
    with pytest.raises(Conflict) as refusal:
        await holder.create_key(LONG_OVERLAP)
    assert refusal.value.problem.type_.endswith("/errors/too-many-keys")
    assert await application.count_rows("client_key") == 3
    await holder.revoke_key(created[0].key.id)
    await holder.create_key(LONG_OVERLAP)


async def test_concurrent_requests_do_not_exceed_the_maximum(application, holder):
    results = await asyncio.gather(*(holder.create_key(LONG_OVERLAP) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 2
    assert await application.count_rows("client_key") == 3


async def test_holder_revokes_the_key_in_use(application, holder, secret):
    issued = await holder.create_key(LONG_OVERLAP)
    revoked = await holder.revoke_key(id_of(secret))
    assert (revoked.id, revoked.revoked_at, revoked.in_use) == (id_of(secret), application.now, True)
    for call in (
        holder.get_me(),
        holder.list_keys(),
        holder.create_key(LONG_OVERLAP),
        holder.revoke_key(issued.key.id),
    ):
        with pytest.raises(NotAllowed, match="revoked"):
            await call
    assert (await application.sdk_client(issued.secret).get_me()).key == issued.key.id


async def test_revoking_again_changes_nothing(application, holder):
    issued = await holder.create_key(LONG_OVERLAP)
    first = await holder.revoke_key(issued.key.id)
    application.now += timedelta(hours=1)
    assert await holder.revoke_key(issued.key.id) == first
    assert [action for action, _ in await list_audit(application)] == ["key.issued", "key.revoked"]


async def test_key_of_another_client_is_not_found(application, holder, stranger, secret):
    for key in (id_of(secret), "aaaaaaaaaa", "%"):
        with pytest.raises(NotFound):
            await stranger.revoke_key(key)
    assert (await holder.get_me()).key == id_of(secret)


async def test_expired_key_does_nothing(application, holder, secret):
    application.now += 366 * DAY
    for call in (holder.list_keys(), holder.create_key(NewKey()), holder.revoke_key(id_of(secret))):
        with pytest.raises(NotAllowed, match="expired"):
            await call
    assert await application.count_rows("client_key") == 1


@pytest.mark.parametrize("new_key", [NewKey(days=731), NewKey(days=0), NewKey(overlap_days=0)])
async def test_days_have_limits(holder, new_key):
    with pytest.raises(RequestRejected):
        await holder.create_key(new_key)


async def test_both_acts_are_audited_in_every_programme_of_the_client(application, holder, secret, harbour_programme):
    owner = await application.query_connection()
    await owner.execute(
        """
        insert into client_grant (client, programme, organisation, scopes)
        select k.client, o.programme, o.id, '{read}' from client_key k, organisation o
        where k.id = $1 and o.slug = 'quay-college'
        """,
        id_of(secret),
    )
    issued = await holder.create_key(LONG_OVERLAP)
    await holder.revoke_key(issued.key.id)
    subject = {"key": issued.key.id, "client": f"{ORGANISATION} script", "person": "ann@example.org"}
    assert await list_audit(application) == [
        ("key.issued", subject | {"scopes": "submit", "replaces": id_of(secret)}),
        ("key.revoked", subject | {"scopes": "submit"}),
    ]
    rows = await owner.fetch(
        """
        select p.slug, o.slug as organisation, a.action, a.key from audit a
        join programme p on p.id = a.programme join organisation o on o.programme = p.id and o.id = a.organisation
        where a.action like 'key.%'
        """
    )
    assert {tuple(row) for row in rows} == {
        (programme, organisation, action, id_of(secret))
        for programme, organisation in ((PROGRAMME, ORGANISATION), (harbour_programme, "quay-college"))
        for action in ("key.issued", "key.revoked")
    }


async def test_response_announces_the_end_of_a_key_in_its_last_30_days(application, secret):
    http = application.http_client(secret)
    before = await http.get("/v1/me")
    assert ("authentication-info" in before.headers, before.json()["expires_soon"]) == (False, False)
    application.now += 335 * DAY
    expected = f'key="{id_of(secret)}", expires_at="2026-10-20T09:30:00+00:00"'
    for response in (
        await http.get("/v1/me"),
        await http.get(f"/v1/programmes/{PROGRAMME}/returns"),
        await http.post(f"/v1/programmes/{PROGRAMME}/submissions", json={}),
        await http.get(f"/v1/programmes/{PROGRAMME}/audit"),
    ):
        assert response.headers["authentication-info"] == expected
    assert (await http.get("/v1/me")).json()["expires_soon"]
    open_read = await http.get(f"/v1/programmes/{PROGRAMME}/measures")
    assert "authentication-info" not in open_read.headers


async def test_sdk_warns_once_at_the_line_of_the_caller(application):
    secret = await application.issue_key("ohid", partners.Scope.READ, days=30)
    client = application.sdk_client(secret)
    with pytest.warns(KeyExpiresSoon, match=id_of(secret)) as caught:
        await client.get_me()
    await client.get_me()  # a second warning would be an error
    [warning] = caught
    assert warning.filename == __file__


@pytest.fixture
async def bound_connection(application, secret):
    """Connect with the application's role, in a transaction that is bound to the holder's key."""
    owner = await application.query_connection()
    client = await owner.fetchval("select client::text from client_key where id = $1", id_of(secret))
    connection = await asyncpg.connect(login_url(application.url, APPLICATION_ROLE))
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        "select set_config('work_health.client', $1, true), set_config('work_health.key', $2, true)",
        client,
        id_of(secret),
    )
    yield connection
    await transaction.rollback()
    await connection.close()


REPLACE = "select replace_own_key('bbbbbbbbbb', '\\x00', $1, $2, $2, 'req')"
REVOKE = "select revoke_own_key($1, $2, 'req')"


async def test_in_sql_the_application_makes_keys_of_the_bound_client_only(application, bound_connection, stranger):
    other = (await stranger.get_me()).key
    now, end = application.now, application.now + 900 * DAY
    assert not await bound_connection.fetchval(REVOKE, other, now)
    assert await bound_connection.fetchval(REPLACE, now, end)
    rows = await bound_connection.fetch(
        "select client = nullif(current_setting('work_health.client'), '')::uuid as own from client_key where id = $1",
        "bbbbbbbbbb",
    )
    assert [row["own"] for row in rows] == [True]
    # The overlap ends later than the key does: its end stays.
    assert await bound_connection.fetchval("select max(expires_at) from client_key where id <> 'bbbbbbbbbb'") < end
    assert await bound_connection.fetchval(REVOKE, "bbbbbbbbbb", now)


@pytest.mark.parametrize(
    ("setting", "value"), [("client", ""), ("key", ""), ("client", "00000000-0000-0000-0000-000000000000")]
)
async def test_in_sql_an_unbound_connection_makes_no_key(application, bound_connection, secret, setting, value):
    await bound_connection.execute(f"select set_config('work_health.{setting}', '{value}', true)")
    assert not await bound_connection.fetchval(REPLACE, application.now, application.now + DAY)
    assert not await bound_connection.fetchval(REVOKE, id_of(secret), application.now)


async def test_in_sql_the_key_of_another_client_makes_no_key(application, bound_connection, stranger):
    """The key and the client of the transaction must belong together."""
    other = (await stranger.get_me()).key
    await bound_connection.execute("select set_config('work_health.key', $1, true)", other)
    assert not await bound_connection.fetchval(REPLACE, application.now, application.now + DAY)


async def test_in_sql_a_revoked_or_expired_key_makes_no_key(application, bound_connection, secret):
    later = application.now + 365 * DAY
    assert not await bound_connection.fetchval(REPLACE, later, later + DAY)
    assert await bound_connection.fetchval(REVOKE, id_of(secret), application.now)
    assert not await bound_connection.fetchval(REPLACE, application.now, application.now + DAY)


@pytest.fixture
def operate(application, capsys):
    """Return a function that runs a command of the operator and returns its output."""

    async def run(*words: str) -> str:
        arguments = build_parser().parse_args(words)
        settings = Settings(database_url=application.url)
        assert await asyncio.to_thread(arguments.command, arguments, settings) == 0
        return capsys.readouterr().out

    return run


async def issue_by_command(operate, name: str, *more: str) -> str:
    who = ("--person", "ann@example.org", "--organisation", "ohid", "--programme", PROGRAMME)
    return (await operate("issue-key", name, *who, "--scope", "read", "--scope", "admin", *more)).strip()


async def test_operator_lists_keys_within_80_columns(application, operate, secret):
    listed = await issue_by_command(operate, "A script " * 10, "--days", "20")
    await operate("revoke-key", id_of(secret))
    everything = await operate("list-keys")
    assert max(map(len, everything.splitlines())) <= 80
    text = " ".join(everything.split())
    assert re.search(
        rf"{id_of(listed)} A script .*A script, issued to ann@example.org ohid in {PROGRAMME}: read admin "
        r"created [\d-]+, expires [\d-]+, never used",
        text,
    )
    assert re.search(rf"{id_of(secret)} .* {ORGANISATION} in .*: submit created .*, revoked \d", text)
    assert everything.endswith("2 keys\n")
    for filters in (("--organisation", "ohid"), ("--expiring", "20")):
        selected = await operate("list-keys", "--programme", PROGRAMME, *filters)
        assert (id_of(listed) in selected, selected.endswith("\n1 keys\n")) == (True, True)
    assert await operate("list-keys", "--expiring", "19") == "0 keys\n"


async def test_operator_rotates_a_key(application, operate):
    old = await issue_by_command(operate, "A script")
    new = (await operate("rotate-key", id_of(old), "--days", "100", "--overlap-days", "2")).strip()
    owner = await application.query_connection()
    rows = await owner.fetch("select id, client, expires_at - now() as rest from client_key order by created_at")
    assert [row["id"] for row in rows] == [id_of(old), id_of(new)]
    assert rows[0]["client"] == rows[1]["client"]
    assert [round(row["rest"] / DAY) for row in rows] == [2, 100]
    assert await owner.fetchval("select digest from client_key where id = $1", id_of(new)) == keys.hash_secret(new)
    revoked = await operate("revoke-key", id_of(old))
    assert id_of(new) in revoked  # the client still has it
    with pytest.raises(Refusal, match=id_of(old)):
        await operate("rotate-key", id_of(old))
    audit = await list_audit(application)
    assert [(action, subject["key"], subject.get("replaces")) for action, subject in audit] == [
        ("key.issued", id_of(old), None),
        ("key.issued", id_of(new), id_of(old)),
        ("key.revoked", id_of(old), None),
    ]


async def test_new_key_of_a_sandbox_says_so(application, operate):
    owner = await application.query_connection()
    await owner.execute("update programme set sandbox = true")
    secret = await application.issue_key("ohid", partners.Scope.READ, sandbox=True)
    issued = await application.sdk_client(secret).create_key(NewKey())
    assert issued.secret.startswith("wh_sandbox_")


async def test_key_that_was_revoked_meanwhile_makes_no_key(application, secret):
    """The operator revokes the key after the request was authenticated."""
    key = keys.make_key(bytes(38), sandbox=False)
    async with application.owner.begin() as transaction:
        assert await queries_keys.revoke_key(transaction, id_of(secret), now=application.now)
        assert not await queries_keys.replace_key(
            transaction,
            id_of(secret),
            key,
            now=application.now,
            expires_at=application.now + DAY,
            overlap_ends_at=application.now + DAY,
        )
