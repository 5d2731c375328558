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
from api.releases.protection import AuditHistory, ProtectionResult, ProtectionTask
from api.releases.true_counts import TrueCounts
from api.statistics.disclosure import figures
from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.display import ProviderCounts, make_display
from api.statistics.disclosure.lattice import Area, Dimension, IntArray, Lattice, Nodes, ScopeShape, Table, build_nodes
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
    """Made-up people: of provider, in or out, ward, age, sex and ethnic group."""
    size = (wards, *CATEGORY_COUNTS.values())
    means = 2.0 * chance.gamma(4, 0.25, size)
    for axis, spread in enumerate((0.6, 0.4, 0.1, 0.9)):
        factor = chance.lognormal(0, spread, size[axis])
        means *= (factor / factor.mean()).reshape([-1 if at == axis else 1 for at in range(4)])
    whole = chance.poisson(means)
    inside = chance.binomial(whole, 0.45)
    shares = chance.dirichlet(np.full(PROVIDERS, 0.5), wards)
    found = np.zeros((PROVIDERS, 2, *size), dtype=np.int64)
    for ward in range(wards):
        for at, part in enumerate((inside, whole - inside)):
            found[:, at, ward] = np.moveaxis(chance.multinomial(part[ward], shares[ward]), -1, 0)
    return found


def count_by_provider(nodes: Nodes, of: dict[str, IntArray]) -> IntArray:
    """What each provider returned of each node, given the people of each period."""
    found = np.zeros((PROVIDERS, len(nodes.nodes)), dtype=np.int64)
    for index, node in enumerate(nodes.nodes):
        codes = {name: int(code.rpartition("-")[2]) for name, code in node.breakdown}
        place = slice(None) if node.place == "city" else int(node.place.rpartition("-")[2])
        part = slice(None) if node.part is None else 0
        cells = of[node.period][:, part, place][..., *(codes.get(name, slice(None)) for name in CATEGORY_COUNTS)]
        found[:, index] = cells.reshape(PROVIDERS, -1).sum(axis=1)
    return found


def build_counts(built: Lattice, cross: IntArray) -> ProviderCounts:
    every = np.ones(PROVIDERS, dtype=np.bool_)
    counts = built.append_complements(count_by_provider(built, {"now": cross}))
    return ProviderCounts(own=counts, publish_alone=every, unknown=np.zeros(built.whole.size, dtype=np.bool_))


def format_usage(processes: int, seconds: float) -> str:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return (
        f"{seconds:.0f} s with {processes} processes, of processor time "
        f"{sum(each.ru_utime + each.ru_stime for each in used):.0f} s; "
        f"{sum(each.ru_maxrss for each in used) / 1e6:.2f} GB in the largest two processes"
    )


def run_one_period(processes: int) -> None:
    started = time.perf_counter()
    built = build_benchmark_lattice()
    counts = build_counts(built, generate_people(np.random.default_rng(1)))
    shown = int(make_display(built, PERSONS_RULE, [counts]).shown.sum())
    print(f"{len(built.nodes)} nodes, {built.whole.size - len(built.nodes)} complements, {built.atoms} atoms")
    with ProcessPoolExecutor(processes) as pool:
        protected = figures.protect_release(built, PERSONS_RULE, [counts], map_tasks=pool.map)
    report = protected.report
    print(f"{report.audited} audited, {report.repaired} repaired, {report.withheld} of {shown} figures withheld")
    print(format_usage(processes, time.perf_counter() - started))


def list_periods(year: int) -> dict[str, tuple[str, ...]]:
    """Its quarters, halves and whole."""
    quarters = tuple(f"{year}-Q{n}" for n in range(1, 5))
    longer = {f"{year}-H1": quarters[:2], f"{year}-H2": quarters[2:], f"{year}": quarters}
    return {quarter: (quarter,) for quarter in quarters} | longer


def apply_corrections(cross: IntArray, chance: np.random.Generator) -> IntArray:
    """Late records of a few providers: one more in about a cell in ten."""
    late = chance.poisson(0.1, cross[:CORRECTING_PROVIDERS].shape)
    return np.concatenate((cross[:CORRECTING_PROVIDERS] + late, cross[CORRECTING_PROVIDERS:]))


def build_task(
    number: int,
    crosses: dict[str, IntArray],
    earlier: tuple[AuditHistory, ...],
    wards: int,
    tables: tuple[Table, ...] = TABLES,
) -> ProtectionTask:
    """A scope as the publisher makes it."""
    laid = build_shape(wards, list_periods(number), tables)
    nodes = build_nodes(laid)
    found = count_by_provider(
        nodes, {code: np.sum([crosses[one] for one in parts], axis=0) for code, parts in laid.periods.items()}
    )
    nothing = np.zeros(len(nodes.nodes), dtype=np.bool_)
    group = {f"provider-{n}": n for n in range(PROVIDERS)}
    return ProtectionTask(
        key=str(number),
        measures=("made-up",),
        rule=PERSONS_RULE,
        shape=laid,
        true_counts=TrueCounts(
            organisations=tuple(group),
            own=found,
            unknown=nothing,
            hidden=nothing,
            may_stand_alone=np.ones(PROVIDERS, dtype=np.bool_),
        ),
        group_numbers=group,
        earlier=earlier,
    )


def run_years(processes: int, wards: int, tables: tuple[Table, ...] = TABLES) -> None:
    chance = np.random.default_rng(1)
    crosses: dict[str, IntArray] = {}
    kept: dict[int, tuple[AuditHistory, ...]] = {}
    for release in (1, 2, 3):
        if release > 1:
            crosses[f"{release - 1}-Q4"] = apply_corrections(crosses[f"{release - 1}-Q4"], chance)
        crosses |= {
            code: generate_people(chance, wards) for code, parts in list_periods(release).items() if len(parts) == 1
        }
        kept[release] = ()
        for number in range(1, release + 1):
            started = time.perf_counter()
            with ProcessPoolExecutor(processes) as pool:
                done = protection.protect_scope(build_task(number, crosses, kept[number], wards, tables), pool.map)
            if not isinstance(done, ProtectionResult):
                raise SystemExit(f"release {release} is refused: {done}")
            report = done.report
            if not report.carried_forward:
                kept[number] = (*kept[number], done.history)
            print(
                f"release {release}, year {number}: {report.figures} figures, {report.shown} shown, "
                f"{report.withheld} withheld, {report.held_back} held{', carried' * report.carried_forward}; "
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
