"""Compare methods: the share of small services that readers see, and the error of the figures.

    python -m benchmarks utility

Invented people of 1, 3 or 10 providers in 20 wards, with means of 5, 20 and 100 people a ward, by sex (3 codes) and age
(6 codes). A figure is shown if the method displays a number; the error is the displayed number minus the true count.
`combined` is the method of `release_display`, before its audit withholds more; `deterministic` rounds each combined
count to the nearest 5 and hides 0 to 7; `cell key` adds noise of at most 5 with variance 3 to each combined count and
hides nothing. The time is that of one provider's return in all schemes of a measure of the plan.
"""

import time

import numpy as np

from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.contribution_sums import get_largest_error, get_rounding_interval, sum_contributions
from api.statistics.disclosure.contributions import SOURCE_RULE, Contribution
from api.statistics.disclosure.display import round_to_base
from api.statistics.disclosure.lattice import Area, Dimension, Lattice, ScopeShape, Table
from api.statistics.disclosure.provider_counts import complete_counts
from api.statistics.disclosure.release_display import make_display
from api.statistics.disclosure.source_protection import protect_contribution
from api.statistics.disclosure.sparse_rows import BoolArray, FloatArray, IntArray
from benchmarks.report import Measurement, require_at_least, require_at_most
from schema.disclosure import PERSONS_RULE

WARDS, PROVIDERS, MEANS = 20, (1, 3, 10), (5, 20, 100)
CODES = {"sex": 3, "age": 6}
PLAN_CODES = CODES | {"ethnicity": 6, "deprivation": 6, "condition": 3, "carer": 3, "sector": 22}
WARD_DIMENSIONS = ("sex", "age", "ethnicity")
SMALLEST_SHOWN = 10
CELL_KEY_SPREAD, CELL_KEY_VARIANCE = 5, 3.0


def build_wards(codes: dict[str, int]) -> Lattice:
    dimensions = tuple(Dimension(slug=name, codes=tuple(map(str, range(size)))) for name, size in codes.items())
    wards = (Area(code=str(number), level=1, parent="city") for number in range(WARDS))
    tables = [Table(level=1), *(Table(dimensions=(name,), level=int(name in WARD_DIMENSIONS)) for name in codes)]
    return build_lattice(
        ScopeShape(
            dimensions=dimensions,
            places=(Area(code="city"), *wards),
            tables=(*tables, Table(dimensions=("age", "sex"))),
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
    counts: list[int] = []
    for node in lattice.nodes:
        inside = np.ones(size, dtype=np.bool_) if node.place == "city" else ward == int(node.place)
        for name, code in node.breakdown:
            inside &= chosen[name] == int(code)
        counts.append(int(inside.sum()))
    return np.array(counts, dtype=np.int64)


def protect_provider(lattice: Lattice, counts: IntArray, random: np.random.Generator) -> Contribution:
    return protect_contribution(lattice, SOURCE_RULE, counts, np.ones(counts.size, dtype=np.bool_), [], random)


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
    counts = complete_counts(lattice, own, ~everything, np.zeros(len(own), dtype=np.bool_))
    combined = make_display(lattice, PERSONS_RULE, [counts])
    return {
        "at the source, all": (sums, everything),
        "at the source": (sums, sums >= SMALLEST_SHOWN),
        "combined": (combined.value, combined.shown),
        "deterministic": (round_to_base(true, 5), true > PERSONS_RULE.hide_to),
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


def measure_time(random: np.random.Generator) -> list[Measurement]:
    """Return the seconds to protect a first and a corrected return in all schemes of the plan."""
    lattice = build_wards(PLAN_CODES)
    measurements: list[Measurement] = []
    for mean in MEANS:
        counts = generate_counts(lattice, PLAN_CODES, mean, random)
        present, chain = np.ones(counts.size, dtype=np.bool_), list[Contribution]()
        for name in ("first return", "corrected by a tenth"):
            started = time.perf_counter()
            chain.append(protect_contribution(lattice, SOURCE_RULE, counts, present, chain, random))
            seconds = time.perf_counter() - started
            measurements.append(
                require_at_most(f"{name}, mean {mean}: seconds", seconds, 5.0, f"{counts.size} figures of 20 wards")
            )
            counts = counts + generate_counts(lattice, PLAN_CODES, mean / 10, random)
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
            get_largest_error(SOURCE_RULE, **many)
            for many in ({"first": providers, "later": 0}, {"first": 0, "later": providers})
        ]
        interval = [
            get_rounding_interval(SOURCE_RULE, **many)
            for many in ({"first": providers, "later": 0}, {"first": 0, "later": providers})
        ]
        detail = f"largest error {bounds[0]}, later {bounds[1]}; 95 % within {interval[0]}, later {interval[1]}"
        measurements.append(
            Measurement(name=f"stated error, providers {providers}", ratio=float(interval[0]), detail=detail)
        )
    return measurements + measure_time(random)
