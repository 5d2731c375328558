"""Made-up people over three releases with late returns and corrections, attacked by the public and by a provider."""

import numpy as np

from api.statistics.disclosure.figures import Exposed
from tests.attacks.cubes import Cube, attacks

SMALL = {"place": ("w0", "w1"), "age": ("a", "b"), "sex": ("f", "m"), "part": ("in", "out")}


def history_of(dimensions, *, seed, mean, providers=2, releases=3, late=6):
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


def attacked(dimensions, *, seed, mean, rule, alone=True, **how):
    """What is found of made-up people; None where the release is refused, which is safe."""
    cube = Cube(dimensions, alone=alone)
    history = history_of(dimensions, seed=seed, mean=mean, **how)
    try:
        published = cube.releases(history, rule)
    except Exposed:
        return None
    return [found for reader in (None, 0, 1) for found in attacks(cube, history, published, provider=reader)]
