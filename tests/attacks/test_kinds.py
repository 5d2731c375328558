"""Attacks over HTTP on each kind of measure, over releases with corrections between them.

The cases are longer periods with the shorter ones that they contain, counts to date, distinct people, parts with their
whole, and proportions. `make attack` runs all of them, for more people.
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
    "a year and its quarters": KindCase(
        measures=[make_measure("learners", cadence=BY_QUARTER)],
        window=(date(2025, 4, 1), date(2026, 3, 31)),
        periods=YEAR,
        parts={"learners": {}},
    ),
    "a quarter and its months": KindCase(
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
    "distinct people": KindCase(
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
CHEAPEST = ("distinct people",)


@pytest.fixture
def autumn(application):
    application.now = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
    return application


def generate_history(case: KindCase, seed: int, mean: float, releases=3) -> list[list[np.ndarray]]:
    """Return releases of two providers. Between releases some records are added and some removed.

    All people of one group are in a part, and no one of another group is.
    """
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
            np.maximum(table + random.poisson(0.7, shape) * (means > 0) * random.choice([1, -1], shape), 0)
            for table in tables
        ]
        history.append(tables)
    if case.overlapping:
        for table in (table for tables in history for table in tables):
            table[:, 0] = np.clip(table[:, 0], table[:, 1:].max(axis=1), table[:, 1:].sum(axis=1))
    return history


@pytest.mark.parametrize("seed", range(1, 5) if ALL else [1])
@pytest.mark.parametrize("name", CASES if ALL else CHEAPEST)
async def test_three_releases_disclose_no_small_count(autumn, name, seed):
    case = CASES[name]
    history = generate_history(case, seed, (6.0, 12.0)[seed % 2])
    assert await case.publish_and_attack(autumn, history, may_be_refused=ALL) == [[], [], []]


async def test_increment_between_two_counts_to_date_stays_open(autumn):
    """An increment between two counts to date is protected even if one provider returned all people.

    Four cells of 8 make 32, displayed as 30; four cells of 12 make 48, displayed as 50. Each 8 and each 12 is displayed
    as 10. Without protection all counts would be known exactly, and so would each increment of 4.
    """
    increments = np.array([8, 4, 5])[:, None, None] * np.ones((3, 2, 2), dtype=int)
    assert await CASES["a count to date"].publish_and_attack(autumn, [[increments, 0 * increments]]) == [[], [], []]
