"""The operator's commands about plan files, and the plan with which a server starts."""

import argparse
import asyncio
from pathlib import Path

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api import clock, commands, settings
from api.database.requirements import Need
from api.plan import queries, queries_loading
from api.plan.queries import fetch_catalogue
from schema.plan import Plan


class StartingPlan(Struct, frozen=True, kw_only=True):
    """The plan in use when a server starts, or None if the database has only sandboxes, and what was loaded."""

    plan: Plan | None
    report: str


async def load_starting_plan(transaction: AsyncConnection, file: Path | None) -> StartingPlan:
    """Load the plan file of the setting WORK_HEALTH_PLAN, or the bundled one into a database without any programme.

    A file is loaded only once, so that a restart never undoes what the operator has loaded since.
    """
    programmes = await queries.fetch_programmes(transaction)
    for slug in programmes:
        await queries_loading.refresh_obligations(transaction, slug)
    real = [slug for slug, is_sandbox in programmes.items() if not is_sandbox]
    plan = queries_loading.read_plan(file or commands.PLAN_FILE) if file or not programmes else None
    if plan is not None and plan.slug not in real:
        loaded = await load_and_audit(transaction, plan, sandbox=False)
        return StartingPlan(plan=plan, report=f"Loaded {loaded.programme} from {file or commands.PLAN_FILE}.")
    current = {slug: await fetch_catalogue(transaction, slug) for slug in real}
    versions = ", ".join(f"{slug} version {catalogue.version}" for slug, catalogue in current.items())
    in_use = current[plan.slug if plan else real[0]].plan if real else None
    return StartingPlan(plan=in_use, report=f"Loaded no plan, because the database has {versions or 'a sandbox'}.")


async def load_starting_sandbox(transaction: AsyncConnection, plan: Plan | None) -> Plan | None:
    """Return the plan of the sandbox. Load it from the plan in use if that has no sandbox yet."""
    slugs = [slug for slug, is_sandbox in (await queries.fetch_programmes(transaction)).items() if is_sandbox]
    sandbox_plan = queries_loading.to_sandbox(plan) if plan is not None else None
    if sandbox_plan is not None and sandbox_plan.slug not in slugs:
        await load_and_audit(transaction, sandbox_plan, sandbox=True)
        return sandbox_plan
    slug = sandbox_plan.slug if sandbox_plan else slugs[0]
    return (await fetch_catalogue(transaction, slug)).plan


async def load_and_audit(transaction: AsyncConnection, plan: Plan, *, sandbox: bool) -> queries_loading.LoadResult:
    """Load a plan, and record an audit entry if it differs from the current version."""
    now = clock.system_now()
    loaded = await queries_loading.load_plan(transaction, plan, sandbox=sandbox, now=now)
    if loaded.changes:
        catalogue = await fetch_catalogue(transaction, loaded.programme)
        subject = {"plan_version": str(loaded.version)}
        await commands.record_operator_audit(transaction, catalogue.id, "plan.loaded", subject)
    return loaded


def load_plan(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Load a plan file as a new version of its programme."""
    plan = queries_loading.read_plan(arguments.file)
    plan = queries_loading.to_sandbox(plan) if arguments.sandbox else plan

    async def load(url: str) -> queries_loading.LoadResult:
        await commands.migrate_database(url)
        async with commands.begin_owner_transaction(url) as transaction:
            return await load_and_audit(transaction, plan, sandbox=arguments.sandbox)

    with commands.open_database(configuration, Need.RIGHTS) as url:
        loaded = asyncio.run(load(url))
    if not loaded.changes:
        print(f"{loaded.programme}: version {loaded.version} is the same already.")
        return 0
    print(f"{loaded.programme}: version {loaded.version}")
    print("\n".join(f"  {change}" for change in loaded.changes))
    return 0
