"""The sandbox: example returns, a key for trying things out, and first commands to try."""

import asyncio
import secrets
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx2
import msgspec
from msgspec import Struct

from api.access import keys, queries_keys
from api.app import create_app
from api.database import connections
from api.database.database_clock import fetch_instant
from api.plan.obligations import list_expected_returns
from api.sandbox_plan import EXAMPLE_PROGRAMME
from schema.measures import MeasureKind
from schema.partners import Grant, Scope
from schema.plan import Plan

KEY_LIFETIME = timedelta(days=3650)


class Example(Struct, frozen=True, kw_only=True):
    """A first count to submit, of the measure's first periods, and the span of these periods."""

    organisation: str
    measure: str
    area: str
    period: str
    span: str


class Sandbox(Struct, frozen=True, kw_only=True):
    """A sandbox that is ready: its programme, its key, and a first count to submit, if the plan has a flow."""

    programme: str
    key: str
    example: Example | None


def choose_example(plan: Plan) -> Example | None:
    """Return the third period of the first flow that the plan expects of a named organisation."""
    flows = {measure.slug for measure in plan.measures if measure.kind is MeasureKind.FLOW}
    expected = [e for e in list_expected_returns(plan) if e.measure in flows and e.organisation is not None]
    first = [e for e in expected if (e.holder, e.measure) == (expected[0].holder, expected[0].measure)][:3]
    if not first or first[0].organisation is None:
        return None
    start, end = first[0].period.start, first[-1].period.end
    return Example(
        organisation=first[0].organisation,
        measure=first[0].measure,
        area=plan.area,
        period=first[-1].period.code,
        span=f"P{start:%Y-%m}..{end:%Y-%m}",
    )


async def fill_sandbox(owner_url: str, url: str, plan: Plan, *, key_file: Path) -> Sandbox:
    """Submit the example returns of the bundled plan, as any partner would, and return the sandbox with its key.

    The key is stored in a file that only this user can read. If it is missing or no longer valid, create a new key.
    """
    programme = plan.slug
    example = choose_example(plan)
    engine = connections.create_application_engine(url, pool_size=1)
    try:
        app = create_app(engine, engine)
        transport = httpx2.ASGITransport(cast("Any", app))
        async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as http:
            secret = await asyncio.to_thread(_read_key_file, key_file)
            me = await http.get("/v1/me", headers={"Authorization": f"Bearer {secret}"})
            if me.is_error or not _has_grant(me, programme):
                organisation = example.organisation if example else plan.owner
                scopes = [Scope.SUBMIT, Scope.REVIEW]
                secret = await issue_key(owner_url, programme, organisation, scopes)
                await asyncio.to_thread(write_private_file, key_file, secret)
            if programme == EXAMPLE_PROGRAMME:
                await _submit_examples(http, secret)
    finally:
        await engine.dispose()
    return Sandbox(programme=programme, key=secret, example=example)


async def _submit_examples(http: httpx2.AsyncClient, secret: str) -> None:
    """Submit the example returns, unless the sandbox has returns. A changed plan may refuse them."""
    headers = {"Authorization": f"Bearer {secret}"}
    address = f"/v1/programmes/{EXAMPLE_PROGRAMME}"
    returns = await http.get(f"{address}/returns", headers=headers)
    if not returns.raise_for_status().json()["items"]:
        response = await http.post(f"{address}/submissions", headers=headers, json=EXAMPLE_SUBMISSION)
        if response.status_code != HTTPStatus.UNPROCESSABLE_ENTITY:
            response.raise_for_status()


def _read_key_file(file: Path) -> str:
    """Return the key in the file, or in the file of all databases of this folder that earlier versions wrote."""
    files = [candidate for candidate in (file, file.with_name("sandbox-key")) if candidate.exists()]
    return files[0].read_text().strip() if files else ""


def write_private_file(file: Path, secret: str) -> None:
    """Write a line into a file that only this user can read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(secret + "\n")


def _has_grant(me: httpx2.Response, programme: str) -> bool:
    return any(grant["programme"] == programme for grant in me.json()["grants"])


async def issue_key(url: str, programme: str, organisation: str, scopes: list[Scope]) -> str:
    """Issue a key of the sandbox, as the database's owner, and return it."""
    key = keys.make_key(secrets.token_bytes(38), sandbox=True)
    owner = connections.create_owner_engine(url)
    try:
        async with owner.begin() as transaction:
            now = await fetch_instant(transaction)
            await queries_keys.issue_key(
                transaction,
                key,
                client_id=uuid4(),
                name="Sandbox",
                person="sandbox" if Scope.SUBMIT in scopes else "sandbox-reviewer",
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


def format_greeting(address: str, sandbox: Sandbox | None, *, embedded: bool) -> str:
    """Return the text that the operator reads when the server starts: its address and first commands to try."""
    lines = [f"Work and Health is at {address}", f"docs: {address}/docs   stop: Ctrl-C"]
    if embedded:
        lines.append("The embedded database is for development and trials, not for production.")
    if sandbox is not None:
        lines += ["", *_format_commands(address, sandbox), ""]
    return "\n".join(lines)


def _format_commands(address: str, sandbox: Sandbox) -> list[str]:
    programme_url = f'"$WORK_HEALTH_URL"/v1/programmes/{sandbox.programme}'
    exports = [f"  export WORK_HEALTH_URL={address}", f"  export WORK_HEALTH_KEY={sandbox.key}"]
    header = '-H "Authorization: Bearer $WORK_HEALTH_KEY"'
    example = sandbox.example
    if example is None:
        return [
            "List what the sandbox expects:",
            "",
            *exports,
            f"  curl -sS {programme_url}/obligations {header}",
        ]
    submission = {
        "returns": [
            {
                "measure": example.measure,
                "period": example.period,
                "observations": [{"area": example.area, "value": 140}],
            }
        ]
    }
    return [
        "Submit a count to the sandbox and preview the total so far:",
        "",
        *exports,
        f"  curl -sS {programme_url}/submissions {header} --json '{msgspec.json.encode(submission).decode()}'",
        f"  curl -sS {programme_url}'/preview/outcomes?measure={example.measure}&period={example.span}' {header}",
    ]
