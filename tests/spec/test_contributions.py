"""One provider's displayed counts: draws, rounding, hold-back, and what is left out, withdrawn or redacted."""

from collections import Counter

import numpy as np
import pytest
from msgspec.structs import replace

from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.contribution_sums import get_largest_error, get_rounding_interval, sum_contributions
from api.statistics.disclosure.contributions import (
    find_equal_nodes,
    has_news,
    make_draws,
    redact_contribution,
    round_with_draws,
    start_contribution,
    update_contribution,
)
from api.statistics.disclosure.lattice import Area, Dimension, ScopeShape, Table
from schema.disclosure import PERSONS_RULE

NEAR_DRAWS = replace(PERSONS_RULE, far_share=0.0)
DRAWS = {-3: 0.03, 0: 0.2, 1: 0.2, 2: 0.14, 3: 0.2, 4: 0.2, 7: 0.03}


def contribute(before, *counts, present=True, release=0):
    return update_contribution(
        PERSONS_RULE, before, np.array(counts), np.broadcast_to(np.array(present), len(counts)), release=release
    )


def start(*draws):
    return start_contribution(np.array(draws))


def test_draws_have_the_documented_probabilities():
    draws = Counter(make_draws(PERSONS_RULE, 100_000, np.random.default_rng(1)).tolist())
    assert {draw: round(number / 100_000, 2) for draw, number in draws.items()} == pytest.approx(DRAWS, abs=0.01)
    assert set(make_draws(NEAR_DRAWS, 1000, np.random.default_rng(1)).tolist()) == set(range(5))


@pytest.mark.parametrize("count", range(12))
def test_mean_of_the_displayed_counts_is_the_count(count):
    displayed = round_with_draws(np.full(len(DRAWS), count), np.array(list(DRAWS)), 5)
    assert displayed @ np.array(list(DRAWS.values())) == pytest.approx(count)
    assert np.abs(displayed - count).max() <= PERSONS_RULE.largest_first_error == 7


@pytest.mark.parametrize(
    ("count", "draw", "displayed"), [(0, 4, 0), (0, 7, 5), (0, -3, -5), (1, 4, 5), (1, 7, 5), (7, 0, 5), (7, 3, 10)]
)
def test_count_is_rounded_with_its_draw(count, draw, displayed):
    assert contribute(start(draw), count).displayed.tolist() == [displayed]


@pytest.mark.parametrize(
    ("counts", "displayed"),
    [
        ((20, 27, 27), [20, 20, 20]),
        ((20, 28, 28), [20, 30, 30]),
        ((20, 24, 27, 28), [20, 20, 20, 30]),
        ((20, 13, 12), [20, 20, 15]),
        ((20, 40, 20), [20, 40, 20]),
    ],
)
def test_displayed_count_moves_only_with_the_hold_back(counts, displayed):
    """The same count displays as the same number again."""
    contribution, shown = start(3), []
    for release, count in enumerate(counts):
        contribution = contribute(contribution, count, release=release)
        shown.append(int(contribution.displayed[0]))
    assert shown == displayed


def test_breakdown_that_is_left_out_and_returns_displays_as_before():
    first = contribute(start(3, 3), 20, 20)
    without = contribute(first, 25, 0, present=[True, False], release=1)
    again = contribute(without, 25, 26, release=2)
    assert without.present.tolist() == [True, False]
    assert again.displayed.tolist() == first.displayed.tolist()
    assert [has_news(start(3, 3), first), has_news(first, without), has_news(without, again)] == [True, False, True]
    assert not has_news(first, contribute(first, 22, 22, release=1))


@pytest.mark.parametrize(("count", "displayed", "redacted"), [(13, 20, True), (27, 20, True), (12, 15, False)])
def test_return_after_a_redaction_is_compared_with_what_was_displayed(count, displayed, redacted):
    removed = redact_contribution(contribute(start(3), 18))
    assert (removed.reference.tolist(), removed.present.tolist()) == ([20], [False])
    again = contribute(removed, count, release=2)
    assert (again.displayed.tolist(), again.redacted.tolist()) == ([displayed], [redacted])


def test_redaction_before_any_release_leaves_nothing():
    removed = redact_contribution(start(3))
    assert (removed.reference.tolist(), removed.redacted.tolist()) == ([0], [False])


def test_equal_nodes_are_those_with_the_same_people():
    """A city of one ward, and a dimension of one code."""
    lattice = build_lattice(
        ScopeShape(
            tables=(Table(level=1), Table(dimensions=("all",)), Table(dimensions=("sex",), level=1)),
            dimensions=(Dimension(slug="all", codes=("everybody",)), Dimension(slug="sex", codes=("f", "m"))),
            places=(Area(code="city"), Area(code="ward", level=1, parent="city")),
            periods={"now": ("now",)},
        )
    )
    assert find_equal_nodes(lattice).tolist() == [0, 0, 0, 3, 3, 5, 5]


def test_figure_is_the_sum_of_what_is_present():
    parts = [contribute(start(0, 0, -3), 20, 10, 0), contribute(start(0, 0, 0), 5, 15, 0, present=[True, False, True])]
    assert sum_contributions(parts).tolist() == [25, 10, 0]


@pytest.mark.parametrize(
    ("rule", "first", "later", "error"),
    [(PERSONS_RULE, 1, 0, 7), (PERSONS_RULE, 0, 1, 14), (PERSONS_RULE, 2, 3, 56), (NEAR_DRAWS, 1, 1, 15)],
)
def test_largest_error_follows_from_public_facts(rule, first, later, error):
    assert get_largest_error(rule, first=first, later=later) == error


@pytest.mark.parametrize(("first", "later"), [(1, 0), (3, 0), (10, 0), (0, 1), (1, 2)])
def test_rounding_interval_contains_the_error_of_95_in_100_sums(first, later):
    random, size = np.random.default_rng(1), (100_000, first + later)
    counts = random.integers(0, 100, size)
    held_back = random.integers(-7, 8, size) * (np.arange(first + later) >= first)
    draws = make_draws(PERSONS_RULE, counts.size, random).reshape(size)
    errors = np.abs((round_with_draws(counts, draws, 5) - counts + held_back).sum(axis=1))
    distance = get_rounding_interval(PERSONS_RULE, first=first, later=later)
    assert (errors <= distance).mean() >= 0.948
    assert (errors <= distance - 1).mean() < 0.95
