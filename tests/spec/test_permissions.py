"""A key permits what its grants say, and a repeated request gets the stored response."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from api.access import keys, permissions
from api.http.refusals import NotAllowed, NotFound, Unauthenticated
from schema.partners import Grant, KeyHolder, KeyRecord, Scope, StoredResponse

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
KEY = keys.make_key(bytes(range(38)), sandbox=False)


# fmt: off
#   Authorization                         part of the detail
HEADERS = [
    (None,                                "no Authorization header"),
    ("",                                  "`Bearer <key>`"),
    ("Basic dXNlcjpwdw==",                "`Bearer <key>`"),
    (KEY.secret,                          "`Bearer <key>`"),
    ("Bearer",                            "no key.*enter the key"),
    ("Bearer  ",                          "no key.*enter the key"),
    ("Bearer password",                   "`wh_live_…`"),
    (f"Bearer {KEY.secret[:-1]}",         "`wh_live_…`"),
    (f"Bearer {KEY.secret}x",             "`wh_live_…`"),
    (f"Bearer {KEY.secret.upper()}",      "`wh_live_…`"),
]
# fmt: on


@pytest.mark.parametrize(("header", "text"), HEADERS)
def test_malformed_key_is_refused(header, text):
    with pytest.raises(Unauthenticated, match=text):
        permissions.parse_secret(header)


@pytest.mark.parametrize("header", [f"Bearer {KEY.secret}", f"bearer  {KEY.secret} "])
def test_key_is_read_from_the_header(header):
    assert permissions.parse_secret(header) == KEY.secret


GRANT = Grant(programme="harbour", organisation="quay-college", scopes=[Scope.SUBMIT, Scope.READ])
RECORD = KeyRecord(
    id=KEY.id,
    client=UUID(int=1),
    name="script",
    person="Ann",
    created_at=NOW - timedelta(days=1),
    expires_at=NOW + timedelta(days=1),
    revoked_at=None,
    last_used_at=None,
)


HOLDER = KeyHolder(record=RECORD, grants=[GRANT], plan_versions={})


def test_valid_key_identifies_the_caller():
    caller = permissions.check_key(HOLDER, now=NOW)
    assert (caller.client, caller.key, caller.grants) == (UUID(int=1), KEY.id, [GRANT])
    assert caller.authenticated_at == NOW
    author = permissions.build_author(caller, GRANT, "req_1", "mine-123")
    assert msgspec.structs.astuple(author) == (UUID(int=1), "Ann", KEY.id, "quay-college", "req_1", "mine-123")


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (msgspec.structs.replace(RECORD, revoked_at=NOW), "revoked.* 2026-03-05T12:00:00"),
        (msgspec.structs.replace(RECORD, expires_at=NOW), "expired at 2026-03-05T12:00:00"),
    ],
)
def test_revoked_or_expired_key_is_refused(record, text):
    with pytest.raises(Unauthenticated, match=text):
        permissions.check_key(msgspec.structs.replace(HOLDER, record=record), now=NOW)


# fmt: off
#   programme, required scopes             refusal
PERMITTED = [
    ("harbour", [Scope.SUBMIT],                 None),
    ("harbour", [Scope.REVIEW, Scope.READ],     None),
    ("harbour", [Scope.REVIEW],                 (NotAllowed, r"\breview\b.*\bsubmit, read\b")),
    ("harbour", [Scope.REVIEW, Scope.PUBLISH],  (NotAllowed, r"\breview or publish\b")),
    ("other",   [Scope.SUBMIT],                 (NotFound, "'other'")),
]
# fmt: on


@pytest.mark.parametrize(("programme", "scopes", "refusal"), PERMITTED)
def test_scopes_are_granted_by_programme(programme, scopes, refusal):
    other_grant = Grant(programme="empty", organisation="quay-college", scopes=[])
    caller = permissions.check_key(msgspec.structs.replace(HOLDER, grants=[other_grant, GRANT]), now=NOW)
    if refusal is None:
        assert permissions.require_scope(caller, programme, *scopes) is GRANT
        return
    with pytest.raises(refusal[0], match=refusal[1]):
        permissions.require_scope(caller, programme, *scopes)


def test_grant_without_scopes_permits_nothing():
    grants = [msgspec.structs.replace(GRANT, scopes=[])]
    caller = permissions.check_key(msgspec.structs.replace(HOLDER, grants=grants), now=NOW)
    with pytest.raises(NotAllowed, match=r"\bread\b"):
        permissions.require_scope(caller, "harbour", Scope.READ)


CONTENT, OTHER = b"\1" * 32, b"\2" * 32


def test_response_is_replayed_only_for_the_same_content():
    assert permissions.check_stored_response(StoredResponse(content_sha256=CONTENT, answer=b"{}"), CONTENT) == b"{}"
    with pytest.raises(permissions.IdempotencyKeyReused):
        permissions.check_stored_response(StoredResponse(content_sha256=CONTENT, answer=b"{}"), OTHER)
    with pytest.raises(permissions.ContentRedacted):
        permissions.check_stored_response(StoredResponse(content_sha256=CONTENT, answer=None), CONTENT)
    with pytest.raises(permissions.IdempotencyKeyReused):  # the redaction is not revealed
        permissions.check_stored_response(StoredResponse(content_sha256=CONTENT, answer=None), OTHER)
    assert permissions.IdempotencyInProgress.retry_after == 1
