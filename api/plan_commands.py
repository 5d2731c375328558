"""The operator's commands about plan files, and the plan with which a server starts."""

import argparse
import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import cast

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api import commands, settings
from api.database.database_clock import fetch_instant
from api.database.embedded_files import find_default_folder
from api.database.requirements import Need
from api.http.refusals import Invalid
from api.plan import binding_changes, change_summary, queries, queries_loading
from api.plan.binding_changes import BindingRule
from api.plan.mistakes import InvalidPlan
from api.plan.obligations import list_first_returns
from api.plan.queries import fetch_catalogue
from api.sandbox_boundaries import invent_boundaries
from api.sandbox_plan import EXAMPLE_PROGRAMME, EXAMPLE_REMARK, complete_plan
from schema.organisations import Binding
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
    current = {slug: await queries.lock_newest_version(transaction, slug) for slug in real}
    versions = ", ".join(f"{slug} version {newest.number}" for slug, newest in current.items())
    in_use = current[plan.slug if plan else real[0]].plan if real else None
    return StartingPlan(plan=in_use, report=f"Loaded no plan, because the database has {versions or 'a sandbox'}.")


async def load_starting_sandbox(transaction: AsyncConnection, plan: Plan | None) -> Plan | None:
    """Return the plan of the sandbox. Load it from the plan in use if that has no sandbox yet.

    A plan of a sandbox that exists is left as it is. Areas without a boundary get an invented one.
    """
    slugs = [slug for slug, is_sandbox in (await queries.fetch_programmes(transaction)).items() if is_sandbox]
    sandbox_plan = queries_loading.to_sandbox(plan) if plan is not None else None
    if sandbox_plan is not None and sandbox_plan.slug not in slugs:
        await load_and_audit(transaction, sandbox_plan, sandbox=True)
    slug = sandbox_plan.slug if sandbox_plan else min(slugs, key=lambda slug: slug == EXAMPLE_PROGRAMME)
    catalogue = await fetch_catalogue(transaction, slug)
    await invent_boundaries(transaction, catalogue)
    return catalogue.plan


async def load_starting_example(transaction: AsyncConnection, plan: Plan | None) -> str | None:
    """Return the name of the example programme. Load it if it is missing. Only the bundled plan has one."""
    if plan is None:
        return None
    example_plan = complete_plan(queries_loading.to_sandbox(plan, "example", EXAMPLE_REMARK))
    if example_plan.slug != EXAMPLE_PROGRAMME:
        return None
    if EXAMPLE_PROGRAMME not in await queries.fetch_programmes(transaction):
        await load_and_audit(transaction, example_plan, sandbox=True)
    return EXAMPLE_PROGRAMME


async def load_and_audit(
    transaction: AsyncConnection, plan: Plan, *, sandbox: bool, bindings: BindingRule = BindingRule.REFUSE
) -> queries_loading.LoadResult:
    """Load a plan, and record an audit entry if it differs from the current version."""
    now = await fetch_instant(transaction)
    loaded = await queries_loading.load_plan(transaction, plan, sandbox=sandbox, now=now, bindings=bindings)
    if loaded.changes:
        catalogue = await fetch_catalogue(transaction, loaded.programme)
        subject = {"plan_version": str(loaded.version)}
        await commands.record_operator_audit(transaction, catalogue.id, "plan.loaded", subject)
    return loaded


def load_plan(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Load a plan file as a new version of its programme, or only report what that would change."""
    plan = queries_loading.read_plan(arguments.file)
    plan = queries_loading.to_sandbox(plan) if arguments.sandbox else plan

    async def load(url: str) -> queries_loading.LoadResult:
        if not arguments.dry_run:
            await commands.migrate_database(url)
        async with commands.begin_owner_transaction(url, dry_run=arguments.dry_run) as transaction:
            return await load_and_audit(transaction, plan, sandbox=arguments.sandbox, bindings=arguments.bindings)

    need = Need.NEWEST_SCHEMA if arguments.dry_run else Need.RIGHTS
    with commands.open_database(configuration, need) as url:
        loaded = asyncio.run(load(url))
    _print_result(loaded, every_change=arguments.all, dry_run=arguments.dry_run)
    return 0


def check_plan(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Check a plan file, and compare it with the plan in the database, if there is one."""
    plan = queries_loading.read_plan(arguments.file)
    print(f"{arguments.file}: no mistakes.")
    folder = configuration.work_health_data or find_default_folder()
    if configuration.owner_url is None and not folder.exists():
        print("There is no database yet to compare it with.")
        return 0

    async def compare(transaction: AsyncConnection) -> queries_loading.LoadResult:
        return await load_and_audit(transaction, plan, sandbox=False)

    loaded = commands.run_as_owner(configuration, compare, dry_run=True)
    _print_result(loaded, every_change=arguments.all, dry_run=True)
    return 0


def new_plan(arguments: argparse.Namespace, _: settings.Settings) -> int:
    """Write a commented skeleton of a plan file, which `check-plan` accepts."""
    folder = commands.PLAN_FILE.parent
    text = (folder / "skeleton.yaml").read_text()
    try:
        with arguments.file.open("x") as file:
            file.write(text.replace("$schema=plan.schema.json", f"$schema={folder / 'plan.schema.json'}", 1))
    except OSError as error:
        raise InvalidPlan(f"{arguments.file}: {error.strerror}") from error
    print(f"{arguments.file} is a plan to change. `python -m api check-plan {arguments.file}` lists its mistakes.")
    return 0


def bind_role(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """Bind a role to an organisation from a day on, in a new plan version, and print the first returns that it owes."""
    role, organisation, day = arguments.role, arguments.organisation, arguments.day

    async def bind(transaction: AsyncConnection) -> tuple[queries_loading.LoadResult, list[str]]:
        change = partial(binding_changes.bind_role, slug=role, organisation=organisation, day=day)
        loaded, plan = await _change_bindings(transaction, arguments, change, "role.bound")
        due_days = timedelta(days=plan.calendar.due_days)
        first_returns = list_first_returns(plan, role, organisation, day)
        return loaded, [f"{r.measure} {r.period.code}, due {r.period.end + due_days}" for r in first_returns]

    loaded, first_returns = commands.run_as_owner(configuration, bind, dry_run=arguments.dry_run)
    condition = ", without --dry-run" if arguments.dry_run else ""
    print(f"{loaded.programme}: version {loaded.version}{condition}. {role} is bound to {organisation} from {day}.")
    print("Its first returns:" if first_returns else "It owes no return yet.")
    for line in first_returns:
        print(f"  {line}")
    return 0


def end_binding(arguments: argparse.Namespace, configuration: settings.Settings) -> int:
    """End the binding of a role after a day, in a new plan version, so that nobody owes what ends later."""
    role, day = arguments.role, arguments.day

    async def end(transaction: AsyncConnection) -> tuple[queries_loading.LoadResult, Plan]:
        change = partial(binding_changes.end_binding, slug=role, day=day)
        return await _change_bindings(transaction, arguments, change, "role.ended")

    loaded, plan = commands.run_as_owner(configuration, end, dry_run=arguments.dry_run)
    condition = ", without --dry-run" if arguments.dry_run else ""
    organisation = _get_last_binding(plan, role).organisation
    print(f"{loaded.programme}: version {loaded.version}{condition}. {organisation} is bound to {role} until {day}.")
    return 0


async def _change_bindings(
    transaction: AsyncConnection, arguments: argparse.Namespace, change: Callable[[Plan], Plan], action: str
) -> tuple[queries_loading.LoadResult, Plan]:
    """Load the plan with other bindings of a role as a new version, and record it."""
    slug = arguments.programme or await _find_only_programme(transaction)
    catalogue = await fetch_catalogue(transaction, slug)
    newest = await queries.lock_newest_version(transaction, slug)
    plan = change(cast("Plan", newest.plan))
    now = await fetch_instant(transaction)
    loaded = await queries_loading.load_plan(
        transaction, plan, sandbox=catalogue.sandbox, now=now, bindings=BindingRule.REPLACE
    )
    binding = _get_last_binding(plan, arguments.role)
    subject = {"role": arguments.role, "valid_from": str(binding.valid_from), "plan_version": str(loaded.version)}
    if binding.valid_to:
        subject["valid_to"] = str(binding.valid_to)
    organisation_id = catalogue.ids.organisations[binding.organisation]
    await commands.record_operator_audit(transaction, catalogue.id, action, subject, organisation_id=organisation_id)
    return loaded, plan


def _get_last_binding(plan: Plan, slug: str) -> Binding:
    return next(role for role in plan.roles if role.slug == slug).bindings[-1]


async def _find_only_programme(transaction: AsyncConnection) -> str:
    """Return the only programme that is no sandbox. Raises Invalid if there are several or none."""
    slugs = [slug for slug, is_sandbox in (await queries.fetch_programmes(transaction)).items() if not is_sandbox]
    if len(slugs) != 1:
        raise Invalid(f"--programme: name one of {', '.join(slugs) or 'none'}.")
    return slugs[0]


def _print_result(loaded: queries_loading.LoadResult, *, every_change: bool, dry_run: bool) -> None:
    """Print the version and its changes: all, or a summary."""
    if not loaded.changes:
        print(f"{loaded.programme}: version {loaded.version} is the same already.")
        return
    condition = ", if the file is loaded" if dry_run else ""
    print(f"{loaded.programme}: version {loaded.version}{condition}. It has {len(loaded.changes)} changes:")
    summary = change_summary.list_every_change if every_change else change_summary.summarise_changes
    print("\n".join(f"  {line}" for line in summary(loaded.changes)))
