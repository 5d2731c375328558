"""The audit of one provider's displayed counts, and the repeated draws that it leads to."""

import numpy as np
import pytest
from highspy import MatrixFormat
from msgspec.structs import replace
from scipy.optimize import linprog
from scipy.sparse import csc_array, csr_array, vstack

from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.contradictions import find_contradicting_tables, list_tables
from api.statistics.disclosure.contribution_audit import ContributionAudit, ImpossibleContribution
from api.statistics.disclosure.contribution_sums import get_largest_error, get_rounding_interval
from api.statistics.disclosure.contributions import redact_contribution, start_contribution, update_contribution
from api.statistics.disclosure.lattice import Area, Dimension, ScopeShape, Table
from api.statistics.disclosure.source_protection import (
    ExposedContribution,
    LeftOutTable,
    protect_contribution,
    protect_counts,
)
from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE, UNPROTECTED_RULE
from tests.attacks.source_cubes import SourceCube
from tests.attacks.source_worlds import SourceWorld

NEAR_DRAWS = replace(PERSONS_RULE, far_share=0.0)
SEX = Dimension(slug="sex", codes=("f", "m"))
LATTICE = build_lattice(
    ScopeShape(tables=(Table(), Table(dimensions=("sex",))), dimensions=(SEX,), periods={"now": ("now",)})
)
RATIO = build_lattice(ScopeShape(tables=(Table(), Table(part="in")), periods={"now": ("now",)}))
WARDS = (Area(code="city"), *(Area(code=code, level=1, parent="city") for code in ("north", "south")))
AGE = Dimension(slug="age", codes=("young", "old"))
BY_SEX_ONLY = Table(dimensions=("sex",))
CITY_CROSS = Table(dimensions=("age", "sex"))
CROSSED = build_lattice(
    ScopeShape(
        tables=(Table(level=1), Table(dimensions=("sex",), level=1), Table(dimensions=("age",), level=1), CITY_CROSS),
        dimensions=(SEX, AGE),
        places=WARDS,
        periods={"now": ("now",)},
    )
)
GROWING = build_lattice(ScopeShape(tables=(Table(),), periods={"q1": ("q1",), "q2": ("q1", "q2")}))
PARTS = build_lattice(ScopeShape(tables=(Table(), Table(part="in"), Table(part="also")), periods={"now": ("now",)}))
ALL = np.ones(3, dtype=np.bool_)


def build_chain(rule, *releases):
    """Return the contributions of releases, each given as counts and draws; None is a redaction."""
    chain = []
    for number, release in enumerate(releases):
        if release is None:
            chain.append(redact_contribution(chain[-1]))
            continue
        counts, draws = map(np.array, release)
        before = chain[-1] if chain else start_contribution(draws)
        before = replace(before, draws=draws)
        chain.append(update_contribution(rule, before, counts, np.ones(counts.size, dtype=np.bool_), release=number))
    return chain


def find_ranges(lattice, rule, *releases):
    chain = build_chain(rule, *releases)
    narrow = ContributionAudit(lattice, rule, chain).find_narrow_ranges()
    return [(one.release, one.since, one.node, one.low, one.high) for one in narrow]


@pytest.mark.parametrize(
    ("counts", "draws", "narrow"),
    [
        ((9, 9, 0), (0, 1, 0), [(0, -1, 1, 6, 9), (0, -1, 0, 6, 9)]),  # 5 in all and 10 women: 6 to 9 of each
        ((9, 9, 0), (1, 1, 0), []),
        ((3, 1, 2), (0, 4, 0), [(0, -1, 1, 1, 4), (0, -1, 0, 1, 4)]),  # 0 in all and 5 women
        ((20, 10, 10), (0, 0, 0), []),
        ((0, 0, 0), (0, 0, 0), []),
    ],
)
def test_audit_finds_counts_that_are_certain_and_narrow(counts, draws, narrow):
    assert sorted(find_ranges(LATTICE, NEAR_DRAWS, (counts, draws))) == sorted(narrow)


def find_ranges_one_by_one(lattice, rule, chain):
    """Return every narrow range by two programs for each count and change, by another solver's interface."""
    audit = ContributionAudit(lattice, rule, chain)
    program = audit.program.solver.getLp()
    matrix, shape = program.a_matrix_, (program.num_row_, program.num_col_)
    make = csr_array if matrix.format_ == MatrixFormat.kRowwise else csc_array
    rows = make((matrix.value_, matrix.index_, matrix.start_), shape=shape)
    limits = np.array([program.row_lower_, program.row_upper_])
    matrix = csr_array(vstack((rows, -rows)))
    bounds, narrow = np.stack(audit.find_bounds(), axis=1), []
    for (now, then, *step), largest in zip(audit.targets.columns.T.tolist(), audit.targets.largest, strict=True):
        cost = np.zeros(audit.size + 1)
        np.add.at(cost, [now, then, *step], [1.0, -1.0, -1.0, 1.0])
        low, high = (
            int(
                end(
                    sign
                    * linprog(
                        sign * cost[:-1], A_ub=matrix, b_ub=np.concatenate((limits[1], -limits[0])), bounds=bounds
                    ).fun
                )
            )
            for sign, end in ((1, lambda value: np.ceil(value - 1e-6)), (-1, lambda value: np.floor(value + 1e-6)))
        )
        if high - low < rule.width and (1 <= low <= largest or -largest <= high <= -1):
            release, node = divmod(now, audit.per_release)
            since = -1 if then < 0 else then // audit.per_release
            narrow.append((release, since, node - lattice.atoms, step[0] >= 0, low, high))
    return sorted(narrow)


CUBES = {
    "sex": SourceCube({"sex": ("f", "m")}),
    "part": SourceCube({"part": ("in", "out")}),
    "quarters": SourceCube({"sex": ("f", "m"), "quarter": ("q1", "q2", "q3")}),
    "wards": SourceCube({"place": ("north", "south"), "sex": ("f", "m"), "age": ("young", "old")}),
}


@pytest.mark.parametrize("rule", [replace(NEAR_DRAWS, width=7), ORGANISATIONS_RULE, replace(PERSONS_RULE, width=12)])
@pytest.mark.parametrize("name", CUBES)
def test_audit_finds_what_programs_for_each_count_find(name, rule):
    cube, total = CUBES[name], 0
    for seed in range(1 if name == "wards" else 3 if name == "quarters" else 6):
        tables = [np.random.default_rng(seed).poisson(2.0, list(map(len, cube.dimensions.values())))]
        tables += [tables[0] + np.random.default_rng(100 + seed).poisson(3.0, tables[0].shape)]
        chain = SourceWorld(cube, rule, audited=False).play_provider(tables, seed)
        narrow = ContributionAudit(cube.lattice, rule, chain).find_narrow_ranges()
        again = ContributionAudit(cube.lattice, rule, chain).find_narrow_ranges(narrow)
        ranges_once, ranges_again = (
            sorted((one.release, one.since, one.node, one.is_step, one.low, one.high) for one in ranges)
            for ranges in (narrow, again)
        )
        assert ranges_once == ranges_again == find_ranges_one_by_one(cube.lattice, rule, chain)
        total += len(ranges_once)
    assert total or rule.width != 7


def test_far_draws_leave_the_same_displays_open():
    assert find_ranges(LATTICE, PERSONS_RULE, ((9, 9, 0), (0, 1, 0))) == []


def test_audit_covers_numerators_and_complements():
    """10 of 5 is 6 to 9 of 6 to 9; 0 of 10 leaves 2 to 14 others, which is wide."""
    assert find_ranges(RATIO, NEAR_DRAWS, ((9, 9), (0, 1))) == [(0, -1, 0, 6, 9), (0, -1, 1, 6, 9)]
    assert find_ranges(RATIO, NEAR_DRAWS, ((10, 0), (0, 0))) == []


def test_audit_covers_changes_between_releases():
    """Only the total moves, by 15: at least 11 people came, and at most 7 are women, so 4 to 7 are men; or the reverse."""
    first, second, draws = (22, 12, 10), (33, 19, 14), (2, 1, 2)
    narrow = find_ranges(LATTICE, NEAR_DRAWS, (first, draws), (second, draws))
    assert narrow == [(1, 0, 1, 4, 7), (1, 0, 2, 4, 7)]
    other_draw = (0, 1, 2)
    assert find_ranges(LATTICE, NEAR_DRAWS, (first, draws), (second, other_draw)) == []


def test_counts_that_were_set_again_are_linked_to_all_that_were_set_before():
    """20, 40 and 20 again display as 20, 40 and 20: the reader knows the change to within 4 each time."""
    draws = (3, 1, 2)
    chain = build_chain(NEAR_DRAWS, ((20, 9, 11), draws), ((40, 18, 22), draws), ((20, 9, 11), draws))
    audit = ContributionAudit(LATTICE, NEAR_DRAWS, chain)
    assert audit.drawn_release.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert audit.find_narrow_ranges() == []


def test_far_draw_that_shows_is_known_in_later_releases():
    """0 displays as -5 only with one draw. It then displays 11 as 5 and 3 as 0, so 3 is known to be 1 to 4."""
    lattice, draws = build_lattice(ScopeShape(tables=(Table(),), periods={"now": ("now",)})), (-3,)
    narrow = find_ranges(lattice, PERSONS_RULE, ((0,), draws), ((11,), draws), ((3,), draws))
    assert (2, -1, 0, 1, 4) in narrow


def test_contribution_that_cannot_be_true_is_refused():
    with pytest.raises(ImpossibleContribution):
        find_ranges(LATTICE, PERSONS_RULE, ((100, 10, 10), (0, 0, 0)))


@pytest.mark.parametrize("again", [(20, 12, 8), (40, 12, 28), (10, 1, 9)])
def test_return_after_a_redaction_is_audited(again):
    assert find_ranges(LATTICE, PERSONS_RULE, ((20, 10, 10), (0, 0, 0)), None, (again, (0, 0, 0))) == []


@pytest.mark.parametrize("seed", range(20))
def test_draws_are_repeated_until_nothing_is_narrow(seed):
    random, counts = np.random.default_rng(seed), np.array((9, 9, 0))
    contribution = protect_contribution(LATTICE, NEAR_DRAWS, counts, ALL, [], random)
    assert find_ranges(LATTICE, NEAR_DRAWS, (counts, contribution.draws)) == []
    assert (np.abs(contribution.displayed - counts) <= 4).all()


def test_release_without_news_is_not_audited():
    random, counts = np.random.default_rng(1), np.array((20, 10, 10))
    first = protect_contribution(LATTICE, PERSONS_RULE, counts, ALL, [], random)
    second = protect_contribution(LATTICE, PERSONS_RULE, counts + np.array((2, 1, 1)), ALL, [first], random)
    third = protect_contribution(LATTICE, PERSONS_RULE, counts + np.array((40, 20, 20)), ALL, [first, second], random)
    assert (second.displayed == first.displayed).all()
    assert (third.since == 2).all()


def test_count_without_safe_draws_is_refused():
    """A width that rounding to 5 cannot give."""
    rule, random = replace(NEAR_DRAWS, width=40), np.random.default_rng(1)
    with pytest.raises(ExposedContribution):
        protect_contribution(LATTICE, rule, np.array((12, 6, 6)), ALL, [], random)
    first = protect_contribution(LATTICE, PERSONS_RULE, np.array((12, 6, 6)), ALL, [], random)
    assert protect_contribution(LATTICE, rule, np.array((40, 20, 20)), ALL, [first], random) is first


TOTALS = [30, 15, 15]
BY_SEX = [15, 15, 0, 15, 0, 15]  # city, north, south: 15 women in the north, 15 men in the south
BY_AGE = [15, 15, 0, 15, 0, 15]  # 15 young in the north, 15 old in the south
AGREEING, CROSSING = [15, 0, 0, 15], [0, 15, 15, 0]  # young women and old men; young men and old women


@pytest.mark.parametrize(
    ("lattice", "counts", "left_out", "contradicting"),
    [
        pytest.param(CROSSED, [*TOTALS, *BY_SEX, *BY_AGE, *AGREEING], [], [], id="all tables agree"),
        pytest.param(CROSSED, [*TOTALS, *BY_SEX, *BY_AGE, *CROSSING], [], [CITY_CROSS], id="agree in pairs only"),
        pytest.param(CROSSED, [*TOTALS, *BY_SEX, *BY_AGE, *CROSSING], [1], [CITY_CROSS], id="a count is left out"),
        pytest.param(CROSSED, [*TOTALS, *BY_SEX, *BY_AGE, *CROSSING], range(15, 19), [], id="the cross is left out"),
        pytest.param(CROSSED, [*TOTALS, *BY_SEX, *BY_AGE, *CROSSING], range(9, 15), [], id="age is left out"),
        pytest.param(RATIO, [10, 12], [], [Table(part="in")], id="a part exceeds its whole"),
        pytest.param(PARTS, [10, 12, 3], [], [Table(part="in")], id="another part does not"),
        pytest.param(GROWING, [10, 8], [], [Table(periods=("q2",))], id="a cumulative count falls"),
        pytest.param(LATTICE, [10, 6, 5], [], [Table(dimensions=("sex",))], id="parts do not add up"),
    ],
)
def test_tables_without_common_people_are_left_out(lattice, counts, left_out, contradicting):
    counts, present = np.array(counts), np.ones(len(counts), dtype=np.bool_)
    present[list(left_out)] = False
    assert find_contradicting_tables(lattice, counts, present) == contradicting
    protected = protect_counts(lattice, PERSONS_RULE, counts, present, [], np.random.default_rng(1))
    expected = [LeftOutTable(table=table, reason="contradiction") for table in contradicting]
    assert list(protected.left_out) == expected
    hidden = {node for table in list_tables(lattice) if table.table in contradicting for node in table.nodes.tolist()}
    shown = [bool(there) and node not in hidden for node, there in enumerate(present)]
    assert protected.contribution.present.tolist() == shown


def test_contradiction_in_a_later_return_leaves_the_state_of_the_table():
    counts, present = np.array([*TOTALS, *BY_SEX, *BY_AGE, *AGREEING]), np.ones(19, dtype=np.bool_)
    random = np.random.default_rng(1)
    first = protect_counts(CROSSED, PERSONS_RULE, counts, present, [], random).contribution
    counts = np.array([*TOTALS, *BY_SEX, *BY_AGE, *CROSSING])
    second = protect_counts(CROSSED, PERSONS_RULE, counts, present, [first], random).contribution
    assert second.present.tolist() == [True] * 15 + [False] * 4
    assert (second.displayed == first.displayed).all()


@pytest.mark.parametrize(
    ("rule", "counts", "left_out"),
    [
        pytest.param(replace(ORGANISATIONS_RULE, width=3), (3, 2, 1), [BY_SEX_ONLY], id="2 is at most 3 in all"),
        pytest.param(replace(PERSONS_RULE, width=40), (20, 10, 10), [BY_SEX_ONLY, Table()], id="rounding is too fine"),
    ],
)
def test_finest_tables_are_left_out_until_nothing_is_exposed(rule, counts, left_out):
    rule = replace(rule, largest_small=20)
    protected = protect_counts(LATTICE, rule, np.array(counts), ALL, [], np.random.default_rng(1))
    assert [one.table for one in protected.left_out] == left_out
    assert {one.reason for one in protected.left_out} == {"exposed"}
    assert (protected.contribution is None) == (len(left_out) == 2)


def test_return_without_counts_contributes_nothing():
    protected = protect_counts(LATTICE, PERSONS_RULE, np.zeros(3, dtype=np.int64), ~ALL, [], np.random.default_rng(1))
    assert (protected.contribution, protected.left_out) == (None, ())


def test_open_rule_displays_counts_as_they_are():
    """Published statistics keep their publisher's protection; their tables need not agree."""
    random, counts = np.random.default_rng(1), np.array((10, 6, 5))
    first = protect_counts(LATTICE, UNPROTECTED_RULE, counts, ALL, [], random)
    second = protect_counts(LATTICE, UNPROTECTED_RULE, counts + 1, ALL, [first.contribution], random)
    assert (first.contribution.displayed.tolist(), first.left_out) == ([10, 6, 5], ())
    assert second.contribution.displayed.tolist() == [11, 7, 6]
    assert (
        get_largest_error(UNPROTECTED_RULE, first=2, later=3)
        == get_rounding_interval(UNPROTECTED_RULE, first=2, later=3)
        == 0
    )


def test_totals_of_employers_are_exact_and_breakdowns_are_rounded():
    random, counts = np.random.default_rng(1), np.array((10, 6, 4))
    first = protect_counts(LATTICE, ORGANISATIONS_RULE, counts, ALL, [], random).contribution
    second = protect_counts(
        LATTICE, ORGANISATIONS_RULE, counts + np.array((1, 1, 0)), ALL, [first], random
    ).contribution
    assert (first.displayed[0], second.displayed[0]) == (10, 11)
    assert first.displayed[1:].tolist() == second.displayed[1:].tolist()
    assert (first.displayed[1:] % 3).tolist() == [0, 0]
    assert get_largest_error(ORGANISATIONS_RULE.totals, first=1, later=1) == 0
    assert get_largest_error(ORGANISATIONS_RULE, first=1, later=1) == 7


@pytest.mark.parametrize("seed", range(5))
def test_counts_that_are_first_returned_later_get_draws_of_their_own(seed):
    """The only ward has the people of the city, so it shares the stored draw. The others have new draws."""
    lattice = build_lattice(
        ScopeShape(tables=(Table(level=1), BY_SEX_ONLY), dimensions=(SEX,), places=WARDS[:2], periods={"now": ("now",)})
    )
    random, counts = np.random.default_rng(seed), np.array((22, 22, 12, 10))
    first = protect_contribution(lattice, PERSONS_RULE, counts, np.array((True, False, False, False)), [], random)
    unknown = replace(first, draws=np.where(first.since >= 0, first.draws, 0))
    everything = np.ones(4, dtype=np.bool_)
    second = protect_contribution(lattice, PERSONS_RULE, counts, everything, [unknown], random)
    assert second.since.tolist() == [0, 1, 1, 1]
    assert second.draws[0] == first.draws[0]
    assert second.displayed[0] == second.displayed[1] == first.displayed[0]
