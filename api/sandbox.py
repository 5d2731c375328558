"""The sandbox: example returns, a key for trying things out, first commands to try, and the example to look at."""

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
from api.sandbox_plan import SANDBOX_PROGRAMME
from api.sandbox_returns import EXAMPLE_MEASURES, EXAMPLE_SUBMISSION
from schema.measures import MeasureKind
from schema.partners import Grant, Scope
from schema.plan import Plan

KEY_LIFETIME = timedelta(days=3650)


class FirstCount(Struct, frozen=True, kw_only=True):
    """A first count to submit, of the measure's first periods, and the span of these periods."""

    organisation: str
    measure: str
    service: str
    area: str
    period: str
    span: str


class Sandbox(Struct, frozen=True, kw_only=True):
    """A sandbox that is ready: its programme, its key, a first count to submit, and the programme to look at.

    `first_count` is None if the plan has no flow, `example` without `--examples` or with another plan.
    """

    programme: str
    key: str
    first_count: FirstCount | None
    example: str | None


def choose_first_count(plan: Plan) -> FirstCount | None:
    """Return the third period of the first flow that the plan expects of a named organisation.

    Leave out flows with example returns: the tutorials submit them, and show their totals.
    """
    flows = {measure.slug for measure in plan.measures if measure.kind is MeasureKind.FLOW} - EXAMPLE_MEASURES
    expected = [e for e in list_expected_returns(plan) if e.measure in flows and e.organisation is not None]
    duties = [(e.holder, e.measure, e.service) for e in expected]
    first = [e for e, duty in zip(expected, duties, strict=True) if duty == duties[0]][:3]
    if not first or first[0].organisation is None:
        return None
    start, end = first[0].period.start, first[-1].period.end
    return FirstCount(
        organisation=first[0].organisation,
        measure=first[0].measure,
        service=first[0].service,
        area=plan.area,
        period=first[-1].period.code,
        span=f"P{start:%Y-%m}..{end:%Y-%m}",
    )


async def prepare_sandbox(owner_url: str, url: str, plan: Plan, example: str | None, *, key_file: Path) -> Sandbox:
    """Submit the example returns of the bundled plan, as any partner would, and return the sandbox with its key.

    The key is stored in a file that only this user can read. If it is missing, is no longer valid, or does not open
    both programmes, create a new key. `example` is the name of the example programme, in which the key may do
    everything.
    """
    programme = plan.slug
    first_count = choose_first_count(plan)
    organisation = first_count.organisation if first_count else plan.owner
    grants = [Grant(programme=programme, organisation=organisation, scopes=[Scope.SUBMIT, Scope.REVIEW])]
    if example is not None:
        grants.append(Grant(programme=example, organisation=organisation, scopes=list(Scope)))
    engine = connections.create_application_engine(url, pool_size=1)
    try:
        app = create_app(engine, engine)
        transport = httpx2.ASGITransport(cast("Any", app))
        async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as http:
            secret = await asyncio.to_thread(_read_key_file, key_file)
            me = await http.get("/v1/me", headers={"Authorization": f"Bearer {secret}"})
            if me.is_error or not _opens(me, grants):
                secret = await issue_key(owner_url, *grants)
                await asyncio.to_thread(write_private_file, key_file, secret)
            if programme == SANDBOX_PROGRAMME:
                await _submit_examples(http, secret)
    finally:
        await engine.dispose()
    return Sandbox(programme=programme, key=secret, first_count=first_count, example=example)


async def _submit_examples(http: httpx2.AsyncClient, secret: str) -> None:
    """Submit the example returns, unless the sandbox has returns. A changed plan may refuse them."""
    headers = {"Authorization": f"Bearer {secret}"}
    address = f"/v1/programmes/{SANDBOX_PROGRAMME}"
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


def _opens(me: httpx2.Response, grants: list[Grant]) -> bool:
    return {grant.programme for grant in grants} <= {grant["programme"] for grant in me.json()["grants"]}


async def issue_key(url: str, *grants: Grant) -> str:
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
                person="sandbox" if Scope.SUBMIT in grants[0].scopes else "sandbox-reviewer",
                grants=list(grants),
                now=now,
                expires_at=now + KEY_LIFETIME,
            )
    finally:
        await owner.dispose()
    return key.secret


def format_greeting(address: str, sandbox: Sandbox | None, *, embedded: bool) -> str:
    """Return the text that the operator reads when the server starts: its address and first commands to try."""
    lines = [f"Work and Health is at {address}", f"docs: {address}/docs   stop: Ctrl-C"]
    if embedded:
        lines.append("The embedded database is for development and trials, not for production.")
    if sandbox is not None:
        if sandbox.example is not None:
            lines += ["", *_format_example(address, sandbox.example)]
        lines += ["", *_format_commands(address, sandbox), ""]
    return "\n".join(lines)


def _format_example(address: str, example: str) -> list[str]:
    return [
        "To look at: an example, filled with invented returns, a map and releases.",
        f"  {address}/programmes/{example}",
    ]


def _format_commands(address: str, sandbox: Sandbox) -> list[str]:
    programme_url = '"$WORK_HEALTH_URL/v1/programmes/$WORK_HEALTH_PROGRAMME'
    exports = [
        f"  export WORK_HEALTH_URL={address}",
        f"  export WORK_HEALTH_PROGRAMME={sandbox.programme}",
        f"  export WORK_HEALTH_KEY={sandbox.key}",
    ]
    header = '-H "Authorization: Bearer $WORK_HEALTH_KEY"'
    count = sandbox.first_count
    if count is None:
        return [
            "To write into: the sandbox, which the guides use. List what it expects:",
            "",
            *exports,
            f'  curl -sS {programme_url}/obligations" {header}',
        ]
    submission = {
        "returns": [
            {
                "measure": count.measure,
                "service": count.service,
                "period": count.period,
                "observations": [{"area": count.area, "value": 140}],
            }
        ]
    }
    return [
        "To write into: the sandbox, which the guides use. Submit a count, and preview it:",
        "",
        *exports,
        f"  curl -sS {programme_url}/submissions\" {header} --json '{msgspec.json.encode(submission).decode()}'",
        f'  curl -sS {programme_url}/preview/outcomes?measure={count.measure}&period={count.span}" {header}',
    ]
