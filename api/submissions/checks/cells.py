"""The second tier: the cells of a submission as columns, and what each must be by itself."""

from collections.abc import Iterator, Sequence

import numpy as np

from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.plan.suggestions import suggest_codes
from api.submissions.checks.code_index import build_code_index, finest_level
from api.submissions.checks.findings import MAX_LISTED_FINDINGS, Findings
from api.submissions.revisions import (
    MISSING,
    NUMBER_FIELDS,
    STATUSES,
    Cells,
    Column,
    IdentifiedReturn,
    Mask,
    ParsedSubmission,
)
from schema.measures import RATIO_KINDS, Measure, MeasureKind
from schema.submissions import Status


def resolve_codes(sent: ParsedSubmission, catalogue: Catalogue, findings: Findings) -> Cells:
    """The cells with codes turned into numbers. Unknown codes are NULL and in `findings`."""
    areas = np.array(
        [catalogue.ids.areas[word] if word in catalogue.areas else MISSING for word in sent.distinct_areas],
        dtype=np.int64,
    )
    breakdowns = np.array(
        [catalogue.breakdown_ids.get(format_breakdown_key(word), MISSING) for word in sent.distinct_breakdowns],
        dtype=np.int64,
    )
    for index, rows in _group_listed_rows(
        sent.area, np.flatnonzero(areas == MISSING).tolist(), "unknown-area", findings
    ):
        code = sent.distinct_areas[index]
        findings.add(
            "unknown-area",
            f"{code!r} is not an area of this programme.",
            rows=rows,
            column="area",
            actual=code,
            fix=suggest_codes(code, catalogue.areas),
        )
    wrong = np.flatnonzero(breakdowns == MISSING).tolist()
    for index, rows in _group_listed_rows(sent.breakdown, wrong, "unknown-category", findings):
        _report_unknown_breakdown(sent.distinct_breakdowns[index], rows, catalogue, findings)
    return Cells(
        item=sent.item,
        area=areas[sent.area] if len(areas) else sent.area,
        breakdown=breakdowns[sent.breakdown] if len(breakdowns) else sent.breakdown,
        status=sent.status,
        notes=sent.notes,
        **{name: getattr(sent, name) for name in NUMBER_FIELDS},
    )


def _report_unknown_breakdown(
    breakdown: dict[str, str], rows: Column, catalogue: Catalogue, findings: Findings
) -> None:
    told = False
    for dimension, category in breakdown.items():
        if dimension not in catalogue.categories:
            hint = suggest_codes(dimension, catalogue.categories)
            findings.add(
                "unknown-dimension",
                f"{dimension!r} is not a dimension.",
                rows=rows,
                column=dimension,
                actual=dimension,
                fix=hint,
            )
            told = True
        elif category not in catalogue.categories[dimension]:
            findings.add(
                "unknown-category",
                f"{category!r} is not a category of {dimension}.",
                rows=rows,
                column=dimension,
                actual=category,
                fix=suggest_codes(category, catalogue.categories[dimension]),
            )
            told = True
    if not told:
        dimensions = " and ".join(sorted(breakdown))
        findings.add("breakdown-not-collected", f"Nothing is collected by {dimensions}.", rows=rows)


class CellIndex:
    """Where each cell lies, and which row a return has at some place.

    Areas and breakdowns are counted as `areas` and `breakdowns` list them, from 1; 0 is one that is not known. What is
    asked of each area or breakdown is then answered once for each, and taken for every cell by its place.
    """

    def __init__(self, cells: Cells, catalogue: Catalogue) -> None:
        self.codes = build_code_index(catalogue)
        self.area_ids, self.breakdown_ids = self.codes.area_ids, self.codes.breakdown_ids
        self.area_position = np.searchsorted(self.area_ids, cells.area)
        self.breakdown_position = np.searchsorted(self.breakdown_ids, cells.breakdown)
        keys = self._combined_key(cells.item, self.area_position, self.breakdown_position)
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]

    def _combined_key(self, item: Column, area: Column, breakdown: Column) -> Column:
        """One number for each place: it sorts faster than three."""
        return (item * len(self.area_ids) + area) * len(self.breakdown_ids) + breakdown

    def duplicate_rows(self) -> Column:
        """The rows whose place another one before them has."""
        rows = np.sort(self._order[1:][np.diff(self._keys) == 0])
        return rows[(self.area_position[rows] > 0) & (self.breakdown_position[rows] > 0)]

    def find_rows(self, item: Column, area: Column, breakdown: Column) -> Column:
        """The row of each cell asked for; NULL where the return has none."""
        wanted = self._combined_key(item, area, breakdown)
        at = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where((self._keys[at] == wanted) & (area > 0) & (breakdown > 0), self._order[at], MISSING)


def check_cells(
    cells: Cells, grid: CellIndex, identified: Sequence[IdentifiedReturn], catalogue: Catalogue, findings: Findings
) -> None:
    """What a cell must be by itself, and that it is there once."""
    _check_areas(cells, grid, identified, catalogue, findings)
    _check_breakdowns(cells, grid, identified, catalogue, findings)
    _check_number_forms(cells, identified, findings)
    if (rows := grid.duplicate_rows()).size:
        findings.add("duplicate-cell", "The same area and breakdown is there already.", rows=rows)


def _group_listed_rows(
    keys: Column, wrong: Sequence[int], code: str, findings: Findings
) -> Iterator[tuple[int, Column]]:
    """The rows of each wrong key, as many as are listed. They are looked for all at once."""
    if not wrong:
        return iter(())
    wrong = sorted(wrong)
    findings.count_unlisted(code, max(len(wrong) - MAX_LISTED_FINDINGS, 0))
    rows = np.flatnonzero(np.isin(keys, wrong[:MAX_LISTED_FINDINGS]))
    rows = rows[np.argsort(keys[rows], kind="stable")]
    found, starts = np.unique(keys[rows], return_index=True)
    return zip(found.tolist(), np.split(rows, starts[1:]), strict=True) if len(rows) else iter(())


def _distinct_keys(keys: Column, size: int) -> list[int]:
    """The keys that there are, in order. They are below `size`, which is no larger than a plan: no sort is needed."""
    there = np.zeros(size, dtype=np.bool_)
    there[keys] = True
    return np.flatnonzero(there).tolist()


def _check_areas(
    cells: Cells, grid: CellIndex, identified: Sequence[IdentifiedReturn], catalogue: Catalogue, findings: Findings
) -> None:
    """Each lies in the duty's."""
    size = len(grid.area_ids)
    outer = list(dict.fromkeys(one.duty.area for one in identified))
    pair = (
        np.array([outer.index(one.duty.area) for one in identified], dtype=np.int64)[cells.item] * size
        + grid.area_position
    )

    def names(key: int) -> tuple[str, str]:
        return catalogue.area_codes[int(grid.area_ids[key % size])], outer[key // size]

    known = [key for key in _distinct_keys(pair, len(outer) * size) if key % size]
    outside = [key for key in known if not catalogue.is_within(*names(key))]
    for key, rows in _group_listed_rows(pair, outside, "area-outside-duty", findings):
        code, duty = names(key)
        findings.add(
            "area-outside-duty",
            f"{code} does not lie in {duty}.",
            rows=rows,
            column="area",
            expected=f"{duty}, or an area inside it",
            actual=code,
        )


def _check_breakdowns(
    cells: Cells, grid: CellIndex, identified: Sequence[IdentifiedReturn], catalogue: Catalogue, findings: Findings
) -> None:
    """Each is among the measure's, and its areas are no finer than it is collected at."""
    size = len(grid.breakdown_ids)
    levels = catalogue.level_ranks
    measures = {one.measure.slug: one.measure for one in identified}
    index = {slug: number for number, slug in enumerate(measures)}
    pair = (
        np.array([index[one.measure.slug] for one in identified], dtype=np.int64)[cells.item] * size
        + grid.breakdown_position
    )

    def names(key: int) -> tuple[Measure, list[str]]:
        number = int(grid.breakdown_ids[key % size])
        return list(measures.values())[key // size], sorted(catalogue.get_breakdown_dimensions(number))

    known = [key for key in _distinct_keys(pair, len(measures) * size) if key % size]
    slugs = list(measures)
    finest = {key: finest_level(catalogue, slugs[key // size], key % size) for key in known}
    for key, rows in _group_listed_rows(
        pair, [k for k in known if finest[k] is None], "breakdown-not-collected", findings
    ):
        measure, dimensions = names(key)
        findings.add(
            "breakdown-not-collected",
            f"{measure.slug} is not collected by {' and '.join(dimensions)}.",
            rows=rows,
            expected=" or ".join(" and ".join(s.dimensions) for s in measure.schemes) or "the total alone",
            actual=" and ".join(dimensions),
        )
    limit = np.full(len(measures) * size, len(levels), dtype=np.int64)
    for key, level in finest.items():
        limit[key] = len(levels) if level is None else levels[level]
    too_fine = grid.codes.level_rank[grid.area_position] > limit[pair]
    fine = np.where(too_fine, pair, MISSING)
    for key, rows in _group_listed_rows(fine, _distinct_keys(pair[too_fine], len(limit)), "area-too-fine", findings):
        measure, dimensions = names(key)
        by = f" by {' and '.join(dimensions)}" if dimensions else ""
        findings.add(
            "area-too-fine",
            f"{measure.slug}{by} is not collected below the level {finest[key]}.",
            rows=rows,
            column="area",
            expected=f"{finest[key]} or wider",
        )


def _check_number_forms(cells: Cells, identified: Sequence[IdentifiedReturn], findings: Findings) -> None:
    """A number in the measure's form, or the reason for none."""
    is_ratio = np.array([one.measure.kind in RATIO_KINDS for one in identified], dtype=np.bool_)[cells.item]
    is_proportion = np.array([one.measure.kind is MeasureKind.PROPORTION for one in identified], dtype=np.bool_)[
        cells.item
    ]
    has_value, has_numerator, has_denominator, has_lower, has_upper = (
        getattr(cells, name) != MISSING for name in NUMBER_FIELDS
    )
    has_ratio = has_numerator | has_denominator
    has_number = has_value | has_ratio
    has_status = cells.status != 0
    has_bounds = has_lower | has_upper
    confidential = cells.status == STATUSES.index(Status.CONFIDENTIAL)
    faults: list[tuple[str, str, Mask]] = [
        ("value-missing", "There is neither a number nor a status.", ~has_number & ~has_status),
        ("value-and-status", "There is both a number and a status.", has_number & has_status),
        ("wrong-value-fields", "The measure is a count: its number goes in `value`.", ~is_ratio & has_ratio),
        (
            "wrong-value-fields",
            "The measure is a ratio: it needs `numerator` and `denominator`, and no `value`.",
            is_ratio & has_number & ~(has_numerator & has_denominator & ~has_value),
        ),
        (
            "numerator-above-denominator",
            "The numerator is above the denominator.",
            is_proportion & has_numerator & has_denominator & (cells.numerator > cells.denominator),
        ),
        ("bounds-without-c", "There are bounds without the status `c`.", has_bounds & ~confidential),
        ("bounds-reversed", "`lower` is above `upper`.", has_lower & has_upper & (cells.lower > cells.upper)),
    ]
    for code, message, wrong in faults:
        if (rows := np.flatnonzero(wrong)).size:
            findings.add(code, message, rows=rows)
