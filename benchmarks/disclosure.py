"""How long one measure and period take to be protected, and what memory. `python benchmarks/disclosure.py [processes]`.

Ten providers, 20 wards, all schemes of at most two dimensions out of 6 ages, 2 sexes and 6 ethnic groups, by ward;
a proportion, so that numerators, denominators and complements are audited together. The people are made up: 2 in a
cell of the full cross on average, unevenly. The goal is two minutes on two cores and 2 GB.
"""

import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from api.statistics.disclosure import figures
from api.statistics.disclosure.display import Counts, protect
from api.statistics.disclosure.lattice import Dimension, IntArray, Lattice, Place, Shape, Table, build
from schema.disclosure import PERSONS

PROVIDERS, WARDS = 10, 20
SIZES = {"age": 6, "sex": 2, "ethnicity": 6}
SCHEMES = [chosen for size in range(3) for chosen in combinations(SIZES, size)]


def lattice() -> Lattice:
    wards = (Place(code=f"ward-{n}", level=1, parent="city") for n in range(WARDS))
    return build(
        Shape(
            dimensions=tuple(
                Dimension(slug=name, codes=tuple(f"{name}-{n}" for n in range(size))) for name, size in SIZES.items()
            ),
            places=(Place(code="city"), *wards),
            tables=tuple(Table(dimensions=scheme, part=part, level=1) for part in (None, "in") for scheme in SCHEMES),
            periods={"now": ("now",)},
        )
    )


def people(chance: np.random.Generator) -> IntArray:
    """Made-up people: of provider, in or out, ward, age, sex and ethnic group."""
    shape = (WARDS, *SIZES.values())
    means = 2.0 * chance.gamma(4, 0.25, shape)
    for axis, spread in enumerate((0.6, 0.4, 0.1, 0.9)):
        factor = chance.lognormal(0, spread, shape[axis])
        means *= (factor / factor.mean()).reshape([-1 if at == axis else 1 for at in range(4)])
    whole = chance.poisson(means)
    inside = chance.binomial(whole, 0.45)
    shares = chance.dirichlet(np.full(PROVIDERS, 0.5), WARDS)
    found = np.zeros((PROVIDERS, 2, *shape), dtype=np.int64)
    for ward in range(WARDS):
        for at, part in enumerate((inside, whole - inside)):
            found[:, at, ward] = np.moveaxis(chance.multinomial(part[ward], shares[ward]), -1, 0)
    return found


def returned(built: Lattice, cross: IntArray) -> Counts:
    """What each provider returned of it."""
    own = np.zeros((PROVIDERS, len(built.nodes)), dtype=np.int64)
    for index, node in enumerate(built.nodes):
        codes = {name: int(code.rpartition("-")[2]) for name, code in node.breakdown}
        place = slice(None) if node.place == "city" else int(node.place.rpartition("-")[2])
        part = slice(None) if node.part is None else 0
        cells = cross[:, part, place][..., *(codes.get(name, slice(None)) for name in SIZES)]
        own[:, index] = cells.reshape(PROVIDERS, -1).sum(axis=1)
    every = np.ones(PROVIDERS, dtype=np.bool_)
    return Counts(own=built.completed(own), may_stand_alone=every, unknown=np.zeros(built.whole.size, dtype=np.bool_))


def main() -> None:
    processes = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    started = time.perf_counter()
    built = lattice()
    counts = returned(built, people(np.random.default_rng(1)))
    shown = int(protect(built, PERSONS, [counts]).shown.sum())
    print(f"{len(built.nodes)} nodes, {built.whole.size - len(built.nodes)} complements, {built.atoms} atoms")
    with ProcessPoolExecutor(processes) as pool:
        protected = figures.release(built, PERSONS, [counts], across=pool.map)
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    report = protected.report
    print(f"{report.audited} audited, {report.repaired} repaired, {report.withheld} of {shown} figures withheld")
    print(
        f"{time.perf_counter() - started:.0f} s, of processor time "
        f"{sum(each.ru_utime + each.ru_stime for each in used):.0f} s; "
        f"{sum(each.ru_maxrss for each in used) / 1e6:.2f} GB in the largest two processes"
    )


if __name__ == "__main__":
    main()
