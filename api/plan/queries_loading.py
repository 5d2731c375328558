"""Load a plan file: read it, check it, compare it with the current version, and record a new version."""

import hashlib
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.http.refusals import Conflict
from api.plan import change_summary, obligations, queries, version_changes
from api.plan.binding_changes import BindingRule, settle_bindings
from api.plan.mistakes import InvalidPlan
from api.plan.plan_files import read_plan_text
from schema.plan import Plan


class LoadResult(Struct, frozen=True, kw_only=True):
    """The result of loading a plan. `changes` is empty if the file equals the current version."""

    programme: str
    version: int
    changes: list[change_summary.Change]


def read_plan(file: Path) -> Plan:
    """Return the plan in a YAML file. Raises InvalidPlan with every mistake and its line."""
    try:
        return read_plan_text(str(file), file.read_bytes())
    except OSError as error:
        raise InvalidPlan(f"{file}: {error.strerror}") from error


def to_sandbox(plan: Plan, suffix: str = "sandbox", remark: str = "sandbox") -> Plan:
    """Return the plan as a sandbox: with another name, and periods that never close. Its releases follow all rules."""
    return msgspec.structs.replace(
        plan,
        slug=f"{plan.slug}-{suffix}",
        title=f"{plan.title} ({remark})",
        calendar=msgspec.structs.replace(plan.calendar, closes_days=None),
    )


async def load_plan(
    transaction: AsyncConnection,
    plan: Plan,
    *,
    sandbox: bool,
    now: datetime,
    bindings: BindingRule = BindingRule.REFUSE,
) -> LoadResult:
    """Record the plan as a new version, unless it equals the current one.

    Raises NewSeriesRequired, PolicyDecisionRequired, BindingsWouldChange, or Conflict if a sandbox and a real programme
    would share a name.
    """
    is_sandbox = await queries.fetch_is_sandbox(transaction, plan.slug)
    if is_sandbox is not None and is_sandbox is not sandbox:
        raise Conflict(f"{plan.slug} already exists and is {'' if is_sandbox else 'not '}a sandbox.")
    await queries.add_programme(transaction, plan.slug, sandbox=sandbox, now=now)
    current = await queries.lock_newest_version(transaction, plan.slug)
    version = current.number
    if current.plan is not None:
        plan = settle_bindings(current.plan, plan, bindings)
    sha256 = hashlib.sha256(msgspec.json.encode(plan)).digest()
    changes: list[change_summary.Change] = []
    # An equal plan can have another hash: a file has 0 where the database returns 0.0.
    if sha256 != current.sha256 and plan != current.plan:
        version += 1
        if current.plan is not None:
            plan = version_changes.keep_policy_version(current.plan, plan)
            in_use = await queries.fetch_codes_in_use(transaction, current.programme_id)
            version_changes.check_change(current.plan, plan, in_use)
        changes = change_summary.list_changes(current.plan, plan)
        labels = [change.label for change in changes]
        await queries.add_version(
            transaction, current.programme_id, version, plan, sha256=sha256, changes=labels, now=now
        )
    await _replace_obligations(transaction, current.programme_id, plan)
    return LoadResult(programme=plan.slug, version=version, changes=changes)


async def refresh_obligations(transaction: AsyncConnection, slug: str) -> None:
    """Replace the obligations of a programme's current version: a newer server may expect other returns."""
    current = await queries.lock_newest_version(transaction, slug)
    if current.plan is not None:
        await _replace_obligations(transaction, current.programme_id, current.plan)


async def _replace_obligations(transaction: AsyncConnection, programme_id: int, plan: Plan) -> None:
    ids = await queries.fetch_ids(transaction, programme_id)
    await queries.replace_obligations(transaction, programme_id, ids, obligations.list_expected_returns(plan))
