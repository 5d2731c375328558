"""Releases of synthetic people over HTTP. Attackers read the responses, and contributions from the database.

No user of the API sees a contribution. A reader who is given each of them is stronger than the public, which sees
their sum, and than a provider, which sees the sum of the others'.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count

import numpy as np
from msgspec.structs import fields, replace

from api.plan import queries_loading
from api.protection.stored_contributions import StoredContribution, unpack_contribution
from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.contributions import Contribution
from schema.areas import Scheme
from schema.disclosure import PERSONS_RULE, DisclosureClass, Policy, PolicyDecision, Rule
from tests.attacks.source_attacker import SourceAttacker
from tests.conftest import HARBOUR_PLAN_FILE, RunningApplication
from tests.fixtures.example_plan import TOWN
from tests.fixtures.release_client import (
    QUARTER_AREAS,
    SEXES,
    ReleaseClient,
    make_learners_return,
    make_pass_rate_return,
)

ATTACKER, VICTIM = "quay-college", "pier-college"
DIMENSIONS = {"place": QUARTER_AREAS, "sex": SEXES}
DECISION = PolicyDecision(by="Harbour Council", on=date(2026, 1, 5), reason="Small figures.", assessment="File 7")
SeriesPeriod = tuple[str, str]
"""A measure and a period of its headline series."""
Returns = Mapping[SeriesPeriod, Sequence[dict | None]]
"""The return of a provider for each release; None if it sends nothing."""
Counts = dict[tuple[tuple[str, str], ...], int | None]
"""Displayed counts by cell; None where nothing is displayed."""


class ReturnCube:
    """The cells of a stored contribution whose counts follow from a cross of area and sex, and from its parts."""

    def __init__(self, stored: StoredContribution) -> None:
        self.shape, self.lattice = stored.shape, build_lattice(stored.shape)
        nodes = list(enumerate(self.lattice.nodes))
        self.ids = [index for index, node in nodes if {name for name, _ in node.breakdown} <= {"sex"}]
        has_parts = any(node.part for _, node in nodes)
        self.dimensions = DIMENSIONS | ({"part": ("in", "out")} if has_parts else {})
        self.cells = [_to_cell(self.lattice.nodes[index]) for index in self.ids]
        self.all_cells = self.cells + [cell | {"part": "out"} for cell in self.cells if "part" in cell]

    def count_people(self, table, cell) -> int:
        indexes = [
            slice(None) if name not in cell else codes.index(cell[name]) for name, codes in self.dimensions.items()
        ]
        return int(np.asarray(table)[tuple(indexes)].sum())

    def find_steps(self) -> list[tuple[int, int]]:
        """Return no pairs: the counts are not cumulative."""
        return []

    def select(self, contribution: Contribution) -> Contribution:
        """Return only the cells of the cube."""
        columns = {field.name: getattr(contribution, field.name)[self.ids] for field in fields(contribution)}
        return Contribution(**columns)


def _to_cell(node) -> dict[str, str]:
    place = {} if node.place == TOWN else {"place": node.place}
    return dict(node.breakdown) | place | ({} if node.part is None else {"part": "in"})


SHOW_SMALL = replace(PERSONS_RULE, hide_below=0)


async def open_press(
    application: RunningApplication,
    *,
    rule: Rule = SHOW_SMALL,
    alone: bool = True,
    schemes: Sequence[Scheme] = (),
) -> ReleaseClient:
    """Load the harbour programme with a measure `employers`, which is like `learners` but counts organisations.

    Figures of people below 10 are shown as well, unless another `rule` is given, and each provider's figures may be
    published `alone`. Both help an attacker. `schemes` replace those of `learners`.
    """
    application.now = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
    plan = queries_loading.read_plan(HARBOUR_PLAN_FILE)
    [learners] = [measure for measure in plan.measures if measure.slug == "learners"]
    learners = replace(learners, schemes=list(schemes) or learners.schemes)
    employers = replace(learners, slug="employers", label="Employers", disclosure_class=DisclosureClass.ORGANISATIONS)
    duties = plan.duties + [replace(duty, measure="employers") for duty in plan.duties if duty.measure == "learners"]
    plan = replace(
        plan,
        calendar=replace(plan.calendar, closes_days=None),
        measures=[learners if one.slug == "learners" else one for one in plan.measures] + [employers],
        duties=[replace(duty, publish_alone=alone) for duty in duties],
        disclosure=Policy(persons=rule, decision=DECISION),
    )
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(transaction, plan, sandbox=False, now=application.now)
    return ReleaseClient(application, plan.slug)


def to_people(table) -> dict[tuple[str, str], int]:
    """Return a cross of area and sex in the form of a return."""
    return {(place, sex): int(table[i, j]) for i, place in enumerate(QUARTER_AREAS) for j, sex in enumerate(SEXES)}


def make_return(key: SeriesPeriod, table, *, without: Sequence[str] = ()) -> dict:
    """Return a complete return, or one that leaves breakdowns out. Proportions have a third axis: in, out."""
    measure, period = key
    if np.ndim(table) == 3:
        content = make_pass_rate_return(period, to_people(table[..., 0]), to_people(table.sum(axis=2)))
    else:
        content = make_learners_return(period, to_people(table)) | {"measure": measure}
    content["observations"] = [cell for cell in content["observations"] if not set(without) & set(cell["breakdown"])]
    return content


async def submit(press: ReleaseClient, organisation: str, returns: Iterable[dict | None], *, seed: int) -> None:
    """Submit, approve and protect returns, with seeds from this one on."""
    press.application.seeds = count(seed)
    if contents := [content for content in returns if content is not None]:
        await press.submit_and_approve(organisation, *contents)
        await press.application.run_publication_jobs()


async def play(press: ReleaseClient, victim: Returns, attacker: Returns) -> list[dict[SeriesPeriod, Counts]]:
    """Publish one release after another, and return the displayed counts of each.

    Both providers send a return for each release, or None. The victim's draws do not depend on what the attacker sends.
    """
    releases = []
    for number in range(max(map(len, victim.values()))):
        for step, (organisation, returns) in enumerate(((VICTIM, victim), (ATTACKER, attacker))):
            contents = [chosen[number] if number < len(chosen) else None for chosen in returns.values()]
            await submit(press, organisation, contents, seed=1000 * number + 500 * step)
        job = await press.publish()
        assert (job["state"], job["release"]) == ("published", number + 1), job
        releases.append({key: await read_counts(press, number + 1, key) for key in victim})
    return releases


async def read_counts(press: ReleaseClient, release: int | str, key: SeriesPeriod) -> Counts:
    """Return each displayed count by area, part and breakdown; None if it is hidden. A proportion yields two."""
    counts: Counts = {}
    for grouped in ({}, {"group_by": "sex"}):
        for figure in await press.read_figures(
            measure=key[0], period=key[1], within=TOWN, release=str(release), **grouped
        ):
            cell = figure["breakdown"] | ({} if figure["area"] == TOWN else {"place": figure["area"]})
            if figure["kind"] == "proportion":
                counts[to_key(cell)] = figure["denominator"]
                counts[to_key(cell | {"part": "in"})] = figure["numerator"]
            else:
                counts[to_key(cell)] = figure["value"]
    return counts


def to_key(cell: dict) -> tuple:
    return tuple(sorted(cell.items()))


async def read_chain(press: ReleaseClient, organisation: str, key: SeriesPeriod) -> dict[int, StoredContribution]:
    """Return what an organisation has contributed, by the first release that displays it, from the database."""
    connection = await press.application.query_connection()
    rows = await connection.fetch(
        "select c.release, c.content, c.counts from protection.contribution c join organisation o "
        "on o.programme = c.programme and o.id = c.organisation join programme p on p.id = c.programme "
        "where p.slug = $1 and o.slug = $2 and c.scope = $3 and c.release is not null order by c.position",
        *(press.programme, organisation, f"{key[0]}/headline {key[1]}"),
    )
    return {row["release"]: unpack_contribution(row["content"], row["counts"]) for row in rows}


def read_displays(chain: dict[int, StoredContribution], releases: int) -> list[Counts]:
    """Return the displayed count of each cell in each release; None where nothing is displayed."""
    displays: list[Counts] = []
    for release in range(1, releases + 1):
        if release not in chain:
            displays.append(displays[-1] if displays else {})
            continue
        cube = ReturnCube(chain[release])
        one = cube.select(chain[release].contribution)
        shown = zip(cube.cells, one.present.tolist(), one.displayed.tolist(), strict=True)
        displays.append({to_key(cell): number if is_present else None for cell, is_present, number in shown})
    return displays


def attack(
    rule: Rule, tables: Sequence, chain: dict[int, StoredContribution], *, late_records: int | None = None
) -> tuple[int, list]:
    """Attack each contribution of a provider. `tables` are its true counts in each release.

    `late_records`: the attacker knows that at most so many records are added in each release.

    Return the number of small counts and small changes, and those that are disclosed.
    """
    cube = ReturnCube(next(iter(chain.values())))
    contributions: list[Contribution] = []
    for stored in chain.values():
        one = cube.select(stored.contribution)
        # No reader can distinguish a contribution without changes from one that the audit has refused.
        is_same = bool(contributions) and are_equal(contributions[-1], one)
        contributions.append(contributions[-1] if is_same else one)
    known = [tables[release - 1] for release in chain]
    return SourceAttacker(cube, rule, known, contributions, late_records=late_records).attack()


def are_equal(first: Contribution, second: Contribution) -> bool:
    return all((getattr(first, field.name) == getattr(second, field.name)).all() for field in fields(first))
