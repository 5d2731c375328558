"""The operator's commands about keys."""

import argparse
import secrets
import sys
import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from api import settings
from api.access import key_rules, keys, queries_keys
from api.commands import run_as_owner
from api.database.database_clock import fetch_instant
from api.http.refusals import NotFound
from api.plan.catalogue import Catalogue
from api.plan.queries import fetch_catalogue
from schema.partners import Grant, KeyRecord, Scope

LINE_CHARACTERS = 80


def issue_key(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Create a client with a key, and print the key."""

    async def issue(transaction: AsyncConnection) -> tuple[keys.SecretKey, datetime]:
        catalogues = [await fetch_catalogue(transaction, slug) for slug in arguments.programme]
        for catalogue in catalogues:
            if arguments.organisation not in catalogue.ids.organisations:
                raise NotFound(f"{arguments.organisation!r} is not an organisation of {catalogue.slug}.")
        return await _issue_key(transaction, arguments, catalogues)

    _print_key(*run_as_owner(configuration, issue))
    return 0


async def _issue_key(
    transaction: AsyncConnection, arguments: argparse.Namespace, catalogues: list[Catalogue]
) -> tuple[keys.SecretKey, datetime]:
    key = keys.make_key(secrets.token_bytes(38), sandbox=all(catalogue.sandbox for catalogue in catalogues))
    scopes = [Scope(scope) for scope in dict.fromkeys(arguments.scope)]
    now = await fetch_instant(transaction)
    expires_at = now + timedelta(days=arguments.days)
    await queries_keys.issue_key(
        transaction,
        key,
        client_id=uuid4(),
        name=arguments.name,
        person=arguments.person,
        grants=[
            Grant(programme=catalogue.slug, organisation=arguments.organisation, scopes=scopes)
            for catalogue in catalogues
        ],
        now=now,
        expires_at=expires_at,
    )
    await queries_keys.audit_issued_key(transaction, key.id)
    return key, expires_at


def rotate_key(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Create another key for the client of a key, which ends after the overlap. Print the new key."""

    async def rotate(transaction: AsyncConnection) -> tuple[keys.SecretKey, datetime, datetime]:
        now = await fetch_instant(transaction)
        expires_at, overlap_ends_at = (now + timedelta(days=n) for n in (arguments.days, arguments.overlap_days))
        is_sandbox = await queries_keys.is_sandbox_client(transaction, arguments.key)
        key = keys.make_key(secrets.token_bytes(38), sandbox=is_sandbox)
        if not await queries_keys.replace_key(
            transaction, arguments.key, key, now=now, expires_at=expires_at, overlap_ends_at=overlap_ends_at
        ):
            raise _unknown_key(arguments.key)
        return key, expires_at, overlap_ends_at

    key, expires_at, overlap_ends_at = run_as_owner(configuration, rotate)
    _print_key(key, expires_at)
    ends = overlap_ends_at.isoformat(timespec="seconds")
    print(f"{arguments.key} ends at {ends}, unless it expires earlier.", file=sys.stderr)
    return 0


def _print_key(key: keys.SecretKey, expires_at: datetime) -> None:
    """Print the secret alone to standard output, so that a script can store it."""
    print(key.secret)
    print(f"Its id is {key.id}, and it expires at {expires_at.isoformat(timespec='seconds')}.", file=sys.stderr)
    print("The key is shown only once. Send it in an Authorization header, never in an address.", file=sys.stderr)


def revoke_key(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Revoke a key permanently, and print the other valid keys of its client."""

    async def revoke(transaction: AsyncConnection) -> list[str]:
        now = await fetch_instant(transaction)
        if not await queries_keys.revoke_key(transaction, arguments.key, now=now):
            raise _unknown_key(arguments.key)
        listed = [record for record, _ in await queries_keys.list_keys(transaction)]
        clients = {record.client for record in listed if record.id == arguments.key}
        return [one.id for one in listed if one.client in clients and key_rules.is_valid(one, now=now)]

    others = run_as_owner(configuration, revoke)
    print(f"{arguments.key} is revoked.")
    if others:
        print(f"The client still has valid keys: {' '.join(others)}")
    return 0


def _unknown_key(key_id: str) -> NotFound:
    return NotFound(f"There is no active key {key_id!r}.")


def list_keys(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Print the keys with their clients, grants and dates."""

    async def select(transaction: AsyncConnection) -> list[tuple[KeyRecord, Sequence[Grant]]]:
        return key_rules.select_keys(
            await queries_keys.list_keys(transaction),
            organisation=arguments.organisation,
            programme=arguments.programme,
            expiring_days=arguments.expiring,
            now=await fetch_instant(transaction),
        )

    selected = run_as_owner(configuration, select)
    for record, grants in selected:
        print("\n".join(_format_key(record, grants)))
    print(f"{len(selected)} keys")
    return 0


def _format_key(record: KeyRecord, grants: Sequence[Grant]) -> list[str]:
    """Return lines of at most 80 characters."""
    last_used = "never used" if record.last_used_at is None else f"last used {record.last_used_at:%Y-%m-%d %H:%M}"
    dates = f"created {record.created_at:%Y-%m-%d}, expires {record.expires_at:%Y-%m-%d}, {last_used}"
    if record.revoked_at is not None:
        dates += f", revoked {record.revoked_at:%Y-%m-%d %H:%M}"
    paragraphs = [
        f"{record.id}  {record.name}, issued to {record.person}",
        *(f"    {grant.organisation} in {grant.programme}: {' '.join(grant.scopes) or 'no scope'}" for grant in grants),
        f"    {dates}",
    ]
    return [
        line
        for paragraph in paragraphs
        for line in textwrap.wrap(paragraph, LINE_CHARACTERS, subsequent_indent=" " * 6, break_on_hyphens=False)
    ]
