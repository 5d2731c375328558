"""Hidden figures depend on displayed counts and on who returned which cells, so the code reveals no more than they do.

A release is complete whenever it is made, and no return stops it.
"""

import numpy as np

from api.statistics.disclosure.atoms import build_lattice
from schema.areas import Scheme
from schema.disclosure import PERSONS_RULE
from schema.partners import Scope
from tests.attacks.http_releases import (
    ATTACKER,
    VICTIM,
    make_return,
    open_press,
    play,
    read_chain,
    read_counts,
    read_displays,
    submit,
    to_key,
)
from tests.fixtures.example_plan import EAST, TOWN, WEST

JULY = ("learners", "2026-07")
MEASURES = ("learners", "pass-rate", "employers")


def generate_table(measure: str, seed: int, mean: float = 6.0) -> np.ndarray:
    random = np.random.default_rng([9, seed])
    shape = (3, 3, 2) if measure == "pass-rate" else (3, 3)
    return random.poisson(mean * random.gamma(1, 1, shape))


def expect_count(measure: str, cell: tuple, displays: list[dict]) -> int | None:
    """Return the count that readers see, from the displayed contributions of the providers that returned anything."""
    parts = [display[cell] for display in displays if display]
    if len(parts) == 1:
        return None  # the plan does not publish one provider alone
    if None in parts or not parts:
        return None
    total, is_total = max(sum(parts), 0), not {name for name, _ in cell} - {"place"}
    limit = 10 if measure != "employers" else 0 if is_total else 3
    return total if total >= limit else None


async def test_hidden_figures_follow_from_displayed_counts_and_returns(application):
    """Rerunning the code on candidate counts that display the same hides the same figures."""
    press = await open_press(application, rule=PERSONS_RULE, alone=False)
    keys = [(measure, period) for measure in MEASURES for period in ("2026-06", "2026-07")]
    victim, attacker = {}, {}
    for number, key in enumerate(keys):
        theirs, own = generate_table(key[0], number), generate_table(key[0], number + 10)
        victim[key] = [make_return(key, theirs), make_return(key, theirs + 1), make_return(key, theirs + 9)]
        attacker[key] = [make_return(key, own), make_return(key, own, without=["sex"]), make_return(key, own)]
        if key[1] == "2026-06":
            attacker[key][0] = None
    releases = await play(press, victim, attacker)
    seen = {True: 0, False: 0}
    for key in keys:
        chains = [await read_chain(press, organisation, key) for organisation in (VICTIM, ATTACKER)]
        displays = [read_displays(chain, len(releases)) for chain in chains]
        for number, counts in enumerate(releases):
            for cell, shown in counts[key].items():
                assert shown == expect_count(key[0], cell, [one[number] for one in displays]), (key, number, cell)
                seen[shown is None] += 1
    assert min(seen.values()) > 30


async def test_publishing_from_scratch_is_an_unknown_field(application, harbour_programme):
    key = await application.issue_key("harbour-council", Scope.PUBLISH, programme=harbour_programme)
    refused = await application.http_client(key).post(
        f"/v1/programmes/{harbour_programme}/releases",
        json={"notes": "x", "republish": [{"measure": "learners", "period": "2026-07"}]},
    )
    assert refused.status_code in (400, 422)
    assert await application.count_rows("publication") == 0


async def test_late_return_leaves_no_figure_out(application, second_application):
    """A release is made before another provider's first return. What one release shows, two releases show as well."""
    tables = {
        organisation: generate_table("learners", seed, 8.0) for seed, organisation in enumerate((VICTIM, ATTACKER))
    }
    shown = []
    for server, releases in ((application, 1), (second_application, 2)):
        press = await open_press(server, alone=False, rule=PERSONS_RULE)
        await submit(press, ATTACKER, [make_return(JULY, tables[ATTACKER])], seed=1)
        if releases == 2:
            early = await press.publish()
            assert early["state"] == "published"
            assert set((await read_counts(press, 1, JULY)).values()) == {None}
        await submit(press, VICTIM, [make_return(JULY, tables[VICTIM])], seed=2)
        assert (await press.publish())["release"] == releases
        shown.append(await read_counts(press, releases, JULY))
    assert shown[0] == shown[1]
    assert sum(value is not None for value in shown[0].values()) >= 8


COLOURS = [
    Scheme(dimensions=["sex"], exclusive=True, exhaustive=True, finest_level="quarter"),
    Scheme(dimensions=["colour"], exclusive=True, exhaustive=True, finest_level="quarter"),
    Scheme(dimensions=["sex", "colour"], exclusive=True, exhaustive=True, finest_level="town"),
]


def make_contradictory_return() -> dict:
    """Return tables that agree in pairs, but no people fit all three: quarter by sex, by colour, and sex by colour."""
    cells = [(TOWN, {}, 60), (EAST, {}, 30), (WEST, {}, 30)]
    for area, sex, colour in ((EAST, "female", "red"), (WEST, "male", "blue")):
        cells += [(area, {"sex": sex}, 30), (area, {"colour": colour}, 30)]
        cells += [(TOWN, {"sex": sex}, 30), (TOWN, {"colour": colour}, 30)]
    cells += [(TOWN, {"sex": "female", "colour": "blue"}, 30), (TOWN, {"sex": "male", "colour": "red"}, 30)]
    observations = [{"area": area, "breakdown": breakdown, "value": value} for area, breakdown, value in cells]
    return {"measure": "learners", "period": "2026-07", "observations": observations}


async def test_contradictory_return_is_left_out_and_named(application):
    """The provider justifies it. Only the publisher sees whose table is missing and why. Every other figure is published."""
    press = await open_press(application, schemes=COLOURS)
    await submit(press, ATTACKER, [make_return((m, "2026-07"), generate_table(m, 3)) for m in MEASURES], seed=5)
    http = await press.http_client(VICTIM, Scope.SUBMIT)
    body = {"returns": [make_contradictory_return()]}
    refused = await http.post(f"/v1/programmes/{press.programme}/submissions", json=body)
    [finding] = refused.json()["errors"]
    assert (refused.status_code, finding["code"], finding["justifiable"]) == (422, "impossible-tables", True)
    justification = {"finding": finding["id"], "text": "The colours are of another day."}
    await press.submit_and_approve(VICTIM, *body["returns"], justifications=[justification])
    rehearsed, job = await press.publish(dry_run=True), await press.publish()
    assert (rehearsed["state"], job["state"], job["failures"]) == ("rehearsed", "published", [])
    left_out = {
        "organisation": VICTIM,
        "scope": "learners/headline 2026-07",
        "measure": "learners",
        "period": "2026-07",
        "breakdown": ["colour", "sex"],
        "reason": "contradiction",
    }
    for audit in (rehearsed["rehearsal"]["report"], job["audit"]):
        assert [table for scope in audit["scopes"] for table in scope["left_out"]] == [left_out]
    public = (await press.read("releases/1")).json()
    assert {scope["scope"]: scope["shown"] > 0 for scope in public["report"]["scopes"] if scope["shown"]} == {
        f"{measure}/headline": True for measure in MEASURES
    }
    assert VICTIM not in str(public["report"])
    [chain] = (await read_chain(press, VICTIM, JULY)).values()
    cells = {
        node.breakdown
        for node, is_present in zip(build_lattice(chain.shape).nodes, chain.contribution.present, strict=True)
        if is_present
    }
    assert {tuple(name for name, _ in breakdown) for breakdown in cells} == {(), ("sex",), ("colour",)}
    shown = await read_counts(press, 1, JULY)
    assert all(shown[to_key(cell)] is not None for cell in ({}, {"place": EAST}, {"sex": "female"}))
