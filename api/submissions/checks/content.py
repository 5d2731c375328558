"""Check items, entries and published figures, and find personal data in free text."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import accumulate

import numpy as np

from api.plan.breakdowns import format_breakdown_key
from api.submissions.cell_columns import Cells
from api.submissions.checks.findings import Findings
from api.submissions.parsed import ParsedSubmission
from api.submissions.revisions import Content
from schema.measures import Collection, Measure, MeasureKind, Series
from schema.submission_reports import CellCounts
from schema.submissions import (
    MAX_ENTRIES,
    EvidenceEntry,
    MilestoneItem,
    NewReturn,
    NewSubmission,
    PublisherFigure,
    ReturnKind,
)

FIGURES_AS_JSON_FIX = "Send published figures as JSON, in the return's `figures`."
CONTENT_FIELD_BY_KIND = {MeasureKind.MILESTONE: "items", MeasureKind.EVIDENCE: "entries"}

# Text that probably identifies a person. A National Insurance number has two letters, six digits and a letter (HMRC
# NIM39110). An NHS number has ten digits in groups of three, three and four (NHS Data Dictionary).
PERSONAL_DATA_PATTERNS = {
    "an e-mail address": re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+\.[\w.]+"),
    "a National Insurance number": re.compile(r"\b[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", re.IGNORECASE),
    "an NHS number": re.compile(r"(?<![\w/=])(?<!\+44[ -])\d{3}[ -]?\d{3}[ -]?\d{4}\b"),
    "a telephone number": re.compile(r"(?<![\w/])(?:\+44|0)(?:[ -]?\d){9,10}\b"),
    "a date of birth": re.compile(r"\b(?:d\.?o\.?b\.?|born|date of birth)\W{0,3}\d", re.IGNORECASE),
}


def content_field(measure: Measure, series: Series) -> str:
    """Return the name of the list that has the content of a return of this series."""
    if series.collection is Collection.PUBLISHED:
        return "figures"
    return CONTENT_FIELD_BY_KIND.get(measure.kind, "observations")


def check_content(
    given: NewReturn, measure: Measure, series: Series, observations: int, *, path: str, today: date, findings: Findings
) -> Content | None:
    """Check the content of a return. Return its items, entries or figures, or None if it has observations."""
    field = content_field(measure, series)
    sizes = {
        "observations": observations,
        "items": len(given.items),
        "entries": len(given.entries),
        "figures": len(given.figures),
    }
    for name, size in sizes.items():
        if size and name != field:
            findings.add(
                "wrong-content",
                f"A return of {measure.slug} has `{field}`, not `{name}`.",
                path=f"{path}/{name}",
                expected=field,
                actual=name,
                fix=FIGURES_AS_JSON_FIX if field == "figures" else None,
            )
    _check_kind(given, field, path, findings, is_empty=not any(sizes.values()))
    if field == "figures":
        if given.kind is ReturnKind.NIL:
            findings.add("nil-published", f"{series.slug} is a published series without nil returns.", path=path)
        return given.figures
    if measure.kind is MeasureKind.MILESTONE:
        _check_items(given.items, measure, path, today, findings)
        return given.items
    if measure.kind is MeasureKind.EVIDENCE:
        _check_entries(given.entries, measure, path, today, findings)
        return given.entries
    return None


def _check_kind(given: NewReturn, field: str, path: str, findings: Findings, *, is_empty: bool) -> None:
    if given.kind is not ReturnKind.DATA and not is_empty:
        findings.add(
            "nil-with-observations", f"A return of the kind {given.kind} has no {field}.", path=f"{path}/{field}"
        )
    if given.kind is ReturnKind.DATA and is_empty:
        findings.add("no-observations", f"The return has no {field}.", path=f"{path}/{field}")
    if given.kind is ReturnKind.WITHDRAWN and not (given.note or "").strip():
        findings.add("reason-missing", "A withdrawn return needs a reason in its `note`.", path=f"{path}/note")


def _check_items(items: Sequence[MilestoneItem], measure: Measure, path: str, today: date, findings: Findings) -> None:
    seen: set[str] = set()
    for index, item in enumerate(items):
        item_path = f"{path}/items/{index}"
        if item.stage not in measure.stages:
            stages = " or ".join(measure.stages)
            findings.add(
                "unknown-stage",
                f"{item.stage!r} is not a stage of {measure.slug}.",
                path=f"{item_path}/stage",
                expected=stages,
                actual=item.stage,
            )
        if item.item in seen:
            findings.add(
                "duplicate-item",
                f"The return already has the item {item.item!r}.",
                path=f"{item_path}/item",
                actual=item.item,
            )
        seen.add(item.item)
        _check_date(item.date, item_path, today, findings)


def _check_entries(
    entries: Sequence[EvidenceEntry], measure: Measure, path: str, today: date, findings: Findings
) -> None:
    seen: set[EvidenceEntry] = set()
    for index, entry in enumerate(entries):
        item_path = f"{path}/entries/{index}"
        if entry.domain not in measure.domains:
            findings.add(
                "unknown-domain",
                f"{entry.domain!r} is not a domain of {measure.slug}.",
                path=f"{item_path}/domain",
                expected=" or ".join(measure.domains),
                actual=entry.domain,
            )
        if entry in seen:
            findings.add("duplicate-item", "The return already has exactly this entry.", path=item_path)
        seen.add(entry)
        _check_date(entry.date, item_path, today, findings)


def _check_date(day: date, item_path: str, today: date, findings: Findings) -> None:
    if day > today:
        findings.add("date-in-future", f"{day} is in the future.", path=f"{item_path}/date", actual=str(day))


def check_entry_count(submission: NewSubmission, findings: Findings) -> None:
    """Find the first return whose items or entries are too many for one submission."""
    counts = [len(given.items) + len(given.entries) for given in submission.returns]
    for index, total in enumerate(accumulate(counts)):
        if total > MAX_ENTRIES:
            field = "entries" if submission.returns[index].entries else "items"
            findings.add(
                "too-many-entries",
                f"The returns have {sum(counts):,} items and entries together.",
                path=f"/returns/{index}/{field}",
                expected=f"at most {MAX_ENTRIES}",
                actual=str(sum(counts)),
            )
            return


def check_free_texts(parsed: ParsedSubmission, findings: Findings) -> None:
    """Find personal data in free text. The text is part of the finding's id, so a changed text is a new finding."""
    for path, text in _free_texts(parsed.envelope):
        for kind, pattern in PERSONAL_DATA_PATTERNS.items():
            if pattern.search(text):
                findings.add(
                    "possible-personal-data", f"The text seems to contain {kind}.", path=path, id_detail=kind + text
                )
    _check_cell_notes(parsed.cells, findings)


def _check_cell_notes(cells: Cells, findings: Findings) -> None:
    rows_with_note = np.flatnonzero(cells.notes)
    kinds_by_note = {
        note: [kind for kind, pattern in PERSONAL_DATA_PATTERNS.items() if pattern.search(note)]
        for note in {*cells.notes[rows_with_note]}
    }
    suspect_rows: dict[tuple[int, str], list[int]] = {}
    for row in rows_with_note.tolist() if any(kinds_by_note.values()) else ():
        for kind in kinds_by_note[cells.notes[row]]:
            suspect_rows.setdefault((int(cells.item[row]), kind), []).append(row)
    for (item, kind), rows in suspect_rows.items():
        findings.add(
            "possible-personal-data",
            f"{'The note seems' if len(rows) == 1 else 'The notes seem'} to contain {kind}.",
            path=f"/returns/{item}/observations",
            column="note",
            rows=rows,
            id_detail="\n".join([kind, *(cells.notes[row] for row in rows)]),
        )


def _free_texts(submission: NewSubmission) -> Iterator[tuple[str, str]]:
    yield "/note", submission.note or ""
    for index, justification in enumerate(submission.justifications):
        yield f"/justifications/{index}/text", justification.text
    for index, given in enumerate(submission.returns):
        yield f"/returns/{index}/note", given.note or ""
        for position, item in enumerate(given.items):
            yield f"/returns/{index}/items/{position}/title", item.title
        for position, entry in enumerate(given.entries):
            yield f"/returns/{index}/entries/{position}/title", entry.title
        for position, figure in enumerate(given.figures):
            yield f"/returns/{index}/figures/{position}/note", figure.note or ""


def count_changes(now: Content, before: Content) -> CellCounts:
    """Count the differences. A code identifies an item, and area and breakdown a figure. An entry has no identity."""
    old, new = _by_identity(before), _by_identity(now)
    shared = old.keys() & new.keys()
    unchanged = sum(old[identity] == new[identity] for identity in shared)
    return CellCounts(
        received=len(now),
        added=len(now) - len(shared),
        changed=len(shared) - unchanged,
        unchanged=unchanged,
        withdrawn=len(before) - len(shared),
    )


def _by_identity(content: Content) -> dict[object, MilestoneItem | EvidenceEntry | PublisherFigure]:
    return {identity_key(part): part for part in content}


def identity_key(part: MilestoneItem | EvidenceEntry | PublisherFigure) -> object:
    """Return what identifies an item, entry or figure across revisions."""
    if isinstance(part, MilestoneItem):
        return part.item
    return part if isinstance(part, EvidenceEntry) else (part.area, format_breakdown_key(part.breakdown))


def describe_changes(base: Content, current: Content) -> Iterator[tuple[str, str, str]]:
    """Yield the name of each item, entry or figure that differs, with its earlier and its current text."""
    old, new = _describe_by_name(base), _describe_by_name(current)
    for name in (*old, *(name for name in new if name not in old)):
        if old.get(name) != new.get(name):
            yield name, old.get(name, "nothing"), new.get(name, "nothing")


def _describe_by_name(content: Content) -> dict[str, str]:
    items = {
        f"The item {o.item}": _join_known(o.title, o.stage, o.date, o.url)
        for o in content
        if isinstance(o, MilestoneItem)
    }
    entries = [_join_known(o.title, o.domain, o.date, o.url, o.people) for o in content if isinstance(o, EvidenceEntry)]
    figures = {
        f"The figure {' '.join([o.area, format_breakdown_key(o.breakdown)]).strip()}": _describe_figure(o)
        for o in content
        if isinstance(o, PublisherFigure)
    }
    return items | {f"The entry {line!r}": line for line in entries} | figures


def _describe_figure(figure: PublisherFigure) -> str:
    limits = [f"{pair.lower} to {pair.upper} ({pair.confidence} %)" for pair in figure.limits]
    parts = None if figure.numerator is None else f"{figure.numerator}/{figure.denominator}"
    trend = figure.trend and f"trend {_join_known(figure.trend.tendency, figure.trend.verdict)}"
    return _join_known(figure.value or figure.status, parts, *limits, *figure.markers, figure.note, trend)


def _join_known(*parts: object) -> str:
    return ", ".join(str(part) for part in parts if part is not None)
