"""Synthetic people over three releases with late returns and corrections, attacked by the public and by a provider."""

import numpy as np

from api.statistics.disclosure.figures import ExposedCounts
from tests.attacks.cubes import Cube, find_disclosures

SMALL_DIMENSIONS = {"place": ("w0", "w1"), "age": ("a", "b"), "sex": ("f", "m"), "part": ("in", "out")}


def generate_history(dimensions, *, seed, mean, providers=2, releases=3, late=6):
    """Return each provider's full cross for each release. Between releases some records are added and some removed."""
    random = np.random.default_rng(seed)
    shape = [len(codes) for codes in dimensions.values()]
    means = mean * random.lognormal(0, 0.8, shape)
    tables = [random.poisson(means * share) for share in random.dirichlet(np.ones(providers))]
    history = [tables]
    for _ in range(releases - 1):
        tables = [
            np.maximum(table + random.poisson(late / table.size, shape) * random.choice([1, 1, -1], shape), 0)
            for table in tables
        ]
        history.append(tables)
    return history


def attack_history(dimensions, *, seed, mean, rule, publish_alone=True, **options):
    """Return the disclosures of the public and of each provider. Return None if the release is refused."""
    cube = Cube(dimensions, publish_alone=publish_alone)
    history = generate_history(dimensions, seed=seed, mean=mean, **options)
    try:
        published = cube.protect_releases(history, rule)
    except ExposedCounts:
        return None
    return [
        verdict for reader in (None, 0, 1) for verdict in find_disclosures(cube, history, published, provider=reader)
    ]
