"""The sandbox: example returns, a key for trying things out, and first commands to try."""

import asyncio
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx2
import msgspec

from api import clock
from api.access import keys, queries_keys
from api.app import create_app
from api.database import connections
from schema.partners import Grant, Scope

SANDBOX_ORGANISATION = "nottingham-city-council"
KEY_LIFETIME = timedelta(days=3650)


async def fill_sandbox(owner_url: str, url: str, programme: str, *, key_file: Path) -> str:
    """Submit the example returns, as any partner would, and return the sandbox's key.

    The key is stored in a file that only this user can read. If it is missing or no longer valid, create a new key.
    """
    engine = connections.create_application_engine(url, pool_size=1)
    try:
        app = create_app(engine, engine)
        transport = httpx2.ASGITransport(cast("Any", app))
        async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as http:
            secret = await asyncio.to_thread(_read_key_file, key_file)
            me = await http.get("/v1/me", headers={"Authorization": f"Bearer {secret}"})
            if me.is_error or not _has_grant(me, programme):
                secret = await _issue_key(
                    owner_url, programme, SANDBOX_ORGANISATION, [Scope.SUBMIT, Scope.REVIEW], clock.system_now()
                )
                await asyncio.to_thread(_write_key_file, key_file, secret)
            headers = {"Authorization": f"Bearer {secret}"}
            returns = await http.get(f"/v1/programmes/{programme}/returns", headers=headers)
            if not returns.raise_for_status().json()["items"]:
                response = await http.post(
                    f"/v1/programmes/{programme}/submissions", headers=headers, json=EXAMPLE_SUBMISSION
                )
                response.raise_for_status()
    finally:
        await engine.dispose()
    return secret


def _read_key_file(file: Path) -> str:
    return file.read_text().strip() if file.exists() else ""


def _write_key_file(file: Path, secret: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(secret + "\n")


def _has_grant(me: httpx2.Response, programme: str) -> bool:
    return any(grant["programme"] == programme for grant in me.json()["grants"])


async def _issue_key(url: str, programme: str, organisation: str, scopes: list[Scope], now: datetime) -> str:
    key = keys.make_key(secrets.token_bytes(38), sandbox=True)
    owner = connections.create_owner_engine(url)
    try:
        async with owner.begin() as transaction:
            await queries_keys.issue_key(
                transaction,
                key,
                client_id=uuid4(),
                name="Sandbox",
                person="sandbox",
                grants=[Grant(programme=programme, organisation=organisation, scopes=scopes)],
                now=now,
                expires_at=now + KEY_LIFETIME,
            )
    finally:
        await owner.dispose()
    return key.secret


def _build_referrals_return(period: str, female: int, male: int, unknown: int) -> dict[str, object]:
    """Build an invented return: the sandbox has no real figures."""
    area = "E06000018"
    by_sex = {"female": female, "male": male, "unknown": unknown}
    return {
        "measure": "ips-primary-care-referrals",
        "period": period,
        "observations": [
            {"area": area, "value": female + male + unknown},
            *({"area": area, "breakdown": {"sex": sex}, "value": value} for sex, value in by_sex.items()),
        ],
    }


EXAMPLE_SUBMISSION = {
    "note": "Invented figures for trying things out.",
    "returns": [
        _build_referrals_return("FY2025-26-Q1", 61, 48, 3),
        _build_referrals_return("FY2025-26-Q2", 70, 55, 0),
        *(
            {
                "measure": "neet-16-17",
                "series": "ccis-provisional",
                "period": period,
                "observations": [{"area": "E06000018", "numerator": numerator, "denominator": 7450}],
            }
            for period, numerator in (("R3-2026-02", 371),)
        ),
    ],
}


def format_greeting(address: str, key: str | None, *, embedded: bool) -> str:
    """Return the text that the operator reads when the server starts: its address and first commands to try."""
    lines = [f"Work and Health is at {address}   docs: {address}/docs   stop: Ctrl-C"]
    if embedded:
        lines.append("It uses the embedded database, which is for development and trials, not for production.")
    if key is not None:
        programme = "work-and-health-2025-2028-sandbox"
        submission = msgspec.json.encode(
            {
                "returns": [
                    {
                        "measure": "ips-primary-care-referrals",
                        "period": "FY2025-26-Q3",
                        "observations": [{"area": "E06000018", "value": 140}],
                    }
                ]
            }
        ).decode()
        programme_url = f"{address}/v1/programmes/{programme}"
        lines += [
            "",
            "Submit a count to the sandbox and preview the total of the year:",
            "",
            f"  export KEY={key}",
            f"  curl -sS {programme_url}/submissions -H \"Authorization: Bearer $KEY\" --json '{submission}'",
            f"  curl -sS '{programme_url}/preview/outcomes?measure=ips-primary-care-referrals&period=FY2025-26'"
            ' -H "Authorization: Bearer $KEY"',
            "",
        ]
    return "\n".join(lines)
