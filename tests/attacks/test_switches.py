"""The suite's own proof: each protection, switched off, lets an attack succeed that fails while it is on."""

import numpy as np
import pytest
from msgspec.structs import replace

from schema.disclosure import PERSONS
from tests.attacks.cubes import Cube, attacks

WARDS = {"place": ("w0", "w1", "w2")}
SEX = {"sex": ("f", "m")}
IN_OUT = {"part": ("in", "out")}


def both(cube, history, switch, **how):
    """What is found with the protection on, and with it off."""
    return [
        attacks(cube, history, cube.releases(history, rule), **how) for rule in (PERSONS, replace(PERSONS, **switch))
    ]


def test_a_provider_subtracts_its_own_returns():
    """Women and men of a ward, 8 each, are 16: shown as 10, 10 and 15, so that each is 8 or 9. Who returned 7 of the 8
    women knows that there are one or two more."""
    cube = Cube(WARDS | SEX)
    mine = np.array([[7, 0], [20, 20], [20, 20]])
    others = np.array([[1, 8], [20, 20], [20, 20]])
    on, off = both(cube, [[mine, others]], {"audit_providers": False}, provider=0)
    assert on == []
    assert ("certain", 0, {"place": "w0", "sex": "f"}, (1, 2), 1) in off


def test_who_is_not_in_the_part_is_a_small_count_too():
    """8 of 12 women and 8 of 12 men: shown as 10 of 10, and 15 of 25, so that 2 to 4 of each are not in it."""
    cube = Cube(SEX | IN_OUT)
    on, off = both(cube, [[np.array([[8, 4], [8, 4]])]], {"protect_complements": False, "audit_providers": False})
    assert on == []
    assert ("certain", 0, {"sex": "f", "part": "out"}, (2, 4), 4) in off


def test_a_zero_that_shows_gives_a_group_away():
    """All ten people of a ward are women: that there is no man among them is known of each of the ten."""
    cube = Cube(WARDS | SEX)
    history = [[np.array([[10, 0], [20, 20], [20, 20]])]]
    on, off = both(cube, history, {"hide_from": 1})
    assert on == []
    assert ("exact", 0, {"place": "w0", "sex": "m"}, (0, 0), 0) in off


def test_without_hold_back_a_few_late_returns_show():
    """Three more women and three more men: each figure moves by 5, and the total by 5, so that it is 3 or 4 of each."""
    cube = Cube(SEX)
    history = [[np.array([50, 50])], [np.array([53, 53])]]
    rule = replace(PERSONS, audit_providers=False)
    assert attacks(cube, history, cube.releases(history, rule)) == []
    off = attacks(cube, history, cube.releases(history, replace(rule, hold_back=1)), hold=1)
    assert ("certain", 1, {"sex": "f"}, (3, 4), 3) in off


def test_without_shift_a_provider_finds_the_others_by_varying_its_own():
    """The others returned 3, and do not change it. Own returns of 7, 15 and 24 make 10, 18 and 27: rounded afresh each
    time, 10, 20 and 25 leave nothing but 3; shifted, 10, 20 and 30 tell of the own increments alone."""
    cube = Cube(SEX)
    others = np.array([3, 40])
    history = [[np.array([own, 40]), others] for own in (7, 15, 24)]
    rule = replace(PERSONS, audit_providers=False)
    how = {"provider": 0, "others_stand_still": True, "changes": False}
    on = attacks(cube, history, cube.releases(history, rule), **how)
    off = attacks(cube, history, cube.releases(history, replace(rule, shift=False)), shifts=False, **how)
    assert on == []
    assert ("exact", 2, {"sex": "f"}, (3, 3), 3) in off


@pytest.mark.parametrize(("rates_from_displayed", "candidates"), [(True, {3, 4, 5, 6, 7}), (False, {3})])
def test_a_percentage_of_true_counts_gives_them_away(rates_from_displayed, candidates):
    """8 of 200, of which a provider returned 5: 4.0 % leaves nothing but 8, and so 3 of the others."""
    cube = Cube(IN_OUT)
    rule = replace(PERSONS, rates_from_displayed=rates_from_displayed)
    (published,) = cube.releases([[np.array([5, 95]), np.array([3, 97])]], rule)
    whole, part = published.figures
    said = published.percentages[part.node].value

    def fits(x, n):
        rate = 100 * x / n if not rates_from_displayed else 100 * part.value / whole.value
        return round(rate, 1) == said

    counts = {
        x - 5
        for x in range(part.value - 2, part.value + 3)
        for n in range(whole.value - 2, whole.value + 3)
        if x >= 8 and fits(x, n)
    }
    assert counts == candidates
