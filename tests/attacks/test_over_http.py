"""Attacks on docs/disclosure-control.md's promise, with nothing but the answers of a server: three releases with late
returns and corrections between them, read by the public and by each provider. `make attack` runs all of them.
"""

import os

import numpy as np
import pytest

from tests.attacks.http_releases import find_disclosures, read_figures, read_rule, submit_and_approve
from tests.fixtures.release_client import ReleaseClient


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    return ReleaseClient(application, harbour_programme)


def made_up(seed: int, mean: float) -> list[list[np.ndarray]]:
    """Three releases of two providers; a few records come late, a few are taken back; nobody's sex is unknown."""
    random = np.random.default_rng(seed)
    means = mean * random.lognormal(0, 0.8, (3, 3))
    means[:, 2] = 0
    means[2] *= 0.1
    tables = [random.poisson(means * share) for share in (0.55, 0.45)]
    history = [tables]
    for _ in range(2):
        tables = [
            np.maximum(t + random.poisson(0.7, (3, 3)) * (means > 0) * random.choice([1, -1], (3, 3)), 0)
            for t in tables
        ]
        history.append(tables)
    return history


CUBES = {
    "dense": made_up(1, 30.0),
    "sparse": made_up(2, 5.0),
    # A ward of one provider, a ward with nobody in it, and a sex of which there are only a few.
    "one provider in a ward": [
        [np.array([[20, 15, 0], [30, 12, 0], [0, 0, 0]]), np.array([[18, 14, 0], [0, 0, 0], [0, 0, 0]])],
        [np.array([[20, 15, 0], [33, 12, 0], [0, 0, 0]]), np.array([[18, 17, 0], [0, 0, 0], [0, 0, 0]])],
        [np.array([[20, 15, 0], [33, 12, 0], [0, 0, 0]]), np.array([[25, 17, 0], [0, 0, 0], [0, 0, 0]])],
    ],
    # Nearly all are of one provider, whose figures show only where it is not the only one.
    "few beside one": [
        [np.array([[9, 30, 0], [20, 8, 0], [0, 0, 0]]), np.array([[1, 2, 0], [3, 1, 0], [0, 0, 0]])],
        [np.array([[9, 36, 0], [20, 14, 0], [0, 0, 0]]), np.array([[1, 2, 0], [3, 1, 0], [0, 0, 0]])],
        [np.array([[9, 36, 0], [20, 14, 0], [0, 0, 0]]), np.array([[8, 9, 0], [9, 9, 0], [0, 0, 0]])],
    ],
    # One provider joins, and the other leaves. What was hidden as of one alone shows where both have moved.
    "comes and goes": [
        [np.array([[20, 25, 0], [22, 9, 0], [0, 0, 0]]), np.zeros((3, 3), dtype=int)],
        [np.array([[28, 33, 0], [31, 17, 0], [0, 0, 0]]), np.array([[12, 3, 0], [9, 15, 0], [0, 0, 0]])],
        [np.zeros((3, 3), dtype=int), np.array([[12, 3, 0], [9, 15, 0], [0, 0, 0]])],
    ],
    # The other provider's figures never move: only the first one's do, to find the steps of the others' rounding.
    "probing": [
        [np.array([[7 + step, 20, 0], [20, 20, 0], [0, 0, 0]]), np.array([[3, 40, 0], [30, 30, 0], [0, 0, 0]])]
        for step in (0, 8, 17)
    ],
    # Driven over the threshold and back.
    "over the threshold": [
        [np.array([[4 + step, 20, 0], [20, 20, 0], [0, 0, 0]]), np.array([[3, 40, 0], [30, 30, 0], [0, 0, 0]])]
        for step in (0, 1, 0)
    ],
}


SOME = ("sparse", "one provider in a ward", "few beside one")


@pytest.mark.parametrize("cube", CUBES if os.environ.get("ATTACKS") == "all" else SOME)
async def test_nothing_is_found_in_three_releases(press, cube):
    history = CUBES[cube]
    published = []
    for number, tables in enumerate(history, 1):
        await submit_and_approve(press, tables)
        made = await press.publish()
        assert made["state"] == "published", made["failures"]
        published.append(await read_figures(press, number))
    assert any(value is not None for release in published for _, value, _ in release), "nothing is shown at all"
    rule = await read_rule(press)
    for reader in (None, 0, 1):
        # No duty says `publish_alone`: a figure that shows tells each provider that it is not the only one.
        assert find_disclosures(history, published, rule, provider=reader, alone=False) == []
