"""A reader of three releases of synthetic people learns no small count, neither exactly nor nearly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.statistics.disclosure.figures import ExposedCounts
from schema.disclosure import PERSONS_RULE
from tests.attacks.cubes import Cube, find_disclosures
from tests.attacks.synthetic_people import SMALL_DIMENSIONS, attack_history


@pytest.mark.parametrize(("seed", "mean", "publish_alone"), [(5, 20.0, True), (6, 8.0, True), (6, 8.0, False)])
def test_three_releases_of_synthetic_people_disclose_no_small_count(seed, mean, publish_alone):
    assert attack_history(SMALL_DIMENSIONS, seed=seed, mean=mean, rule=PERSONS_RULE, publish_alone=publish_alone) == []


@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data(), seed=st.integers(0, 10_000), publish_alone=st.booleans())
def test_small_tables_disclose_no_small_count(data, seed, publish_alone):
    """Attack small tables with small counts, two providers, and late changes of up to 4 people in every cell."""
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
    tables = [random.integers(0, 14, shape) for _ in range(2)]
    history = [tables, [np.maximum(table + random.integers(-4, 5, shape), 0) for table in tables]]
    cube = Cube(dimensions, publish_alone=publish_alone)
    try:
        published = cube.protect_releases(history)
    except ExposedCounts:
        return
    assert [
        verdict for reader in (None, 0, 1) for verdict in find_disclosures(cube, history, published, provider=reader)
    ] == []
