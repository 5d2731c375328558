"""Loading a plan file: read, checked as a whole, compared with what stands, recorded as an immutable version."""

import hashlib
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.http.refusals import Conflict
from api.plan import obligations, queries, rules, version_changes
from api.plan.catalogue import breakdown_of
from schema.plan import Plan


class Loaded(Struct, frozen=True, kw_only=True):
    """What a loading did. `changes` is empty where the file says what stands already."""

    programme: str
    version: int
    changes: list[str]


def read(file: Path) -> Plan:
    """The plan in a YAML file. Raises BadPlan with the place in the file."""
    try:
        plan = msgspec.yaml.decode(file.read_bytes(), type=Plan)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise rules.BadPlan(f"{file}: {error}") from error
    rules.check(plan)
    return plan


def as_sandbox(plan: Plan) -> Plan:
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


async def load(transaction: AsyncConnection, plan: Plan, *, sandbox: bool, now: datetime) -> Loaded:
    """Idempotent. Raises NeedsNewSeries, NeedsDecision, or Conflict where a sandbox and a real programme would share a
    name.
    """
    known = await queries.sandbox_of(transaction, plan.slug)
    if known is not None and known is not sandbox:
        raise Conflict(f"{plan.slug} is {'' if known else 'not '}a sandbox already.")
    await queries.add_programme(transaction, plan.slug, sandbox=sandbox, now=now)
    number, version, standing, standing_hash = await queries.newest(transaction, plan.slug)
    sha256 = hashlib.sha256(msgspec.json.encode(plan)).digest()
    if sha256 == standing_hash:
        # The same plan may expect other returns of a newer server.
        await queries.expect(transaction, number, await queries.ids(transaction, number), obligations.expected(plan))
        return Loaded(programme=plan.slug, version=version, changes=[])
    if standing is not None:
        series, organisations, areas, breakdowns = await queries.codes_in_use(transaction, number)
        in_use = version_changes.InUse(
            series=frozenset(series),
            organisations=frozenset(organisations),
            areas=frozenset(areas),
            categories=frozenset(item for key in breakdowns for item in breakdown_of(key).items()),
        )
        version_changes.permit_change(standing, plan, in_use)
    changes = version_changes.changes(standing, plan)
    await queries.add_version(transaction, number, version + 1, plan, sha256=sha256, changes=changes, now=now)
    await queries.expect(transaction, number, await queries.ids(transaction, number), obligations.expected(plan))
    return Loaded(programme=plan.slug, version=version + 1, changes=changes)
