"""Made-up people over three releases with late returns and corrections, attacked by the public and by a provider."""

import numpy as np

from api.statistics.disclosure.figures import ExposedCounts
from tests.attacks.cubes import Cube, find_disclosures

SMALL_DIMENSIONS = {"place": ("w0", "w1"), "age": ("a", "b"), "sex": ("f", "m"), "part": ("in", "out")}


def generate_history(dimensions, *, seed, mean, providers=2, releases=3, late=6):
    """Full crosses of each provider, release after release: a few records come late, a few are withdrawn."""
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


def attack_history(dimensions, *, seed, mean, rule, publish_alone=True, **how):
    """What is found of made-up people; None where the release is refused, which is safe."""
    cube = Cube(dimensions, publish_alone=publish_alone)
    history = generate_history(dimensions, seed=seed, mean=mean, **how)
    try:
        published = cube.protect_releases(history, rule)
    except ExposedCounts:
        return None
    return [found for reader in (None, 0, 1) for found in find_disclosures(cube, history, published, provider=reader)]
