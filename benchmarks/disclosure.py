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
from api.releases.protection import Done, Kept, Work
from api.releases.true_counts import Frozen
from api.statistics.disclosure import figures
from api.statistics.disclosure.atoms import build
from api.statistics.disclosure.display import Counts, protect
from api.statistics.disclosure.lattice import Dimension, IntArray, Lattice, Nodes, Place, Shape, Table, nodes_of
from schema.disclosure import PERSONS

PROVIDERS, WARDS = 10, 20
SIZES = {"age": 6, "sex": 2, "ethnicity": 6}
SCHEMES = [chosen for size in range(3) for chosen in combinations(SIZES, size)]
TABLES = tuple(Table(dimensions=scheme, part=part, level=1) for part in (None, "in") for scheme in SCHEMES)
AS_PLANNED = (*TABLES[: 1 + len(SIZES)], Table(dimensions=("age", "sex")))
CORRECTED = 2
"""How many providers correct a quarter."""


def shape(wards: int, periods: dict[str, tuple[str, ...]], tables: tuple[Table, ...] = TABLES) -> Shape:
    places = (Place(code=f"ward-{n}", level=1, parent="city") for n in range(wards))
    return Shape(
        dimensions=tuple(
            Dimension(slug=name, codes=tuple(f"{name}-{n}" for n in range(size))) for name, size in SIZES.items()
        ),
        places=(Place(code="city"), *places),
        tables=tables,
        periods=periods,
    )


def lattice() -> Lattice:
    return build(shape(WARDS, {"now": ("now",)}))


def people(chance: np.random.Generator, wards: int = WARDS) -> IntArray:
    """Made-up people: of provider, in or out, ward, age, sex and ethnic group."""
    size = (wards, *SIZES.values())
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


def own(nodes: Nodes, of: dict[str, IntArray]) -> IntArray:
    """What each provider returned of each node, given the people of each period."""
    found = np.zeros((PROVIDERS, len(nodes.nodes)), dtype=np.int64)
    for index, node in enumerate(nodes.nodes):
        codes = {name: int(code.rpartition("-")[2]) for name, code in node.breakdown}
        place = slice(None) if node.place == "city" else int(node.place.rpartition("-")[2])
        part = slice(None) if node.part is None else 0
        cells = of[node.period][:, part, place][..., *(codes.get(name, slice(None)) for name in SIZES)]
        found[:, index] = cells.reshape(PROVIDERS, -1).sum(axis=1)
    return found


def returned(built: Lattice, cross: IntArray) -> Counts:
    every = np.ones(PROVIDERS, dtype=np.bool_)
    counts = built.completed(own(built, {"now": cross}))
    return Counts(own=counts, may_stand_alone=every, unknown=np.zeros(built.whole.size, dtype=np.bool_))


def told(processes: int, seconds: float) -> str:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return (
        f"{seconds:.0f} s with {processes} processes, of processor time "
        f"{sum(each.ru_utime + each.ru_stime for each in used):.0f} s; "
        f"{sum(each.ru_maxrss for each in used) / 1e6:.2f} GB in the largest two processes"
    )


def one_period(processes: int) -> None:
    started = time.perf_counter()
    built = lattice()
    counts = returned(built, people(np.random.default_rng(1)))
    shown = int(protect(built, PERSONS, [counts]).shown.sum())
    print(f"{len(built.nodes)} nodes, {built.whole.size - len(built.nodes)} complements, {built.atoms} atoms")
    with ProcessPoolExecutor(processes) as pool:
        protected = figures.release(built, PERSONS, [counts], across=pool.map)
    report = protected.report
    print(f"{report.audited} audited, {report.repaired} repaired, {report.withheld} of {shown} figures withheld")
    print(told(processes, time.perf_counter() - started))


def spans(year: int) -> dict[str, tuple[str, ...]]:
    """Its quarters, halves and whole."""
    quarters = tuple(f"{year}-Q{n}" for n in range(1, 5))
    longer = {f"{year}-H1": quarters[:2], f"{year}-H2": quarters[2:], f"{year}": quarters}
    return {quarter: (quarter,) for quarter in quarters} | longer


def corrected(cross: IntArray, chance: np.random.Generator) -> IntArray:
    """Late records of a few providers: one more in about a cell in ten."""
    late = chance.poisson(0.1, cross[:CORRECTED].shape)
    return np.concatenate((cross[:CORRECTED] + late, cross[CORRECTED:]))


def year(
    number: int,
    crosses: dict[str, IntArray],
    earlier: tuple[Kept, ...],
    wards: int,
    tables: tuple[Table, ...] = TABLES,
) -> Work:
    """A scope as the publisher makes it."""
    laid = shape(wards, spans(number), tables)
    nodes = nodes_of(laid)
    found = own(nodes, {code: np.sum([crosses[one] for one in parts], axis=0) for code, parts in laid.periods.items()})
    nothing = np.zeros(len(nodes.nodes), dtype=np.bool_)
    group = {f"provider-{n}": n for n in range(PROVIDERS)}
    return Work(
        key=str(number),
        measures=("made-up",),
        rule=PERSONS,
        shape=laid,
        frozen=Frozen(
            organisations=tuple(group),
            own=found,
            unknown=nothing,
            hidden=nothing,
            may_stand_alone=np.ones(PROVIDERS, dtype=np.bool_),
        ),
        group=group,
        earlier=earlier,
    )


def years(processes: int, wards: int, tables: tuple[Table, ...] = TABLES) -> None:
    chance = np.random.default_rng(1)
    crosses: dict[str, IntArray] = {}
    kept: dict[int, tuple[Kept, ...]] = {}
    for release in (1, 2, 3):
        if release > 1:
            crosses[f"{release - 1}-Q4"] = corrected(crosses[f"{release - 1}-Q4"], chance)
        crosses |= {code: people(chance, wards) for code, parts in spans(release).items() if len(parts) == 1}
        kept[release] = ()
        for number in range(1, release + 1):
            started = time.perf_counter()
            with ProcessPoolExecutor(processes) as pool:
                done = protection.protected(year(number, crosses, kept[number], wards, tables), pool.map)
            if not isinstance(done, Done):
                raise SystemExit(f"release {release} is refused: {done}")
            report = done.report
            if not report.carried:
                kept[number] = (*kept[number], done.kept)
            print(
                f"release {release}, year {number}: {report.figures} figures, {report.shown} shown, "
                f"{report.withheld} withheld, {report.held} held{', carried' * report.carried}; "
                f"{time.perf_counter() - started:.0f} s",
                flush=True,
            )


def main() -> None:
    processes, what, wards = (*sys.argv[1:], *("2", "", str(WARDS))[len(sys.argv) - 1 :])
    if not what:
        one_period(int(processes))
        return
    started = time.perf_counter()
    years(int(processes), int(wards), AS_PLANNED if what == "plan" else TABLES)
    print(told(int(processes), time.perf_counter() - started))


if __name__ == "__main__":
    main()
