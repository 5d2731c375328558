"""Stored figures of a series in a period: chosen by cell, and read after the contract has changed."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from api.plan.breakdowns import format_breakdown_key
from api.releases.figure_blocks import FigureBlock, decode_at, pack_figures
from schema.released_figures import PublishedFigure
from schema.submissions import Status
from tests.fixtures.example_plan import EAST, TOWN, WEST, make_catalogue
from tests.fixtures.release_fixtures import make_block, make_measure, make_plan, release_figures

STORED = Path(__file__).parent.parent / "stored" / "figures_1.msgpack"
"""A block that the first version of the format stored, by a contract with the field `significance` in a figure and
`rank` in a comparator, and without `source` and `alternatives` in a figure."""
SEXES = make_measure("learners").schemes[:1]
CATALOGUE = make_catalogue(
    make_plan(make_measure("learners", schemes=SEXES), duties=["quay learners", "pier learners"])
)
COUNTS = {"town": (60, 40, 17, 3), "east": (40, 20, 17, 3), "west": (20, 20, 0, 0)}
RETURNS = [
    f"{holder} learners 2026-01 {area}{cell} {count}"
    for holder in ("quay", "pier")
    for area, counts in COUNTS.items()
    for cell, count in zip(("", " sex=female", " sex=male", " sex=unknown"), counts, strict=True)
]
FIGURES = release_figures(*RETURNS, catalogue=CATALOGUE)[:16]
BLOCK = make_block(FIGURES, 100)


def test_figures_come_back_as_they_were_stored():
    assert len(FIGURES) == 16
    assert BLOCK.decode(np.arange(16)) == FIGURES
    assert BLOCK.table.render(np.array([5])) == [msgspec.json.encode(FIGURES[5])]
    assert BLOCK.positions == range(100, 116)
    assert BLOCK.cells == [(figure.area, format_breakdown_key(figure.breakdown)) for figure in FIGURES]


def test_memory_of_a_block_exceeds_its_stored_size():
    assert make_block(FIGURES[:1]).memory_bytes < BLOCK.memory_bytes
    stored = STORED.read_bytes()
    assert FigureBlock(0, stored).memory_bytes > len(stored)


# fmt: off
ROWS = [
    ([TOWN, EAST],  [""],                     -1, [0, 4]),
    ([EAST],        ["sex=male", "sex=female"], -1, [5, 6]),
    ([EAST, WEST],  ["", "sex=male"],         -1, [4, 6, 8, 10]),
    ([EAST, WEST],  ["", "sex=male"],        104, [6, 8, 10]),
    ([EAST, WEST],  ["", "sex=male"],        115, []),
    ([EAST, WEST],  ["", "sex=male"],        999, []),
    ([],            [""],                     -1, []),
    ([TOWN],        ["need=travel"],          -1, []),
]
# fmt: on


@pytest.mark.parametrize(("areas", "breakdowns", "after", "expected"), ROWS)
def test_rows_are_chosen_by_cell_and_position(areas, breakdowns, after, expected):
    assert BLOCK.find_rows(areas, breakdowns, after=after).tolist() == expected


def test_displayed_values_are_those_with_bounds():
    expected = {
        (figure.area, format_breakdown_key(figure.breakdown)): figure.value
        for figure in FIGURES
        if figure.lower_bound is not None
    }
    assert BLOCK.read_displayed_values() == expected
    assert 0 < len(expected) < len(FIGURES)


def test_positions_of_several_blocks_are_decoded():
    other = make_block([replace(FIGURES[0], release=2)], 116)
    figures = decode_at(np.array([116, -1, 102, 102, 500]), [BLOCK, other])
    assert figures == [replace(FIGURES[0], release=2), None, FIGURES[2], FIGURES[2], None]


def test_cells_that_share_a_figure_differ_in_area_and_breakdown_alone():
    cells = [(TOWN, "sex=female"), (EAST, "")]
    block = FigureBlock(0, pack_figures(FIGURES[:1], np.array([0, 0]), cells))
    assert block.decode(np.arange(2)) == [
        replace(FIGURES[0], area=TOWN, breakdown={"sex": "female"}),
        replace(FIGURES[0], area=EAST, breakdown={}),
    ]


def test_figures_of_an_earlier_contract_can_be_read():
    """`tests/stored` is never written again: releases that were stored so exist."""
    block = FigureBlock(0, STORED.read_bytes())
    texts = block.table.render(np.arange(3))
    assert [list(msgspec.json.decode(text)) for text in texts] == [list(PublishedFigure.__struct_fields__)] * 3
    first, second, third = block.decode(np.arange(3))
    assert (first.measure, first.period.code, first.area, first.breakdown) == ("pass-rate", "2026-01", TOWN, {})
    assert (first.value, first.lower_bound, first.upper_bound) == (49.9, 100 * 148 / 301, 100 * 152 / 299)
    assert (first.numerator, first.denominator, first.coverage.received) == (150, 300, 2)
    assert msgspec.json.encode(first.numerator) == b"150.0", "as a decoded struct; the stored number is an integer"
    assert b'"numerator":150,' in texts[0]
    assert (first.source, first.alternatives, first.error_95, first.counts_error_95) == (None,) * 4
    assert (second.area, second.breakdown) == (EAST, {"sex": "female"})
    assert [comparator.area for comparator in second.comparators] == [TOWN]
    assert b'"comparators":[{"area":"%s","name":"Town"' % TOWN.encode() in texts[1]
    assert b"rank" not in b"".join(texts)
    assert b"significance" not in b"".join(texts)
    assert (third.value, third.status, third.movement, third.trend) == (None, Status.CONFIDENTIAL, None, None)
    assert second.movement is not None
    assert (second.movement.start, second.movement.change) == (None, None)
