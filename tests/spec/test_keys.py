"""The format of a key, how long keys live, and how many a client has."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from api.access import key_rules, keys
from schema.partners import ClientKey, Grant, KeyRecord, NewKey, Scope

NOW = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def make_client_key(name: str, *, expires_at: datetime = NOW + DAY, revoked_at: datetime | None = None) -> ClientKey:
    return ClientKey(
        id=name, created_at=NOW - DAY, expires_at=expires_at, revoked_at=revoked_at, last_used_at=None, in_use=False
    )


def make_record(name: str, *, expires_at: datetime, revoked_at: datetime | None = None) -> KeyRecord:
    return KeyRecord(
        id=name,
        client=UUID(int=1),
        name="A script",
        person="ann@example.org",
        created_at=NOW - DAY,
        expires_at=expires_at,
        revoked_at=revoked_at,
        last_used_at=None,
    )


def test_key_is_made_of_38_bytes_and_names_its_environment():
    key = keys.make_key(bytes(range(38)), sandbox=False)
    # 6 bytes in base32, 32 in base64 (RFC 4648)
    encoded = "BgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCU"
    assert key.secret == f"wh_live_aaaqeayeau_{encoded}"
    assert (key.id, len(key.digest)) == ("aaaqeayeau", 32)
    assert keys.make_key(bytes(range(38)), sandbox=True).secret.startswith("wh_sandbox_")
    assert key.digest == keys.hash_secret(key.secret)
    with pytest.raises(ValueError, match="38"):
        keys.make_key(bytes(37), sandbox=False)


@pytest.mark.parametrize(
    ("body", "accepted"),
    [
        ({}, (365, 7)),
        ({"days": 730, "overlap_days": 730}, (730, 730)),
        ({"days": 1, "overlap_days": 1}, (1, 1)),
        ({"days": 731}, None),
        ({"days": 0}, None),
        ({"overlap_days": 0}, None),  # a lost response would lock the holder out
        ({"overlap_days": 731}, None),
        ({"scopes": ["admin"]}, None),
    ],
)
def test_new_key_lives_for_at_most_730_days_and_overlaps_for_at_least_one(body, accepted):
    if accepted is None:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(body, NewKey)
        return
    new_key = msgspec.convert(body, NewKey)
    assert (new_key.days, new_key.overlap_days) == accepted


@pytest.mark.parametrize(
    ("key", "valid"),
    [
        (make_client_key("a"), True),
        (make_client_key("a", expires_at=NOW + SECOND), True),
        (make_client_key("a", expires_at=NOW), False),
        (make_client_key("a", revoked_at=NOW - DAY), False),
    ],
)
def test_key_is_valid_until_it_expires_or_is_revoked(key, valid):
    assert key_rules.is_valid(key, now=NOW) is valid


@pytest.mark.parametrize(("rest", "soon"), [(30 * DAY, True), (30 * DAY + SECOND, False), (SECOND, True)])
def test_key_expires_soon_in_its_last_30_days(rest, soon):
    assert key_rules.expires_soon(NOW + rest, now=NOW) is soon


def test_client_has_at_most_three_valid_keys():
    ended = [make_client_key("x", expires_at=NOW), make_client_key("y", revoked_at=NOW)]
    key_rules.check_key_count([make_client_key("a"), make_client_key("b"), *ended], now=NOW)
    with pytest.raises(key_rules.TooManyKeys, match=r"3: a, b, c\.") as refusal:
        key_rules.check_key_count([*map(make_client_key, "abc"), *ended], now=NOW)
    assert refusal.value.status == 409


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, "abcde"),
        ({"organisation": "ohid"}, "ab"),
        ({"programme": "plan"}, "acd"),
        ({"organisation": "ohid", "programme": "plan"}, "a"),  # one grant must match both
        ({"expiring_days": 30}, "b"),
        ({"expiring_days": 31}, "ab"),
        ({"expiring_days": 30, "programme": "plan"}, ""),
    ],
)
def test_keys_are_selected_by_grant_and_expiry(filters, names):
    def grant(organisation: str, programme: str) -> Grant:
        return Grant(programme=programme, organisation=organisation, scopes=[Scope.READ])

    listed = [
        (make_record("a", expires_at=NOW + 31 * DAY), [grant("ohid", "plan")]),
        (make_record("b", expires_at=NOW + 30 * DAY), [grant("ohid", "other")]),
        (make_record("c", expires_at=NOW + DAY, revoked_at=NOW), [grant("hub", "plan"), grant("hub", "other")]),
        (make_record("d", expires_at=NOW - DAY), [grant("hub", "plan")]),
        (make_record("e", expires_at=NOW + 90 * DAY), []),
    ]
    filters = {"organisation": None, "programme": None, "expiring_days": None} | filters
    assert "".join(record.id for record, _ in key_rules.select_keys(listed, **filters, now=NOW)) == names
