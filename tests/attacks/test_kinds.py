"""Attacks over HTTP on what each kind of measure adds: longer periods beside shorter ones, counts to date, different
people, parts beside their whole, and proportions, over releases with corrections between them.

`make attack` runs all of them, for more people.
"""

import os
from datetime import UTC, date, datetime

import numpy as np
import pytest
from msgspec.structs import replace

from schema.measures import Overlap
from schema.periods import PeriodType
from tests.attacks.kinds import KindCase, make_measure
from tests.fixtures.example_plan import HARBOUR_PLAN

QUARTERS = tuple(f"FY2025-26-Q{number}" for number in range(1, 5))
YEAR = {code: (code,) for code in QUARTERS} | {
    "FY2025-26-H1": QUARTERS[:2],
    "FY2025-26-H2": QUARTERS[2:],
    "FY2025-26": QUARTERS,
}
MONTHS = ("2026-04", "2026-05", "2026-06")
JUNE = {"2026-06": ("2026-06",)}
ONE, THREE = (date(2026, 6, 1), date(2026, 6, 30)), (date(2026, 4, 1), date(2026, 6, 30))

BY_QUARTER = replace(HARBOUR_PLAN.measures[0].cadence, period_type=PeriodType.FINANCIAL_QUARTER)
SHARES = [
    make_measure("pass-rate", shares_denominator=["merit-rate"]),
    make_measure("pass-rate", slug="merit-rate", shares_denominator=["pass-rate"]),
]

CASES = {
    "a year beside its quarters": KindCase(
        measures=[make_measure("learners", cadence=BY_QUARTER)],
        window=(date(2025, 4, 1), date(2026, 3, 31)),
        periods=YEAR,
        parts={"learners": {}},
    ),
    "months beside their quarter": KindCase(
        measures=[make_measure("learners")],
        window=THREE,
        periods={code: (code,) for code in MONTHS} | {"FY2026-27-Q1": MONTHS},
        parts={"learners": {}},
    ),
    "a measure that contains another": KindCase(
        measures=[make_measure("on-roll", contains=["evening"]), make_measure("on-roll", slug="evening")],
        window=ONE,
        periods=JUNE,
        parts={"on-roll": {}, "evening": {"part": "in"}},
    ),
    "two with the same denominator": KindCase(
        measures=SHARES,
        window=ONE,
        periods=JUNE,
        parts={"pass-rate": {"passed": "in"}, "merit-rate": {"merit": "in"}},
    ),
    "a count to date": KindCase(
        measures=[make_measure("enrolments", series=HARBOUR_PLAN.measures[5].series[:1])],
        window=THREE,
        periods={code: MONTHS[: number + 1] for number, code in enumerate(MONTHS)},
        parts={"enrolments": {}},
    ),
    "different people": KindCase(
        measures=[make_measure("members", overlap=Overlap.DISJOINT)],
        window=ONE,
        periods=JUNE,
        parts={"members": {}},
        overlapping=True,
    ),
    "a proportion": KindCase(
        measures=[make_measure("pass-rate")], window=ONE, periods=JUNE, parts={"pass-rate": {"part": "in"}}
    ),
}
ALL = os.environ.get("ATTACKS") == "all"
CHEAPEST = ("different people",)


@pytest.fixture
def autumn(application):
    application.now = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
    return application


def made_up(case: KindCase, seed: int, mean: float, releases=3) -> list[list[np.ndarray]]:
    """Releases of two providers; a few records come late, a few are taken back. Of a group all are in a part, and of
    another none."""
    random = np.random.default_rng(seed)
    shape = tuple(len(codes) for codes in case.dimensions.values())
    means = mean * random.lognormal(0, 0.7, shape)
    if case.features:
        means[:, 0, 0, ..., -1] = 0
        means[:, 1, 1, ..., 0] = 0
    tables = [random.poisson(means * share) for share in (0.55, 0.45)]
    history = [tables]
    for _ in range(releases - 1):
        tables = [
            np.maximum(t + random.poisson(0.7, shape) * (means > 0) * random.choice([1, -1], shape), 0) for t in tables
        ]
        history.append(tables)
    if case.overlapping:
        for table in (table for tables in history for table in tables):
            table[:, 0] = np.clip(table[:, 0], table[:, 1:].max(axis=1), table[:, 1:].sum(axis=1))
    return history


@pytest.mark.parametrize("seed", range(1, 5) if ALL else [1])
@pytest.mark.parametrize("name", CASES if ALL else CHEAPEST)
async def test_nothing_is_found_in_three_releases(autumn, name, seed):
    case = CASES[name]
    history = made_up(case, seed, (6.0, 12.0)[seed % 2])
    assert await case.publish_and_attack(autumn, history, may_be_refused=ALL) == [[], [], []]


async def test_nobody_finds_how_many_came_between_two_counts_to_date(autumn):
    """Four times 8 are 32, shown as 30, and four times 12 are 48, shown as 50; each 8 is shown as 10, and each 12. So
    all are known exactly, and those 4 who came in between are as few as any. One provider returned all of them."""
    came = np.array([8, 4, 5])[:, None, None] * np.ones((3, 2, 2), dtype=int)
    assert await CASES["a count to date"].publish_and_attack(autumn, [[came, 0 * came]]) == [[], [], []]
