"""Tier 3: resolve the codes and names of cells to database ids, and report those that are not known."""

from collections.abc import Iterator, Sequence

import numpy as np

from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.plan.suggestions import suggest_codes
from api.submissions.cell_columns import MISSING, NUMBER_FIELDS, Cells, Column, to_column
from api.submissions.checks.code_words import (
    NOT_RESOLVED,
    Resolution,
    explain_category,
    find_category,
    is_name,
    resolve_area,
)
from api.submissions.checks.findings import MAX_LISTED_FINDINGS, Findings
from api.submissions.parsed import ParsedSubmission
from api.submissions.revisions import IdentifiedReturn


def resolve_codes(
    parsed: ParsedSubmission, returns: Sequence[IdentifiedReturn], catalogue: Catalogue, findings: Findings
) -> Cells:
    """Return the cells with database ids instead of codes and names. Unknown ones become MISSING and findings."""
    cells = parsed.cells
    area_ids = _resolve_areas(parsed, returns, catalogue, findings)
    breakdown_ids = _resolve_breakdowns(parsed, catalogue, findings)
    return Cells(
        item=cells.item,
        area=area_ids[cells.area] if len(area_ids) else cells.area,
        breakdown=breakdown_ids[cells.breakdown] if len(breakdown_ids) else cells.breakdown,
        status=cells.status,
        notes=cells.notes,
        **{name: getattr(cells, name) for name in NUMBER_FIELDS},
    )


def _resolve_areas(
    parsed: ParsedSubmission, returns: Sequence[IdentifiedReturn], catalogue: Catalogue, findings: Findings
) -> Column:
    """Return the id of each distinct area."""
    duty_areas = list(dict.fromkeys(submitted.duty.area for submitted in returns))
    first_day = min((submitted.period.start for submitted in returns), default=None)
    area_ids: list[int] = []
    unknown: dict[int, Resolution] = {}
    replaced: dict[int, Resolution] = {}
    code_by_name: dict[int, str] = {}
    for index, word in enumerate(parsed.distinct_areas):
        if len(unknown) < MAX_LISTED_FINDINGS or word in catalogue.areas:
            resolution = resolve_area(word, catalogue, duty_areas, first_day)
        else:
            resolution = NOT_RESOLVED  # so many are listed already that nobody reads the suggestion
        area_ids.append(MISSING if resolution.code is None else catalogue.ids.areas[resolution.code])
        if resolution.code is None:
            unknown[index] = resolution
        elif resolution.replaced_code is not None:
            replaced[index] = resolution
        elif is_name(word, resolution.code):
            code_by_name[index] = resolution.code
    for index, rows in group_listed_rows(parsed.cells.area, list(unknown), "unknown-area", findings):
        word = parsed.distinct_areas[index]
        code = "ambiguous-area" if unknown[index].is_ambiguous else "unknown-area"
        message = f"{word!r} is {'not one area' if unknown[index].is_ambiguous else 'not an area'} of this programme."
        findings.add(code, message, rows=rows, column="area", actual=word, fix=unknown[index].fix)
    for index, rows in group_listed_rows(parsed.cells.area, list(replaced), "replaced-area", findings):
        old, new = replaced[index].replaced_code, replaced[index].code
        message = f"{old} has been replaced by {new}, which is used here."
        findings.add("replaced-area", message, rows=rows, column="area", actual=old, expected=new)
    for index, rows in group_listed_rows(parsed.cells.area, list(code_by_name), "name-resolved", findings):
        _report_name("area", parsed.distinct_areas[index], code_by_name[index], rows, findings)
    return to_column(area_ids)


def _report_name(column: str, name: str, code: str, rows: Column, findings: Findings) -> None:
    message = f"{name!r} is read as {code}."
    findings.add("name-resolved", message, rows=rows, column=column, actual=name, expected=code)


def _resolve_breakdowns(parsed: ParsedSubmission, catalogue: Catalogue, findings: Findings) -> Column:
    """Return the id of each distinct breakdown."""
    resolved = [
        {name: _resolve_known_category(name, word, catalogue) for name, word in breakdown.items()}
        for breakdown in parsed.distinct_breakdowns
    ]
    ids = to_column([catalogue.breakdown_ids.get(format_breakdown_key(b), MISSING) for b in resolved])
    unknown = (ids == MISSING).nonzero()[0].tolist()
    for index, rows in group_listed_rows(parsed.cells.breakdown, unknown, "unknown-category", findings):
        _report_unknown_breakdown(parsed.distinct_breakdowns[index], rows, catalogue, findings)
    _report_labels(parsed, resolved, findings)
    return ids


def _report_labels(parsed: ParsedSubmission, resolved: Sequence[dict[str, str]], findings: Findings) -> None:
    """Report each label that is read as the code of a category, with its rows."""
    indices: dict[tuple[str, str, str], list[int]] = {}
    for index, (breakdown, codes) in enumerate(zip(parsed.distinct_breakdowns, resolved, strict=True)):
        for dimension, word in breakdown.items():
            if is_name(word, codes[dimension]):
                indices.setdefault((dimension, word, codes[dimension]), []).append(index)
    for (dimension, label, code), chosen in indices.items():
        rows = np.isin(parsed.cells.breakdown, chosen).nonzero()[0]
        _report_name(dimension, label, code, rows, findings)


def _resolve_known_category(dimension: str, word: str, catalogue: Catalogue) -> str:
    """Return the category that a word means, or the word itself if it means none."""
    known = catalogue.categories.get(dimension)
    if known is None or word in known:
        return word
    return find_category(dimension, word, catalogue) or word


def _report_unknown_breakdown(
    breakdown: dict[str, str], rows: Column, catalogue: Catalogue, findings: Findings
) -> None:
    is_reported = False
    for dimension, word in breakdown.items():
        if dimension not in catalogue.categories:
            code, message = "unknown-dimension", f"{dimension!r} is not a dimension."
            fix = suggest_codes(dimension, catalogue.categories)
            findings.add(code, message, rows=rows, column=dimension, actual=dimension, fix=fix)
            is_reported = True
        elif find_category(dimension, word, catalogue) is None:
            code, message = "unknown-category", f"{word!r} is not a category of {dimension}."
            fix = explain_category(dimension, word, catalogue)
            findings.add(code, message, rows=rows, column=dimension, actual=word, fix=fix)
            is_reported = True
    if not is_reported:
        dimensions = " and ".join(sorted(breakdown))
        findings.add("breakdown-not-collected", f"No measure is collected by {dimensions}.", rows=rows)


def group_listed_rows(
    keys: Column, faulty_keys: Sequence[int], code: str, findings: Findings
) -> Iterator[tuple[int, Column]]:
    """Yield each faulty key with its rows, for as many keys as are listed. One search finds the rows of all keys."""
    if not faulty_keys:
        return iter(())
    listed = sorted(faulty_keys)[:MAX_LISTED_FINDINGS]
    findings.count_unlisted(code, len(faulty_keys) - len(listed))
    rows = np.isin(keys, listed).nonzero()[0]
    rows = rows[np.argsort(keys[rows], kind="stable")]
    keys_with_rows, starts = np.unique(keys[rows], return_index=True)
    return zip(keys_with_rows.tolist(), np.split(rows, starts[1:]), strict=True) if len(rows) else iter(())
