"""Faults of stored releases."""

import hashlib

import numpy as np
import pytest
from msgspec.structs import replace

from api.releases.change_blocks import REASONS, Changes, pack_changes
from api.releases.figure_blocks import pack_figures
from api.releases.release_checks import StoredRelease, find_change_faults, find_figure_faults
from tests.fixtures.example_plan import EAST, TOWN, WEST, make_catalogue
from tests.fixtures.release_fixtures import make_measure, make_plan, release_figures

CATALOGUE = make_catalogue(make_plan(make_measure("learners", schemes=[]), duties=["quay learners"]))
[FIGURE, *_] = release_figures("quay learners 2026-01 town 50", catalogue=CATALOGUE)
TWO, ONE = (
    pack_figures([FIGURE], np.zeros(len(areas), dtype=np.int64), [(area, "") for area in areas])
    for areas in ((TOWN, EAST), (WEST,))
)
RELEASE = StoredRelease(
    sha256=hashlib.sha256(TWO + ONE).digest(), figure_count=3, change_count=3, previous_figure_count=2
)
BLOCKS = [(0, 2, TWO), (2, 1, ONE)]

# fmt: off
FIGURE_FAULTS = [
    (BLOCKS,                                                []),
    ([(0, 2, TWO), (3, 1, ONE)],                            ["gap", "total"]),
    ([(0, 2, TWO)],                                         ["total", "hash"]),
    ([(0, 2, TWO), (2, 2, ONE)],                            ["count", "total"]),
    ([(0, 2, TWO), (2, 1, b"")],                            ["unreadable", "hash"]),
    ([(0, 2, TWO), (2, 1, ONE.replace(b'"E0', b'"e0'))],  ["unreadable", "hash"]),
    ([(2, 1, ONE), (0, 2, TWO)],                            ["gap", "gap", "total", "hash"]),
]
# fmt: on


@pytest.mark.parametrize(("blocks", "codes"), FIGURE_FAULTS)
def test_faults_of_figures(blocks, codes):
    assert [fault.code for fault in find_figure_faults(RELEASE, blocks)] == codes


def test_hash_of_another_release_is_a_fault():
    other = replace(RELEASE, sha256=b"x")
    assert [fault.code for fault in find_figure_faults(other, BLOCKS)] == ["hash"]


def pack_rows(*rows: tuple[str, int, int]) -> bytes:
    why = np.array([REASONS.index(row[0]) for row in rows])
    before, after = (np.array(positions) for positions in zip(*(row[1:] for row in rows), strict=True))
    [(_, _, content)] = pack_changes([Changes(why=why, before=before, after=after)])
    return content


GOOD = [("data", 0, 0), ("new", -1, 2), ("removed", 1, -1)]

# fmt: off
CHANGE_FAULTS = [
    ([(0, 3, pack_rows(*GOOD))],                               []),
    ([(0, 2, pack_rows(*GOOD[:2])), (2, 1, pack_rows(GOOD[2]))], []),
    ([],                                                       ["total"]),
    ([(0, 3, b"")],                                            ["unreadable"]),
    ([(0, 3, pack_rows(*GOOD[:2]))],                           ["count"]),
    ([(1, 3, pack_rows(*GOOD))],                               ["gap", "total"]),
    ([(0, 3, pack_rows(("data", 2, 0), *GOOD[1:]))],           ["no-figure"]),
    ([(0, 3, pack_rows(("data", 0, 3), *GOOD[1:]))],           ["no-figure"]),
    ([(0, 3, pack_rows(("data", -1, 0), *GOOD[1:]))],          ["no-figure"]),
    ([(0, 3, pack_rows(("data", 0, -1), *GOOD[1:]))],          ["no-figure"]),
    ([(0, 3, pack_rows(("new", 0, 0), ("removed", 0, 0), GOOD[0]))], ["no-figure", "no-figure"]),
    ([(0, 3, pack_rows(("new", -2, 0), *GOOD[1:]))],           ["no-figure"]),
]
# fmt: on


@pytest.mark.parametrize(("blocks", "codes"), CHANGE_FAULTS)
def test_faults_of_changes(blocks, codes):
    assert [fault.code for fault in find_change_faults(RELEASE, blocks)] == codes
