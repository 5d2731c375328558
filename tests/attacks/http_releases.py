"""Releases of made-up people over HTTP, for an attacker who has nothing but the answers."""

from itertools import product

import numpy as np

from tests.attacks.attacker import Attacker, select_codes
from tests.fixtures.example_plan import EAST, TOWN, WEST
from tests.fixtures.release_client import SEXES, UNKNOWN_AREA, ReleaseClient, make_learners_return

PROVIDERS = ("quay-college", "pier-college")
AREAS = (EAST, WEST, UNKNOWN_AREA)
DIMENSIONS = {"place": AREAS, "sex": SEXES}


def to_people(table, dimensions=DIMENSIONS) -> dict[tuple[str, str], int]:
    """A cross of place and sex as the returns have it."""
    places, sexes = dimensions["place"], dimensions["sex"]
    return {(place, sex): int(table[i, j]) for (i, place), (j, sex) in product(enumerate(places), enumerate(sexes))}


async def submit_and_approve(press: ReleaseClient, tables, period="2026-07", measure="learners") -> None:
    for organisation, table in zip(PROVIDERS, tables, strict=True):
        await press.submit_and_approve(
            organisation, make_learners_return(period, to_people(table)) | {"measure": measure}
        )


async def read_rule(press: ReleaseClient, disclosure_class="persons") -> dict:
    """The policy's text, as the newest release quotes it."""
    return (await press.read("releases")).json()["items"][0]["policy"][disclosure_class]


async def read_figures(
    press: ReleaseClient, release: int, period="2026-07", measure="learners"
) -> list[tuple[dict, int | None, tuple]]:
    """Every figure that a release gives of the period: its cell, the number shown, the bounds stated.

    Of a proportion, its denominators and its numerators, which are the part of them that is `in`.
    """
    found = []
    for grouped in ({}, {"group_by": "sex"}):
        for figure in await press.read_figures(
            measure=measure, period=period, within=TOWN, release=str(release), **grouped
        ):
            place = {} if figure["area"] == TOWN else {"place": figure["area"]}
            cell = figure["breakdown"] | place
            if figure["kind"] == "proportion":
                for name, part in (("denominator", {}), ("numerator", {"part": "in"})):
                    found.append((cell | part, figure[name], (figure[f"{name}_low"], figure[f"{name}_high"])))
            else:
                found.append((cell, figure["value"], (figure["lower_bound"], figure["upper_bound"])))
    return found


def list_cells(dimensions) -> list[dict]:
    """Every sum over the cross, by all of its dimensions or some."""
    chosen = [[{}, *({name: code} for code in codes)] for name, codes in dimensions.items()]
    return [{name: code for one in cell for name, code in one.items()} for cell in product(*chosen)]


def count_people(table, cell: dict, dimensions) -> int:
    at = [[codes.index(code) for code in select_codes(cell, name, codes)] for name, codes in dimensions.items()]
    return int(np.asarray(table)[np.ix_(*at)].sum())


def find_disclosures(
    history,
    published,
    rule,
    *,
    provider: int | None = None,
    knows_small_cells=True,
    changes=True,
    dimensions=DIMENSIONS,
    cells=None,
    inequalities=(),
    **how,
) -> list[tuple]:
    """What an attacker may say of small counts, and of small changes, that is not open; it should be nothing.

    One who is `told` knows of the first release which of the hidden counts are in the band. `every` are the cells that
    are counted, all sums over the cross unless they are given; `holds` is what everybody knows of them.
    """

    def own(release, cell):
        return 0 if provider is None else count_people(history[release][provider], cell, dimensions)

    def true(release, cell):
        return sum(count_people(table, cell, dimensions) for table in history[release]) - own(release, cell)

    attacker = Attacker(dimensions, rule, own=own, **how)
    cells = cells or list_cells(dimensions)
    small = {(0, tuple(sorted(cell.items()))) for cell in cells if true(0, cell) + own(0, cell) <= 7}
    attacker.read_releases(published, small if knows_small_cells else (), inequalities)
    others = [sum(table for row, table in enumerate(tables) if row != provider) for tables in history]
    assert attacker.is_possible(others[:1] if attacker.others_unchanged else others)
    said = []
    for release, cell in product(range(len(history)), cells):
        if (provider is not None) <= true(release, cell) <= 7:
            word, known = attacker.judge((1, release, cell))
            said.append((word, release, cell, known, true(release, cell)))
        if changes and release and 1 <= abs(change := true(release, cell) - true(release - 1, cell)) <= 4:
            word, known = attacker.judge((1, release, cell), (-1, release - 1, cell))
            said.append((word, release, cell, known, change))
    return [one for one in said if one[0] != "open"]
