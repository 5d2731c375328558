"""Releases of synthetic people over HTTP, for an attacker who reads only the responses."""

from itertools import product

import numpy as np

from tests.attacks.attacker import Attacker, select_codes
from tests.fixtures.example_plan import EAST, TOWN, WEST
from tests.fixtures.release_client import SEXES, UNKNOWN_AREA, ReleaseClient, make_learners_return

PROVIDERS = ("quay-college", "pier-college")
AREAS = (EAST, WEST, UNKNOWN_AREA)
DIMENSIONS = {"place": AREAS, "sex": SEXES}


def to_people(table, dimensions=DIMENSIONS) -> dict[tuple[str, str], int]:
    """Return a cross of place and sex in the form of a return."""
    places, sexes = dimensions["place"], dimensions["sex"]
    return {(place, sex): int(table[i, j]) for (i, place), (j, sex) in product(enumerate(places), enumerate(sexes))}


async def submit_and_approve(press: ReleaseClient, tables, period="2026-07", measure="learners") -> None:
    for organisation, table in zip(PROVIDERS, tables, strict=True):
        await press.submit_and_approve(
            organisation, make_learners_return(period, to_people(table)) | {"measure": measure}
        )


async def read_rule(press: ReleaseClient, disclosure_class="persons") -> dict:
    """Return the rule that the newest release quotes."""
    return (await press.read("releases")).json()["items"][0]["policy"][disclosure_class]


async def read_figures(
    press: ReleaseClient, release: int, period="2026-07", measure="learners"
) -> list[tuple[dict, int | None, tuple]]:
    """Return each figure of the period as (cell, displayed number, stated bounds).

    A proportion yields two: its denominator, and its numerator, which is the part `in` of the denominator.
    """
    figures = []
    for grouped in ({}, {"group_by": "sex"}):
        for figure in await press.read_figures(
            measure=measure, period=period, within=TOWN, release=str(release), **grouped
        ):
            place = {} if figure["area"] == TOWN else {"place": figure["area"]}
            cell = figure["breakdown"] | place
            if figure["kind"] == "proportion":
                for name, part in (("denominator", {}), ("numerator", {"part": "in"})):
                    figures.append(
                        (cell | part, figure[name], (figure[f"{name}_lower_bound"], figure[f"{name}_upper_bound"]))
                    )
            else:
                figures.append((cell, figure["value"], (figure["lower_bound"], figure["upper_bound"])))
    return figures


def list_cells(dimensions) -> list[dict]:
    """Return a cell for each sum over the cross, by all or some of its dimensions."""
    choices = [[{}, *({name: code} for code in codes)] for name, codes in dimensions.items()]
    return [{name: code for part in cell for name, code in part.items()} for cell in product(*choices)]


def count_people(table, cell: dict, dimensions) -> int:
    indexes = [[codes.index(code) for code in select_codes(cell, name, codes)] for name, codes in dimensions.items()]
    return int(np.asarray(table)[np.ix_(*indexes)].sum())


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
    **options,
) -> list[tuple]:
    """Return what an attacker learns of small counts and small changes: the verdicts other than `open`.

    If `knows_small_cells`, the attacker knows which counts of the first release are small. `cells` are the cells to
    attack, by default all sums over the cross. `inequalities` are what any reader knows of them.
    """

    def own(release, cell):
        return 0 if provider is None else count_people(history[release][provider], cell, dimensions)

    def true(release, cell):
        return sum(count_people(table, cell, dimensions) for table in history[release]) - own(release, cell)

    attacker = Attacker(dimensions, rule, own=own, **options)
    cells = cells or list_cells(dimensions)
    small = {(0, tuple(sorted(cell.items()))) for cell in cells if true(0, cell) + own(0, cell) <= 7}
    attacker.read_releases(published, small if knows_small_cells else (), inequalities)
    others = [sum(table for row, table in enumerate(tables) if row != provider) for tables in history]
    assert attacker.is_possible(others[:1] if attacker.others_unchanged else others)
    verdicts = []
    for release, cell in product(range(len(history)), cells):
        if (provider is not None) <= true(release, cell) <= 7:
            word, known = attacker.judge((1, release, cell))
            verdicts.append((word, release, cell, known, true(release, cell)))
        if changes and release and 1 <= abs(change := true(release, cell) - true(release - 1, cell)) <= 4:
            word, known = attacker.judge((1, release, cell), (-1, release - 1, cell))
            verdicts.append((word, release, cell, known, change))
    return [verdict for verdict in verdicts if verdict[0] != "open"]
