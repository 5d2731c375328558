"""Compare methods: the share of small services that readers see, and the error of the figures.

    python -m benchmarks utility

Invented people of 1, 3 or 10 providers in 20 wards, with means of 5, 20 and 100 people a ward, by sex (3 codes) and age
(6 codes). A figure is shown if the method displays a number; the error is the displayed number minus the true count.
`deterministic` rounds each combined count to the nearest 5 and hides 0 to 7, as the method before did at first, whose
audit then withheld more; `cell key` adds noise of at most 5 with variance 3 to each combined count and hides nothing.
The time is that of one provider's return in all schemes of a measure of the plan, alone and with a numerator in all of
them, and of four corrections that each add a tenth.
"""

import time
from collections.abc import Sequence
from itertools import product

import numpy as np
from msgspec.structs import replace

from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.contribution_sums import get_largest_error, get_rounding_interval, sum_contributions
from api.statistics.disclosure.contributions import Contribution
from api.statistics.disclosure.lattice import Area, Dimension, Lattice, ScopeShape, Table
from api.statistics.disclosure.source_protection import protect_contribution
from api.statistics.disclosure.sparse_rows import BoolArray, FloatArray, IntArray
from benchmarks.report import Measurement, require_at_least, require_at_most
from schema.disclosure import PERSONS_RULE

WARDS, PROVIDERS, MEANS = 20, (1, 3, 10), (5, 20, 100)
CODES = {"sex": 3, "age": 6}
PLAN_CODES = CODES | {"ethnicity": 6, "deprivation": 6, "condition": 3, "carer": 3, "sector": 22}
WARD_DIMENSIONS = ("sex", "age", "ethnicity")
CORRECTIONS, PART_SHARE = 4, 0.4
CELL_KEY_SPREAD, CELL_KEY_VARIANCE = 5, 3.0


def build_wards(codes: dict[str, int], *, parts: Sequence[str | None] = (None,)) -> Lattice:
    dimensions = tuple(Dimension(slug=name, codes=tuple(map(str, range(size)))) for name, size in codes.items())
    wards = (Area(code=str(number), level=1, parent="city") for number in range(WARDS))
    tables = [Table(level=1), *(Table(dimensions=(name,), level=int(name in WARD_DIMENSIONS)) for name in codes)]
    tables.append(Table(dimensions=("age", "sex")))
    return build_lattice(
        ScopeShape(
            dimensions=dimensions,
            places=(Area(code="city"), *wards),
            tables=tuple(replace(table, part=part) for part in parts for table in tables),
            periods={"now": ("now",)},
        )
    )


def generate_counts(lattice: Lattice, codes: dict[str, int], mean: float, random: np.random.Generator) -> IntArray:
    """Return one provider's count of each node: people with a ward and a code of each dimension."""
    size = int(random.poisson(mean * WARDS))
    ward = random.choice(WARDS, size, p=random.dirichlet(np.full(WARDS, 4.0)))
    chosen = {
        name: random.choice(count, size, p=random.dirichlet(np.full(count, 2.0))) for name, count in codes.items()
    }
    in_part, counts = random.random(size) < PART_SHARE, list[int]()
    for node in lattice.nodes:
        inside = np.ones(size, dtype=np.bool_) if node.part is None else in_part.copy()
        inside &= True if node.place == "city" else ward == int(node.place)
        for name, code in node.breakdown:
            inside &= chosen[name] == int(code)
        counts.append(int(inside.sum()))
    return np.array(counts, dtype=np.int64)


def protect_provider(lattice: Lattice, counts: IntArray, random: np.random.Generator) -> Contribution:
    return protect_contribution(lattice, PERSONS_RULE, counts, np.ones(counts.size, dtype=np.bool_), [], random)


def draw_cell_keys(size: int, random: np.random.Generator) -> IntArray:
    """Return noise of least information with this spread and variance."""
    values = np.arange(-CELL_KEY_SPREAD, CELL_KEY_SPREAD + 1)
    rates = np.linspace(0, 1, 1001)[:, None]
    weights: FloatArray = np.exp(-rates * values**2)
    weights /= weights.sum(axis=1, keepdims=True)
    nearest = np.abs((weights * values**2).sum(axis=1) - CELL_KEY_VARIANCE).argmin()
    return random.choice(values, size, p=weights[nearest])


def display_by_method(
    lattice: Lattice, own: IntArray, random: np.random.Generator
) -> dict[str, tuple[IntArray, BoolArray]]:
    """Return the displayed numbers of each method, and which are shown."""
    true = own.sum(axis=0)
    sums = sum_contributions([protect_provider(lattice, counts, random) for counts in own])
    everything = np.ones(true.size, dtype=np.bool_)
    return {
        "at the source, all": (sums, everything),
        "at the source": (sums, sums >= PERSONS_RULE.hide_below),
        "deterministic": ((true + 2) // 5 * 5, true > PERSONS_RULE.largest_small),
        "cell key": (np.maximum(true + draw_cell_keys(true.size, random), 0), everything),
    }


def measure_utility(mean: int, providers: int, random: np.random.Generator) -> list[Measurement]:
    """Return for each method the share of figures shown and their errors, for wards and wards by sex and by age."""
    lattice = build_wards(CODES)
    own = np.stack([generate_counts(lattice, CODES, mean / providers, random) for _ in range(providers)])
    true, measurements = own.sum(axis=0), list[Measurement]()
    below = np.array([node.place != "city" for node in lattice.nodes])
    groups = {
        name or "total": below & np.array([dict(node.breakdown).keys() == ({name} - {""}) for node in lattice.nodes])
        for name in ("", "sex", "age")
    }
    for method, (value, shown) in display_by_method(lattice, own, random).items():
        shares = {name: float(shown[group].mean()) for name, group in groups.items()}
        errors: IntArray = (value - true)[below & shown]
        spread = float(np.sqrt(np.mean(errors**2))) if errors.size else 0.0
        name = f"mean {mean}, providers {providers}, {method}"
        detail = ", ".join(f"{group} {share:.0%}" for group, share in shares.items())
        largest = max(errors.max(initial=0), -errors.min(initial=0))
        detail += f"; error: root mean square {spread:.2f}, largest {largest}"
        if method == "at the source, all":
            measurements.append(require_at_most(name, spread / np.sqrt(providers), 2.5, detail))
        elif method == "at the source" and (mean, providers) == (20, 3):
            measurements.append(require_at_least(name, shares["sex"], 0.9, detail))
        else:
            measurements.append(Measurement(name=name, ratio=round(shares["sex"], 3), detail=detail))
    return measurements


def measure_late_returns(random: np.random.Generator) -> Measurement:
    """Return the share of figures of a release with all three providers that a later release with the third shows too."""
    lattice = build_wards(CODES)
    own = [generate_counts(lattice, CODES, 20 / 3, random) for _ in range(3)]
    present = np.ones(lattice.size, dtype=np.bool_)
    at_once = [protect_provider(lattice, counts, random) for counts in own]
    later = [
        *(
            protect_contribution(lattice, PERSONS_RULE, counts, present, [first], random)
            for counts, first in zip(own[:2], at_once[:2], strict=True)
        ),
        at_once[2],
    ]
    shown, shown_later = (sum_contributions(one) >= PERSONS_RULE.hide_below for one in (at_once, later))
    return require_at_least(
        "figures shown when one of three providers is late / at once",
        float((shown & shown_later).sum() / shown.sum()),
        1.0,
        f"{shown.sum()} of {shown.size} figures are shown at once",
    )


def measure_time(random: np.random.Generator) -> list[Measurement]:
    """Return the seconds of processor time to protect a first and later returns in all schemes of the plan."""
    measurements: list[Measurement] = []
    for parts, mean in product(((None,), (None, "numerator")), MEANS):
        lattice = build_wards(PLAN_CODES, parts=parts)
        counts = generate_counts(lattice, PLAN_CODES, mean, random)
        present, chain, times = np.ones(counts.size, dtype=np.bool_), list[Contribution](), list[float]()
        for _ in range(1 + CORRECTIONS):
            started = time.process_time()
            chain.append(protect_contribution(lattice, PERSONS_RULE, counts, present, chain, random))
            times.append(time.process_time() - started)
            counts = counts + generate_counts(lattice, PLAN_CODES, mean / 10, random)
        detail = f"first {times[0]:.2f}, corrected {', '.join(f'{seconds:.2f}' for seconds in times[1:])}"
        name = f"{counts.size} figures of 20 wards, mean {mean}: seconds"
        measurements.append(require_at_most(name, max(times), 5.0, detail))
    return measurements


def measure() -> list[Measurement]:
    random = np.random.default_rng(1)
    measurements = [
        measurement
        for mean in MEANS
        for providers in PROVIDERS
        for measurement in measure_utility(mean, providers, random)
    ]
    for providers in PROVIDERS:
        bounds = [
            get_largest_error(PERSONS_RULE, **many)
            for many in ({"first": providers, "later": 0}, {"first": 0, "later": providers})
        ]
        interval = [
            get_rounding_interval(PERSONS_RULE, **many)
            for many in ({"first": providers, "later": 0}, {"first": 0, "later": providers})
        ]
        detail = f"largest error {bounds[0]}, later {bounds[1]}; 95 % within {interval[0]}, later {interval[1]}"
        measurements.append(
            Measurement(name=f"stated error, providers {providers}", ratio=float(interval[0]), detail=detail)
        )
    return [*measurements, measure_late_returns(random), *measure_time(random)]
