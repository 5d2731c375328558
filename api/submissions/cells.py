"""The second tier: the cells of a submission as columns, and what each must be by itself."""

from collections.abc import Sequence

import numpy as np

from api.plan.catalogue import Catalogue, breakdown_key, suggestion
from api.submissions.findings import Findings
from api.submissions.revisions import NULL, NUMBERS, RATIOS, STATUSES, Cells, Identified, Mask, Sent
from schema.plan import Kind
from schema.submissions import Status


def resolve(sent: Sent, catalogue: Catalogue, findings: Findings) -> Cells:
    """The cells with codes turned into numbers. Unknown codes are NULL and in `findings`."""
    known_areas = {code: catalogue.ids.areas[code] for code in catalogue.areas}
    areas = np.array([known_areas.get(word, NULL) for word in sent.area_words], dtype=np.int64)
    breakdowns = np.array(
        [catalogue.breakdowns.get(breakdown_key(word), NULL) for word in sent.breakdown_words], dtype=np.int64
    )
    for index in np.flatnonzero(areas == NULL).tolist():
        code = sent.area_words[index]
        findings.add(
            "unknown-area",
            f"{code!r} is not an area of this programme.",
            rows=np.flatnonzero(sent.area == index),
            column="area",
            actual=code,
            hint=suggestion(code, catalogue.areas),
        )
    for index in np.flatnonzero(breakdowns == NULL).tolist():
        rows = np.flatnonzero(sent.breakdown == index).tolist()
        _explain_breakdown(sent.breakdown_words[index], rows, catalogue, findings)
    return Cells(
        item=sent.item,
        area=areas[sent.area] if len(areas) else sent.area,
        breakdown=breakdowns[sent.breakdown] if len(breakdowns) else sent.breakdown,
        status=sent.status,
        notes=sent.notes,
        **{name: getattr(sent, name) for name in NUMBERS},
    )


def _explain_breakdown(breakdown: dict[str, str], rows: list[int], catalogue: Catalogue, findings: Findings) -> None:
    told = False
    for dimension, category in breakdown.items():
        if dimension not in catalogue.categories:
            hint = suggestion(dimension, catalogue.categories)
            findings.add(
                "unknown-dimension",
                f"{dimension!r} is not a dimension.",
                rows=rows,
                column=dimension,
                actual=dimension,
                hint=hint,
            )
            told = True
        elif category not in catalogue.categories[dimension]:
            findings.add(
                "unknown-category",
                f"{category!r} is not a category of {dimension}.",
                rows=rows,
                column=dimension,
                actual=category,
                hint=suggestion(category, catalogue.categories[dimension]),
            )
            told = True
    if not told:
        dimensions = " and ".join(sorted(breakdown))
        findings.add("breakdown-not-collected", f"Nothing is collected by {dimensions}.", rows=rows)


def check(cells: Cells, identified: Sequence[Identified], catalogue: Catalogue, findings: Findings) -> None:
    """What a cell must be by itself, and that it is there once."""
    _check_places(cells, identified, catalogue, findings)
    _check_forms(cells, identified, findings)
    _, first, count = np.unique(np.stack([cells.item, cells.place]), axis=1, return_index=True, return_counts=True)
    if (count > 1).any():
        repeated = np.ones(len(cells), dtype=np.bool_)
        repeated[first] = False
        known = (cells.area != NULL) & (cells.breakdown != NULL)
        if (rows := np.flatnonzero(repeated & known)).size:
            findings.add("duplicate-cell", "The same area and breakdown is there already.", rows=rows)


def _check_places(cells: Cells, identified: Sequence[Identified], catalogue: Catalogue, findings: Findings) -> None:
    """Areas within the duty's, no finer than the breakdown is collected at; breakdowns among the measure's."""
    alike: dict[tuple[str, str], list[int]] = {}
    for index, one in enumerate(identified):
        alike.setdefault((one.measure.slug, one.duty.area), []).append(index)
    for indices in alike.values():
        one = identified[indices[0]]
        mine = np.isin(np.arange(len(identified)), indices)[cells.item]
        for area in np.unique(cells.area[mine & (cells.area != NULL)]):
            code = catalogue.area_codes[int(area)]
            if not catalogue.lies_within(code, one.duty.area):
                findings.add(
                    "area-outside-duty",
                    f"{code} does not lie in {one.duty.area}.",
                    rows=np.flatnonzero(mine & (cells.area == area)),
                    column="area",
                    expected=f"{one.duty.area}, or an area inside it",
                    actual=code,
                )
        _check_breakdowns(cells, mine, one, catalogue, findings)


def _check_breakdowns(cells: Cells, mine: Mask, one: Identified, catalogue: Catalogue, findings: Findings) -> None:
    levels = catalogue.levels
    family = {code: levels[area.level] for code, area in catalogue.areas.items()}
    fineness = np.array([NULL, *(family.get(code, NULL) for code in catalogue.area_codes.values())])
    area_ids = np.array([NULL, *catalogue.area_codes])
    order = np.argsort(area_ids)
    level = fineness[order[np.searchsorted(area_ids[order], cells.area)]]
    for breakdown in np.unique(cells.breakdown[mine & (cells.breakdown != NULL)]):
        dimensions = sorted(catalogue.dimensions_of(int(breakdown)))
        rows = mine & (cells.breakdown == breakdown)
        finest = catalogue.finest_level(one.measure, dimensions)
        if finest is None:
            findings.add(
                "breakdown-not-collected",
                f"{one.measure.slug} is not collected by {' and '.join(dimensions)}.",
                rows=np.flatnonzero(rows),
                expected=" or ".join(" and ".join(s.dimensions) for s in one.measure.schemes) or "the total alone",
                actual=" and ".join(dimensions),
            )
        elif (fine := np.flatnonzero(rows & (level > levels[finest]))).size:
            by = f" by {' and '.join(dimensions)}" if dimensions else ""
            findings.add(
                "area-too-fine",
                f"{one.measure.slug}{by} is not collected below the level {finest}.",
                rows=fine,
                column="area",
                expected=f"{finest} or wider",
            )


def _check_forms(cells: Cells, identified: Sequence[Identified], findings: Findings) -> None:
    """A number in the measure's form, or the reason for none."""
    is_ratio = np.array([one.measure.kind in RATIOS for one in identified], dtype=np.bool_)[cells.item]
    is_proportion = np.array([one.measure.kind is Kind.PROPORTION for one in identified], dtype=np.bool_)[cells.item]
    has_value, has_numerator, has_denominator, has_lower, has_upper = (getattr(cells, name) != NULL for name in NUMBERS)
    has_ratio = has_numerator | has_denominator
    has_number = has_value | has_ratio
    has_status = cells.status != 0
    has_bounds = has_lower | has_upper
    confidential = cells.status == STATUSES.index(Status.CONFIDENTIAL)
    faults: list[tuple[str, str, Mask]] = [
        ("value-missing", "There is neither a number nor a status.", ~has_number & ~has_status),
        ("value-and-status", "There is both a number and a status.", has_number & has_status),
        ("wrong-form", "The measure is a count: its number goes in `value`.", ~is_ratio & has_ratio),
        (
            "wrong-form",
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
