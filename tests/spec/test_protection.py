"""The contribution of an organisation to a scope: from its returns and earlier contributions to stored columns."""

import hashlib
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from msgspec.structs import asdict, replace

from api.plan.scope_shapes import GeographyChanged
from api.protection.provider_protection import ProtectionTask, hash_inputs, list_left_out, protect_return
from api.protection.stored_contributions import (
    StoredContribution,
    align_chain,
    pack_contribution,
    unpack_contribution,
)
from api.protection.true_counts import TrueCounts
from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.lattice import Area, ScopeShape, Table, build_nodes
from schema.areas import Scheme
from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE, UNPROTECTED_RULE, Rule
from schema.publication_jobs import LeftOutTable
from tests.fixtures.example_plan import EAST, HARBOUR_PLAN, TOWN, WEST, make_catalogue
from tests.fixtures.release_fixtures import (
    format_node,
    list_scopes,
    make_measure,
    make_plan,
    parse_returns,
    protect_rows,
    select_returns,
)

SEXES = make_measure("learners").schemes[:1]
HERE = make_catalogue(make_plan(make_measure("learners", schemes=SEXES), duties=["quay learners", "pier learners"]))
SCOPE = list_scopes(HERE)["learners/headline 2026-01"]
QUAY = "quay learners 2026-01"
RETURN = [f"{QUAY} town 50", f"{QUAY} town sex=female 20", f"{QUAY} east 30", f"{QUAY} west 20"]


def list_displayed(stored: StoredContribution) -> dict[str, object]:
    """Return the displayed count of each node: `c` if returned as confidential, `?` if unknown, `-` if not returned."""
    columns = (stored.contribution.present, stored.unknown, stored.confidential, stored.contribution.displayed)
    nodes = build_nodes(stored.shape).nodes
    return {
        format_node(node): int(count) if present else "c" if confidential else "?" if unknown else "-"
        for node, present, unknown, confidential, count in zip(nodes, *columns, strict=True)
    }


def protect_totals(*totals: int | str, rule: Rule = PERSONS_RULE, seed: int = 0) -> list[StoredContribution]:
    """Return the contributions to successive releases; `-` is a return without a total."""
    chain: list[StoredContribution] = []
    for number, total in enumerate(totals):
        cell = f"{QUAY} town sex=unknown 0" if total == "-" else f"{QUAY} town {total}"
        chain.append(protect_rows(SCOPE, cell, catalogue=HERE, rule=rule, chain=chain, seed=100 * seed + number))
    return chain


def list_town_totals(chain: list[StoredContribution]) -> list[object]:
    return [list_displayed(stored)["2026-01 town"] for stored in chain]


def test_each_known_count_is_rounded_and_each_unknown_one_is_missing():
    displayed = list_displayed(protect_rows(SCOPE, *RETURN, catalogue=HERE))
    numbers = {"town": 50, "town sex=female": 20, "east": 30, "west": 20}
    for name, true in numbers.items():
        count = displayed[f"2026-01 {name}"]
        assert isinstance(count, int)
        assert count % 5 == 0
        assert abs(count - true) <= PERSONS_RULE.largest_first_error
    assert displayed["2026-01 town sex=male"] == "?"
    assert displayed["2026-01 east sex=female"] == "?"


def test_draws_are_new_for_each_seed():
    totals = {list_town_totals(protect_totals(52, seed=seed))[0] for seed in range(12)}
    assert totals >= {50, 55}
    assert list_town_totals(protect_totals(52, seed=3)) == list_town_totals(protect_totals(52, seed=3))


# fmt: off
#   totals of successive returns        releases in which the displayed total is set
CHAINS = [
    ((50, 50, 50),                      [0, 0, 0]),
    ((50, 57, 43),                      [0, 0, 0]),
    ((50, 58, 58),                      [0, 1, 1]),
    ((50, 57, 58),                      [0, 0, 2]),   # since it was set, it has moved by 8
    ((50, "-", 55),                     [0, 0, 0]),   # left out and returned again
    ((50, "-", 58),                     [0, 0, 2]),
    (("c", 50, 50),                     [-1, 1, 1]),
]
# fmt: on


@pytest.mark.parametrize(("totals", "since"), CHAINS)
@pytest.mark.parametrize("seed", range(3))
def test_displayed_count_changes_only_if_the_true_one_has_moved_by_8(totals, since, seed):
    chain = protect_totals(*totals, seed=seed)
    states = [(int(stored.contribution.since[0]), int(stored.contribution.displayed[0])) for stored in chain]
    assert [release for release, _ in states] == since
    assert all(before == after for before, after in pairwise(states) if before[0] == after[0])
    assert [stored.contribution.present[0] for stored in chain] == [isinstance(total, int) for total in totals]


def test_draws_are_unknown_even_if_nothing_could_be_displayed_at_first():
    """Known draws would reveal the counts that are displayed later."""
    first = [protect_totals("c", seed=seed)[0] for seed in range(8)]
    assert {list_displayed(stored)["2026-01 town"] for stored in first} == {"c"}
    assert not any(stored.contribution.present.any() for stored in first)
    assert len({tuple(stored.contribution.draws.tolist()) for stored in first}) == 8
    later = {list_town_totals(protect_totals("c", 52, seed=seed))[-1] for seed in range(12)}
    assert len(later) > 1


@pytest.mark.parametrize(
    ("rule", "exact"),
    [(UNPROTECTED_RULE, {"town", "east", "town sex=female"}), (ORGANISATIONS_RULE, {"town", "east"})],
)
def test_counts_are_exact_where_the_rule_does_not_protect_them(rule, exact):
    true = {"town": 50, "east": 31, "town sex=female": 20}
    rows = [f"{QUAY} {name} {count}" for name, count in true.items()]
    draws = [protect_rows(SCOPE, *rows, catalogue=HERE, rule=rule, seed=seed) for seed in range(8)]
    shown = {name: {list_displayed(stored)[f"2026-01 {name}"] for stored in draws} for name in true}
    assert {name for name, counts in shown.items() if counts == {true[name]}} == exact
    assert all(isinstance(count, int) and (name in exact or count % 3 == 0) for name in true for count in shown[name])


def test_earlier_contribution_stays_if_no_counts_explain_the_displayed_ones():
    """50 learners, of whom 200 are women."""
    first = protect_rows(SCOPE, *RETURN, catalogue=HERE)
    names = [format_node(node) for node in build_nodes(first.shape).nodes]
    displayed = first.contribution.displayed.copy()
    displayed[names.index("2026-01 town sex=female")] = 200
    impossible = replace(first, contribution=replace(first.contribution, displayed=displayed))
    second = protect_rows(SCOPE, f"{QUAY} town 90", catalogue=HERE, chain=[impossible], seed=1)
    assert list_displayed(second)["2026-01 town"] == list_displayed(first)["2026-01 town"]


def make_contradictory_return():
    """All women are in the east and all of the east are red, yet all women are blue. Each table alone is possible."""
    schemes = [
        Scheme(dimensions=["sex"], exclusive=True, exhaustive=True, finest_level="quarter"),
        Scheme(dimensions=["colour"], exclusive=True, exhaustive=True, finest_level="quarter"),
        Scheme(dimensions=["colour", "sex"], exclusive=True, exhaustive=True, finest_level="town"),
    ]
    catalogue = make_catalogue(make_plan(make_measure("on-roll", schemes=schemes), duties=["quay on-roll"]))
    cells = {"town": [40, 20, 20, 20, 20], "east": [20, 20, 0, 20, 0], "west": [20, 0, 20, 0, 20]}
    names = ("", " sex=female", " sex=male", " colour=red", " colour=blue")
    rows = [
        f"quay on-roll 2026-01 {place}{name} {count}"
        for place, counts in cells.items()
        for name, count in zip(names, counts, strict=True)
    ]
    rows += [f"quay on-roll 2026-01 town {cell} 20" for cell in ("colour=blue sex=female", "colour=red sex=male")]
    return list_scopes(catalogue)["on-roll/headline 2026-01"], rows, catalogue


def test_contradictory_table_is_left_out_and_named_to_the_publisher():
    scope, rows, catalogue = make_contradictory_return()
    stored = protect_rows(scope, *rows, catalogue=catalogue)
    displayed = list_displayed(stored)
    assert isinstance(displayed["2026-01 town sex=female"], int)
    assert isinstance(displayed["2026-01 east colour=red"], int)
    assert displayed["2026-01 town colour=blue sex=female"] == "?"
    assert list_left_out("quay-college", scope, stored) == [
        LeftOutTable(
            organisation="quay-college",
            scope="on-roll/headline 2026-01",
            measure="on-roll",
            period="2026-01",
            breakdown=["colour", "sex"],
            reason="contradiction",
        )
    ]
    assert list_left_out("quay-college", SCOPE, protect_rows(SCOPE, *RETURN, catalogue=HERE)) == []


def make_task(shape: ScopeShape, *chain: StoredContribution, count: int = 50, seed: int = 1) -> ProtectionTask:
    """Return a task with the same count in each node."""
    size = build_nodes(shape).size
    never = np.zeros(size, dtype=np.bool_)
    return ProtectionTask(
        shape=shape,
        rule=PERSONS_RULE,
        counts=TrueCounts(counts=np.full(size, count), known=~never, unknown=never, confidential=never),
        chain=chain,
        seed=seed,
    )


CITY = ScopeShape(tables=(Table(),), places=(Area(code="city"),), periods={"now": ("now",)})
CITY_AND_WARD = replace(
    CITY, tables=(Table(level=1),), places=(*CITY.places, Area(code="ward", level=1, parent="city"))
)


def test_new_area_with_the_same_people_shares_the_draw_of_the_old_one():
    """Otherwise a reader would know two roundings of one count."""
    for seed in range(6):
        first = protect_return(make_task(CITY, seed=seed))
        [aligned] = align_chain([first], build_lattice(CITY_AND_WARD), PERSONS_RULE, np.random.default_rng(seed + 100))
        assert aligned.draws.tolist() == [first.contribution.draws[0]] * 2
        assert (aligned.since.tolist(), aligned.present.tolist()) == ([0, -1], [True, False])
        second = protect_return(make_task(CITY_AND_WARD, first, seed=seed))
        assert len(set(second.contribution.displayed.tolist())) == 1


def test_earlier_contributions_keep_their_state_in_a_plan_with_new_cells():
    first = protect_rows(SCOPE, *RETURN, catalogue=HERE)
    sex, *others = HARBOUR_PLAN.dimensions
    other = replace(sex.categories[0], code="other", label="Other")
    plan = make_plan(
        make_measure("learners"),
        duties=["quay learners"],
        dimensions=[replace(sex, categories=[other, *sex.categories]), *others],
        areas=[*HARBOUR_PLAN.areas[:3], replace(HARBOUR_PLAN.areas[1], code="E05999993"), *HARBOUR_PLAN.areas[3:]],
    )
    catalogue = make_catalogue(plan)
    scope = list_scopes(catalogue)["learners/headline 2026-01"]
    second = protect_rows(scope, *RETURN, catalogue=catalogue, chain=[first], seed=7)
    before, after = list_displayed(first), list_displayed(second)
    assert {name: after[name] for name in before} == before | {
        "2026-01 town sex=female": after["2026-01 town sex=female"]
    }
    added = {name.removeprefix("2026-01 ") for name in after.keys() - before.keys()}
    assert {"E05999993", "town sex=other", "town need=travel"} <= added


def test_cells_that_a_plan_no_longer_has_are_unknown_and_keep_their_state():
    first = protect_rows(SCOPE, *RETURN, catalogue=HERE)
    fewer = make_catalogue(make_plan(make_measure("learners", schemes=[]), duties=["quay learners"]))
    second = protect_rows(
        list_scopes(fewer)["learners/headline 2026-01"], RETURN[0], catalogue=fewer, chain=[first], seed=7
    )
    assert list_displayed(second)["2026-01 town sex=female"] == "?"
    third = protect_rows(SCOPE, *RETURN, catalogue=HERE, chain=[first, second], seed=8)
    assert list_displayed(third) == list_displayed(first)


def test_area_with_a_new_parent_is_refused():
    first = protect_rows(SCOPE, *RETURN, catalogue=HERE)
    areas = [replace(area, parent=EAST) if area.code == WEST else area for area in HARBOUR_PLAN.areas]
    moved = make_catalogue(replace(HERE.plan, areas=areas))
    scope = replace(SCOPE, shape=replace(SCOPE.shape, places=(Area(code=TOWN), Area(code=WEST, level=1, parent=EAST))))
    with pytest.raises(GeographyChanged, match=f"^{WEST} "):
        protect_rows(scope, RETURN[0], catalogue=moved, chain=[first])


def test_hash_depends_on_the_cells_the_rule_and_the_returns_but_not_on_their_order():
    returns, _ = parse_returns(*RETURN, "quay/evening learners 2026-01 town 3")
    own = select_returns(SCOPE, returns)
    assert len(own) == 2
    expected = hash_inputs(SCOPE, PERSONS_RULE, own)
    assert hash_inputs(SCOPE, PERSONS_RULE, own[::-1]) == expected
    others = [
        hash_inputs(SCOPE, PERSONS_RULE, own[:1]),
        hash_inputs(SCOPE, PERSONS_RULE, [own[0], replace(own[1], id=9)]),
        hash_inputs(SCOPE, ORGANISATIONS_RULE, own),
        hash_inputs(replace(SCOPE, shape=replace(SCOPE.shape, tables=SCOPE.shape.tables[:1])), PERSONS_RULE, own),
    ]
    assert len({expected, *others}) == 5


COLUMNS = ("present", "displayed", "since", "draws", "reference", "redacted")
MASKS = ("unknown", "confidential")


@pytest.mark.parametrize(
    "rows", [RETURN, [f"{QUAY} town c"], [f"{QUAY} nil"], [f"{QUAY} town 40001"], [f"{QUAY} town 3000000000"]]
)
def test_stored_contribution_is_read_back_unchanged(rows):
    stored = protect_rows(SCOPE, *rows, catalogue=HERE)
    content, counts = pack_contribution(stored)
    again = unpack_contribution(content, counts)
    assert again.shape == stored.shape
    for column, copy in ((asdict(stored.contribution), asdict(again.contribution)), (asdict(stored), asdict(again))):
        for name in (*COLUMNS, *MASKS):
            if name in column:
                assert copy[name].dtype == column[name].dtype, name
                assert copy[name].flags.writeable or name not in COLUMNS
                np.testing.assert_array_equal(copy[name], column[name], err_msg=name)
    assert pack_contribution(again) == (content, counts), "the same bytes for the same content"
    [last] = align_chain([again], build_lattice(again.shape), PERSONS_RULE, np.random.default_rng(0))
    np.testing.assert_array_equal(last.draws, stored.contribution.draws)


def test_content_without_true_counts_reveals_none():
    """A redaction deletes the second part. Displayed counts take the place of the true ones."""
    _, second = protect_totals(50, 53)
    content, counts = pack_contribution(second)
    assert msgspec.msgpack.decode(counts)[1][:1] == bytes([50]), "the count when the displayed one was set"
    forgotten = unpack_contribution(content, None)
    assert forgotten.is_forgotten
    np.testing.assert_array_equal(forgotten.contribution.reference, second.contribution.displayed)
    other = replace(second.contribution, reference=second.contribution.reference + 2)
    assert pack_contribution(replace(second, contribution=other))[0] == content


@pytest.mark.parametrize(("step", "is_set"), [(0, False), (7, False), (-7, False), (8, True), (-8, True)])
def test_return_after_a_redaction_is_compared_with_the_displayed_count(step, is_set):
    """A redaction is a contribution of its own: number 2 here, so the return after it is number 3."""
    first, second = protect_totals(50, 53)
    displayed = int(second.contribution.displayed[0])
    forgotten = unpack_contribution(pack_contribution(second)[0], None)
    third = protect_rows(SCOPE, f"{QUAY} town {displayed + step}", catalogue=HERE, chain=[first, forgotten], seed=5)
    assert third.contribution.since[0] == (3 if is_set else 0)
    assert third.contribution.redacted[0] != is_set
    assert third.follows_redaction
    again = unpack_contribution(*pack_contribution(third))
    assert (again.follows_redaction, again.is_forgotten) == (True, False)


def test_redactions_stay_in_the_chain_of_later_contributions():
    first, second = protect_totals(50, 53)
    forgotten = unpack_contribution(pack_contribution(second)[0], None)
    third = protect_rows(SCOPE, f"{QUAY} town 90", catalogue=HERE, chain=[first, forgotten], seed=5)
    lattice, random = build_lattice(SCOPE.shape), np.random.default_rng(0)
    chain = align_chain([first, forgotten, third], lattice, PERSONS_RULE, random)
    assert [bool(contribution.present.any()) for contribution in chain] == [True, True, False, True]
    assert [bool(contribution.redacted[0]) for contribution in chain] == [False, False, True, False]
    assert [int(contribution.since[0]) for contribution in chain] == [0, 0, 0, 3]
    unreturned = align_chain([first, forgotten], lattice, PERSONS_RULE, random)
    assert [bool(contribution.present.any()) for contribution in unreturned] == [True, True, False]


def test_stored_columns_never_change_their_order():
    """Contributions in a database would become unreadable, and no round trip would notice."""
    content, counts = pack_contribution(protect_totals(50)[0])
    shape, *masks, displayed, since, draws, follows_redaction = msgspec.msgpack.decode(content)
    assert set(shape) == {"tables", "dimensions", "places", "periods", "overlapping_places"}
    size = build_nodes(SCOPE.shape).size
    assert [len(mask) for mask in masks] == [(size + 7) // 8] * 4, "present, unknown, confidential, redacted"
    assert follows_redaction is False
    assert [column[0] for column in (displayed, since, draws, msgspec.msgpack.decode(counts))] == ["|i1"] * 4
    assert [len(column[1]) for column in (displayed, since, draws)] == [size] * 3
    assert (masks[0][0] >> 7, since[1][0], displayed[1][0] % 5) == (1, 0, 0)


def test_contribution_of_a_cumulative_nil_that_was_read_as_zero_is_calculated_again():
    """A nil return keeps the count. Contributions that an earlier version stored had read it as 0."""
    cumulative = next(scope for key, scope in list_scopes().items() if key.startswith("enrolments"))
    returns, _ = parse_returns(
        "quay enrolments 2026-01 town 40", "quay enrolments 2026-02 nil", "quay learners 2026-01 nil"
    )
    of_enrolments, of_learners = returns[:2], returns[2:]

    def hash_as_before(scope, own):
        inputs = (scope.shape, PERSONS_RULE, sorted(revision.id for revision in own))
        return hashlib.sha256(msgspec.msgpack.encode(inputs)).digest()

    for scope, own, is_reused in (
        (cumulative, of_enrolments, False),
        (cumulative, of_enrolments[:1], True),
        (SCOPE, of_learners, True),
    ):
        assert (hash_inputs(scope, PERSONS_RULE, own) == hash_as_before(scope, own)) is is_reused
