"""Attacks on the promise of docs/disclosure-control.md that use only a server's responses.

The public and each provider read three releases with late returns and corrections between them. `make attack` runs all
of them.
"""

import os

import numpy as np
import pytest

from tests.attacks.http_releases import find_disclosures, read_figures, read_rule, submit_and_approve
from tests.fixtures.release_client import ReleaseClient


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    return ReleaseClient(application, harbour_programme)


def generate_history(seed: int, mean: float) -> list[list[np.ndarray]]:
    """Return three releases of two providers. Some records are added and some removed; no sex is unknown."""
    random = np.random.default_rng(seed)
    means = mean * random.lognormal(0, 0.8, (3, 3))
    means[:, 2] = 0
    means[2] *= 0.1
    tables = [random.poisson(means * share) for share in (0.55, 0.45)]
    history = [tables]
    for _ in range(2):
        tables = [
            np.maximum(table + random.poisson(0.7, (3, 3)) * (means > 0) * random.choice([1, -1], (3, 3)), 0)
            for table in tables
        ]
        history.append(tables)
    return history


CUBES = {
    "dense": generate_history(1, 30.0),
    "sparse": generate_history(2, 5.0),
    # A ward with one provider, a ward without people, and a small count of one sex.
    "one provider in a ward": [
        [np.array([[20, 15, 0], [30, 12, 0], [0, 0, 0]]), np.array([[18, 14, 0], [0, 0, 0], [0, 0, 0]])],
        [np.array([[20, 15, 0], [33, 12, 0], [0, 0, 0]]), np.array([[18, 17, 0], [0, 0, 0], [0, 0, 0]])],
        [np.array([[20, 15, 0], [33, 12, 0], [0, 0, 0]]), np.array([[25, 17, 0], [0, 0, 0], [0, 0, 0]])],
    ],
    # One provider returns nearly all people; its figures are displayed only if others contribute.
    "one large provider": [
        [np.array([[9, 30, 0], [20, 8, 0], [0, 0, 0]]), np.array([[1, 2, 0], [3, 1, 0], [0, 0, 0]])],
        [np.array([[9, 36, 0], [20, 14, 0], [0, 0, 0]]), np.array([[1, 2, 0], [3, 1, 0], [0, 0, 0]])],
        [np.array([[9, 36, 0], [20, 14, 0], [0, 0, 0]]), np.array([[8, 9, 0], [9, 9, 0], [0, 0, 0]])],
    ],
    # One provider joins, and the other leaves. A cell that was hidden as one provider's alone is displayed later.
    "comes and goes": [
        [np.array([[20, 25, 0], [22, 9, 0], [0, 0, 0]]), np.zeros((3, 3), dtype=int)],
        [np.array([[28, 33, 0], [31, 17, 0], [0, 0, 0]]), np.array([[12, 3, 0], [9, 15, 0], [0, 0, 0]])],
        [np.zeros((3, 3), dtype=int), np.array([[12, 3, 0], [9, 15, 0], [0, 0, 0]])],
    ],
    # The other provider's figures never change. The first varies its own to find the rounding steps of the others'.
    "probing": [
        [np.array([[7 + step, 20, 0], [20, 20, 0], [0, 0, 0]]), np.array([[3, 40, 0], [30, 30, 0], [0, 0, 0]])]
        for step in (0, 8, 17)
    ],
    # A count crosses the threshold and returns.
    "over the threshold": [
        [np.array([[4 + step, 20, 0], [20, 20, 0], [0, 0, 0]]), np.array([[3, 40, 0], [30, 30, 0], [0, 0, 0]])]
        for step in (0, 1, 0)
    ],
}


CHEAPEST = ("sparse", "one provider in a ward", "one large provider")


@pytest.mark.parametrize("cube", CUBES if os.environ.get("ATTACKS") == "all" else CHEAPEST)
async def test_three_releases_disclose_no_small_count(press, cube):
    history = CUBES[cube]
    published = []
    for number, tables in enumerate(history, 1):
        await submit_and_approve(press, tables)
        job = await press.publish()
        assert job["state"] == "published", job["failures"]
        published.append(await read_figures(press, number))
    assert any(value is not None for release in published for _, value, _ in release), "no value is displayed"
    rule = await read_rule(press)
    for reader in (None, 0, 1):
        # No duty has `publish_alone`: a displayed figure implies that another provider contributed.
        assert find_disclosures(history, published, rule, provider=reader, publish_alone=False) == []
