"""Loading a plan file: read, checked as a whole, compared with what stands, recorded as an immutable version."""

import hashlib
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.http.refusals import Conflict
from api.plan import checks, obligations, queries, version_changes
from api.plan.breakdowns import parse_breakdown_key
from schema.plan import Plan


class LoadResult(Struct, frozen=True, kw_only=True):
    """What a loading did. `changes` is empty where the file says what stands already."""

    programme: str
    version: int
    changes: list[str]


def read_plan(file: Path) -> Plan:
    """The plan in a YAML file. Raises BadPlan with the place in the file."""
    try:
        plan = msgspec.yaml.decode(file.read_bytes(), type=Plan)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise checks.InvalidPlan(f"{file}: {error}") from error
    checks.check_plan(plan)
    return plan


def to_sandbox(plan: Plan) -> Plan:
    """The same plan as a place to try things out: under another name, with periods that never close, and with figures
    that may be released even where one organisation alone feeds them: they are invented.
    """
    return msgspec.structs.replace(
        plan,
        duties=[msgspec.structs.replace(duty, publish_alone=True) for duty in plan.duties],
        slug=f"{plan.slug}-sandbox",
        title=f"{plan.title} (sandbox)",
        calendar=msgspec.structs.replace(plan.calendar, closes_days=None),
    )


async def load_plan(transaction: AsyncConnection, plan: Plan, *, sandbox: bool, now: datetime) -> LoadResult:
    """Idempotent. Raises NeedsNewSeries, NeedsDecision, or Conflict where a sandbox and a real programme would share a
    name.
    """
    known = await queries.fetch_is_sandbox(transaction, plan.slug)
    if known is not None and known is not sandbox:
        raise Conflict(f"{plan.slug} is {'' if known else 'not '}a sandbox already.")
    await queries.add_programme(transaction, plan.slug, sandbox=sandbox, now=now)
    number, version, standing, standing_hash = await queries.lock_newest_version(transaction, plan.slug)
    sha256 = hashlib.sha256(msgspec.json.encode(plan)).digest()
    if sha256 == standing_hash:
        # The same plan may expect other returns of a newer server.
        await queries.replace_obligations(
            transaction, number, await queries.fetch_ids(transaction, number), obligations.list_expected_returns(plan)
        )
        return LoadResult(programme=plan.slug, version=version, changes=[])
    if standing is not None:
        series, organisations, areas, breakdowns = await queries.fetch_codes_in_use(transaction, number)
        in_use = version_changes.CodesInUse(
            series=frozenset(series),
            organisations=frozenset(organisations),
            areas=frozenset(areas),
            categories=frozenset(item for key in breakdowns for item in parse_breakdown_key(key).items()),
        )
        version_changes.check_change(standing, plan, in_use)
    changes = version_changes.describe_changes(standing, plan)
    await queries.add_version(transaction, number, version + 1, plan, sha256=sha256, changes=changes, now=now)
    await queries.replace_obligations(
        transaction, number, await queries.fetch_ids(transaction, number), obligations.list_expected_returns(plan)
    )
    return LoadResult(programme=plan.slug, version=version + 1, changes=changes)
