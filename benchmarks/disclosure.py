"""How long measures of people take to be protected, and what memory.

    python benchmarks/disclosure.py [processes]                 one measure and period
    python benchmarks/disclosure.py [processes] years [wards]   twelve quarters, over three releases
    python benchmarks/disclosure.py [processes] plan            the same in the schemes that Nottingham's plan has

Ten providers, 20 wards, all schemes of at most two dimensions out of 6 ages, 2 sexes and 6 ethnic groups, by ward;
a proportion, so that numerators, denominators and complements are audited together. The people are made up: 2 in a
cell of the full cross on average, unevenly. The goal for one period is two minutes on two cores and 2 GB. Twelve
quarters are released with their halves and years, in three releases: each adds a year, and a few providers correct the
last quarter of the year before. The plan's counts of people are by sex, age and ethnic group in the wards, and by age
and sex together in the city.
"""

import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from api.releases import protection
from api.releases.audit_history import AuditHistory
from api.releases.protection import ProtectionResult
from api.releases.protection_task import ProtectionTask
from api.releases.true_counts import TrueCounts
from api.statistics.disclosure import figures
from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.lattice import Area, Dimension, Lattice, Nodes, ScopeShape, Table, build_nodes
from api.statistics.disclosure.provider_counts import ProviderCounts
from api.statistics.disclosure.release_display import make_display
from api.statistics.disclosure.sparse_rows import IntArray
from schema.disclosure import PERSONS_RULE

PROVIDERS, WARDS = 10, 20
CATEGORY_COUNTS = {"age": 6, "sex": 2, "ethnicity": 6}
SCHEMES = [chosen for size in range(3) for chosen in combinations(CATEGORY_COUNTS, size)]
TABLES = tuple(Table(dimensions=scheme, part=part, level=1) for part in (None, "in") for scheme in SCHEMES)
PLANNED_TABLES = (*TABLES[: 1 + len(CATEGORY_COUNTS)], Table(dimensions=("age", "sex")))
CORRECTING_PROVIDERS = 2
"""How many providers correct a quarter."""


def build_shape(wards: int, periods: dict[str, tuple[str, ...]], tables: tuple[Table, ...] = TABLES) -> ScopeShape:
    places = (Area(code=f"ward-{n}", level=1, parent="city") for n in range(wards))
    return ScopeShape(
        dimensions=tuple(
            Dimension(slug=name, codes=tuple(f"{name}-{n}" for n in range(size)))
            for name, size in CATEGORY_COUNTS.items()
        ),
        places=(Area(code="city"), *places),
        tables=tables,
        periods=periods,
    )


def build_benchmark_lattice() -> Lattice:
    return build_lattice(build_shape(WARDS, {"now": ("now",)}))


def generate_people(chance: np.random.Generator, wards: int = WARDS) -> IntArray:
    """Return invented people by provider, inside or outside, ward, age, sex and ethnic group."""
    size = (wards, *CATEGORY_COUNTS.values())
    means = 2.0 * chance.gamma(4, 0.25, size)
    for axis, spread in enumerate((0.6, 0.4, 0.1, 0.9)):
        factor = chance.lognormal(0, spread, size[axis])
        means *= (factor / factor.mean()).reshape([-1 if at == axis else 1 for at in range(4)])
    whole = chance.poisson(means)
    inside = chance.binomial(whole, 0.45)
    shares = chance.dirichlet(np.full(PROVIDERS, 0.5), wards)
    counts = np.zeros((PROVIDERS, 2, *size), dtype=np.int64)
    for ward in range(wards):
        for at, part in enumerate((inside, whole - inside)):
            counts[:, at, ward] = np.moveaxis(chance.multinomial(part[ward], shares[ward]), -1, 0)
    return counts


def count_by_provider(nodes: Nodes, of: dict[str, IntArray]) -> IntArray:
    """Return the count of each provider for each node, from the people of each period."""
    counts = np.zeros((PROVIDERS, len(nodes.nodes)), dtype=np.int64)
    for index, node in enumerate(nodes.nodes):
        codes = {name: int(code.rpartition("-")[2]) for name, code in node.breakdown}
        place = slice(None) if node.place == "city" else int(node.place.rpartition("-")[2])
        part = slice(None) if node.part is None else 0
        cells = of[node.period][:, part, place][..., *(codes.get(name, slice(None)) for name in CATEGORY_COUNTS)]
        counts[:, index] = cells.reshape(PROVIDERS, -1).sum(axis=1)
    return counts


def build_counts(lattice: Lattice, people: IntArray) -> ProviderCounts:
    all_providers = np.ones(PROVIDERS, dtype=np.bool_)
    counts = lattice.append_complements(count_by_provider(lattice, {"now": people}))
    return ProviderCounts(own=counts, publish_alone=all_providers, unknown=np.zeros(lattice.whole.size, dtype=np.bool_))


def format_usage(processes: int, seconds: float) -> str:
    usages = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return (
        f"{seconds:.0f} s with {processes} processes, of processor time "
        f"{sum(each.ru_utime + each.ru_stime for each in usages):.0f} s; "
        f"{sum(each.ru_maxrss for each in usages) / 1e6:.2f} GB in the largest two processes"
    )


def run_one_period(processes: int) -> None:
    started = time.perf_counter()
    lattice = build_benchmark_lattice()
    counts = build_counts(lattice, generate_people(np.random.default_rng(1)))
    shown = int(make_display(lattice, PERSONS_RULE, [counts]).shown.sum())
    print(f"{len(lattice.nodes)} nodes, {lattice.whole.size - len(lattice.nodes)} complements, {lattice.atoms} atoms")
    with ProcessPoolExecutor(processes) as pool:
        protected = figures.protect_release(lattice, PERSONS_RULE, [counts], map_tasks=pool.map)
    report = protected.report
    print(f"{report.audited} audited, {report.repaired} repaired, {report.withheld} of {shown} figures withheld")
    print(format_usage(processes, time.perf_counter() - started))


def list_periods(year: int) -> dict[str, tuple[str, ...]]:
    """Return the quarters and halves of a year, and the year."""
    quarters = tuple(f"{year}-Q{n}" for n in range(1, 5))
    longer = {f"{year}-H1": quarters[:2], f"{year}-H2": quarters[2:], f"{year}": quarters}
    return {quarter: (quarter,) for quarter in quarters} | longer


def apply_corrections(people: IntArray, chance: np.random.Generator) -> IntArray:
    """Add late records of some providers: one more person in about one cell in ten."""
    late = chance.poisson(0.1, people[:CORRECTING_PROVIDERS].shape)
    return np.concatenate((people[:CORRECTING_PROVIDERS] + late, people[CORRECTING_PROVIDERS:]))


def build_task(
    number: int,
    people_by_period: dict[str, IntArray],
    earlier: tuple[AuditHistory, ...],
    wards: int,
    tables: tuple[Table, ...] = TABLES,
) -> ProtectionTask:
    """Return the task for one scope, as the publisher makes it."""
    shape = build_shape(wards, list_periods(number), tables)
    nodes = build_nodes(shape)
    counts = count_by_provider(
        nodes,
        {code: np.sum([people_by_period[code] for code in parts], axis=0) for code, parts in shape.periods.items()},
    )
    no_nodes = np.zeros(len(nodes.nodes), dtype=np.bool_)
    group = {f"provider-{n}": n for n in range(PROVIDERS)}
    return ProtectionTask(
        key=str(number),
        measures=("made-up",),
        rule=PERSONS_RULE,
        shape=shape,
        true_counts=TrueCounts(
            organisations=tuple(group),
            own=counts,
            unknown=no_nodes,
            hidden=no_nodes,
            publish_alone=np.ones(PROVIDERS, dtype=np.bool_),
        ),
        group_numbers=group,
        earlier=earlier,
    )


def run_years(processes: int, wards: int, tables: tuple[Table, ...] = TABLES) -> None:
    chance = np.random.default_rng(1)
    people_by_period: dict[str, IntArray] = {}
    histories: dict[int, tuple[AuditHistory, ...]] = {}
    for release in (1, 2, 3):
        if release > 1:
            people_by_period[f"{release - 1}-Q4"] = apply_corrections(people_by_period[f"{release - 1}-Q4"], chance)
        people_by_period |= {
            code: generate_people(chance, wards) for code, parts in list_periods(release).items() if len(parts) == 1
        }
        histories[release] = ()
        for number in range(1, release + 1):
            started = time.perf_counter()
            with ProcessPoolExecutor(processes) as pool:
                result = protection.protect_scope(
                    build_task(number, people_by_period, histories[number], wards, tables), pool.map
                )
            if not isinstance(result, ProtectionResult):
                raise SystemExit(f"release {release} is refused: {result}")
            report = result.report
            if not report.carried_forward:
                histories[number] = (*histories[number], result.history)
            print(
                f"release {release}, year {number}: {report.figures} figures, {report.shown} shown, "
                f"{report.withheld} withheld, {report.held_back} held back{', carried' * report.carried_forward}; "
                f"{time.perf_counter() - started:.0f} s",
                flush=True,
            )


def main() -> None:
    processes, what, wards = (*sys.argv[1:], *("2", "", str(WARDS))[len(sys.argv) - 1 :])
    if not what:
        run_one_period(int(processes))
        return
    started = time.perf_counter()
    run_years(int(processes), int(wards), PLANNED_TABLES if what == "plan" else TABLES)
    print(format_usage(int(processes), time.perf_counter() - started))


if __name__ == "__main__":
    main()
