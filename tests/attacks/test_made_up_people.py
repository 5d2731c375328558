"""Whoever reads three releases of made-up people learns of nobody: no few exactly, none that is certain to be there."""

import pytest

from api.statistics.disclosure.policy import PERSONS
from tests.attacks.made_up import SMALL, attacked


@pytest.mark.parametrize(("seed", "mean"), [(5, 20.0), (6, 8.0)])
def test_nothing_is_found(seed, mean):
    assert attacked(SMALL, seed=seed, mean=mean, rule=PERSONS) == []
