"""How long keys live, how many a client may have, and when their holders are warned."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from api.http.refusals import Conflict
from schema.partners import EXPIRY_NOTICE_DAYS, ClientKey, Grant, KeyRecord

MAX_VALID_KEYS = 3


class TooManyKeys(Conflict):
    """The client has as many valid keys as it may have."""

    example = "A job creates a key every night, and never revokes the old one."
    fix = "`GET /v1/me/keys` lists your keys. Revoke one that nothing uses: `DELETE /v1/me/keys/{key}`."


def is_valid(key: ClientKey | KeyRecord, *, now: datetime) -> bool:
    return key.revoked_at is None and key.expires_at > now


def expires_soon(expires_at: datetime, *, now: datetime) -> bool:
    """Return True in the last days of a key, in which its holder should replace it."""
    return expires_at <= now + timedelta(days=EXPIRY_NOTICE_DAYS)


def check_key_count(keys: Iterable[ClientKey], *, now: datetime) -> None:
    """Raise TooManyKeys if the client may not have another key."""
    valid = [key.id for key in keys if is_valid(key, now=now)]
    if len(valid) >= MAX_VALID_KEYS:
        raise TooManyKeys(f"The client has {len(valid)} valid keys, and may have {MAX_VALID_KEYS}: {', '.join(valid)}.")


def select_keys(
    keys: Iterable[tuple[KeyRecord, Sequence[Grant]]],
    *,
    organisation: str | None,
    programme: str | None,
    expiring_days: int | None,
    now: datetime,
) -> list[tuple[KeyRecord, Sequence[Grant]]]:
    """Return the keys with a grant for the organisation in the programme that expire within the days; None means any.

    A key that is no longer valid does not expire.
    """
    return [
        (record, grants)
        for record, grants in keys
        if (
            organisation is programme is None
            or any(organisation in {None, g.organisation} and programme in {None, g.programme} for g in grants)
        )
        and (
            expiring_days is None
            or (is_valid(record, now=now) and record.expires_at <= now + timedelta(days=expiring_days))
        )
    ]
