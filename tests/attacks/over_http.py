"""Releases of made-up people over HTTP, for an attacker who has nothing but the answers."""

from itertools import product

import numpy as np

from tests.attacks.attacker import Attacker, verdict
from tests.harbour import EAST, TOWN, WEST
from tests.releasing import UNKNOWN, learners

PLACES, SEXES = (EAST, WEST, UNKNOWN), ("female", "male", "unknown")
DIMENSIONS = {"place": PLACES, "sex": SEXES}


def people(table) -> dict[tuple[str, str], int]:
    """A cross of place and sex as the returns have it."""
    return {(place, sex): int(table[i, j]) for (i, place), (j, sex) in product(enumerate(PLACES), enumerate(SEXES))}


async def pushed(press, tables, period="2026-07") -> None:
    for organisation, table in zip(("quay-college", "pier-college"), tables, strict=True):
        await press.returned(organisation, learners(period, people(table)))


async def answers(press, release: int, period="2026-07") -> list[tuple[dict, int | None, tuple]]:
    """Every figure that a release gives of the period: its cell, the number shown, the bounds stated."""
    found = []
    for grouped in ({}, {"group_by": "sex"}):
        for figure in await press.figures(
            measure="learners", period=period, within=TOWN, release=str(release), **grouped
        ):
            place = {} if figure["area"] == TOWN else {"place": figure["area"]}
            stated = (figure["lower_bound"], figure["upper_bound"])
            found.append((figure["breakdown"] | place, figure["value"], stated))
    return found


def cells() -> list[dict]:
    places = [{}, *({"place": place} for place in PLACES)]
    return [place | sex for place, sex in product(places, [{}, *({"sex": sex} for sex in SEXES)])]


def count(table, cell: dict) -> int:
    at = tuple(codes.index(cell[name]) if name in cell else slice(None) for name, codes in DIMENSIONS.items())
    return int(np.asarray(table)[at].sum())


def found(history, published, *, provider: int | None = None) -> list[tuple]:
    """What an attacker may say of small counts, and of small changes, that is not open; it should be nothing."""

    def own(release, cell):
        return 0 if provider is None else count(history[release][provider], cell)

    def true(release, cell):
        return sum(count(table, cell) for table in history[release]) - own(release, cell)

    attacker = Attacker(DIMENSIONS, own=own)
    small = {(0, tuple(sorted(cell.items()))) for cell in cells() if true(0, cell) + own(0, cell) <= 7}
    attacker.read(published, small)
    said = []
    for release, cell in product(range(len(history)), cells()):
        if (provider is not None) <= true(release, cell) <= 7:
            low, high = attacker.range((1, release, cell))
            assert low <= true(release, cell) <= high
            said.append((verdict(low, high), release, cell, (low, high), true(release, cell)))
        if release and 1 <= abs(change := true(release, cell) - true(release - 1, cell)) <= 4:
            low, high = attacker.range((1, release, cell), (-1, release - 1, cell))
            assert low <= change <= high
            said.append((verdict(low, high), release, cell, (low, high), change))
    return [one for one in said if one[0] != "open"]
