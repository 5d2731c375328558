"""Whoever reads three releases of made-up people learns of nobody: no few exactly, none that is certain to be there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.statistics.disclosure.figures import ExposedCounts
from schema.disclosure import PERSONS_RULE
from tests.attacks.cubes import Cube, find_disclosures
from tests.attacks.synthetic_people import SMALL_DIMENSIONS, attack_history


@pytest.mark.parametrize(("seed", "mean", "alone"), [(5, 20.0, True), (6, 8.0, True), (6, 8.0, False)])
def test_nothing_is_found(seed, mean, alone):
    assert attack_history(SMALL_DIMENSIONS, seed=seed, mean=mean, rule=PERSONS_RULE, publish_alone=alone) == []


@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data(), seed=st.integers(0, 10_000), alone=st.booleans())
def test_what_is_hidden_stays_ambiguous(data, seed, alone):
    """Small tables of few people, two providers, and late returns of up to four in every cell at once."""
    dimensions = data.draw(
        st.sampled_from(
            [
                {"sex": ("f", "m")},
                {"place": ("w0", "w1"), "sex": ("f", "m")},
                {"sex": ("f", "m"), "part": ("in", "out")},
            ]
        )
    )
    random = np.random.default_rng(seed)
    shape = [len(codes) for codes in dimensions.values()]
    first = [random.integers(0, 14, shape) for _ in range(2)]
    history = [first, [np.maximum(table + random.integers(-4, 5, shape), 0) for table in first]]
    cube = Cube(dimensions, publish_alone=alone)
    try:
        published = cube.protect_releases(history)
    except ExposedCounts:
        return
    assert [
        found for reader in (None, 0, 1) for found in find_disclosures(cube, history, published, provider=reader)
    ] == []
