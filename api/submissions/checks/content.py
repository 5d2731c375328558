"""Returns that are not counts: items of a milestone, entries of evidence, published figures; what each must be."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from api.plan.breakdowns import format_breakdown_key
from api.submissions.checks.findings import Findings
from api.submissions.revisions import Content, ParsedSubmission
from schema.measures import Collection, Measure, MeasureKind, Series
from schema.submission_reports import CellCounts
from schema.submissions import EvidenceEntry, MilestoneItem, NewReturn, NewSubmission, PublisherFigure, ReturnKind

FIGURES_AS_JSON_FIX = "Published figures have texts, limits and markers: send them as JSON, in the return's `figures`."
CONTENT_FIELD_BY_KIND = {MeasureKind.MILESTONE: "items", MeasureKind.EVIDENCE: "entries"}

# What is likely to point at one person. A National Insurance number is two letters, six digits, a letter (HMRC
# NIM39110); an NHS number ten digits in threes and four (NHS Data Dictionary).
PERSONAL_DATA_PATTERNS = {
    "an e-mail address": re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+\.[\w.]+"),
    "a National Insurance number": re.compile(r"\b[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", re.IGNORECASE),
    "an NHS number": re.compile(r"(?<![\w/=])(?<!\+44[ -])\d{3}[ -]?\d{3}[ -]?\d{4}\b"),
    "a telephone number": re.compile(r"(?<![\w/])(?:\+44|0)(?:[ -]?\d){9,10}\b"),
    "a date of birth": re.compile(r"\b(?:d\.?o\.?b\.?|born|date of birth)\W{0,3}\d", re.IGNORECASE),
}


def content_field(measure: Measure, series: Series) -> str:
    """The name of the list that holds what is returned of a series."""
    if series.collection is Collection.PUBLISHED:
        return "figures"
    return CONTENT_FIELD_BY_KIND.get(measure.kind, "observations")


def check_content(
    given: NewReturn, measure: Measure, series: Series, observations: int, *, path: str, today: date, findings: Findings
) -> Content | None:
    """The items, entries or figures of a return, None for a series that is counted."""
    belongs = content_field(measure, series)
    sizes = {
        "observations": observations,
        "items": len(given.items),
        "entries": len(given.entries),
        "figures": len(given.figures),
    }
    for name, size in sizes.items():
        if size and name != belongs:
            findings.add(
                "wrong-content",
                f"{measure.slug} is returned by `{belongs}`, not `{name}`.",
                path=f"{path}/{name}",
                expected=belongs,
                actual=name,
                fix=FIGURES_AS_JSON_FIX if belongs == "figures" else None,
            )
    if given.kind is not ReturnKind.DATA and any(sizes.values()):
        findings.add(
            "nil-with-observations",
            f"A return that is {given.kind} has no {belongs}.",
            path=f"{path}/{belongs}",
        )
    if given.kind is ReturnKind.DATA and not any(sizes.values()):
        findings.add("no-observations", f"The return has no {belongs}.", path=f"{path}/{belongs}")
    if given.kind is ReturnKind.WITHDRAWN and not (given.note or "").strip():
        findings.add("reason-missing", "A withdrawn return says why, in its `note`.", path=f"{path}/note")
    if belongs == "figures":
        if given.kind is ReturnKind.NIL:
            findings.add("nil-published", f"{series.slug} is published: nothing is no figure of it.", path=path)
        return given.figures
    if measure.kind is MeasureKind.MILESTONE:
        _check_items(given.items, measure, path, today, findings)
        return given.items
    if measure.kind is MeasureKind.EVIDENCE:
        _check_entries(given.entries, measure, path, today, findings)
        return given.entries
    return None


def _check_items(items: Sequence[MilestoneItem], measure: Measure, path: str, today: date, findings: Findings) -> None:
    seen: set[str] = set()
    for index, item in enumerate(items):
        at = f"{path}/items/{index}"
        if item.stage not in measure.stages:
            stages = " or ".join(measure.stages)
            findings.add(
                "unknown-stage",
                f"{item.stage!r} is not a stage of {measure.slug}.",
                path=f"{at}/stage",
                expected=stages,
                actual=item.stage,
            )
        if item.item in seen:
            findings.add("duplicate-item", f"{item.item!r} is there already.", path=f"{at}/item", actual=item.item)
        seen.add(item.item)
        _check_date(item.date, at, today, findings)


def _check_entries(
    entries: Sequence[EvidenceEntry], measure: Measure, path: str, today: date, findings: Findings
) -> None:
    for index, entry in enumerate(entries):
        at = f"{path}/entries/{index}"
        if entry.domain not in measure.domains:
            findings.add(
                "unknown-domain",
                f"{entry.domain!r} is not a domain of {measure.slug}.",
                path=f"{at}/domain",
                expected=" or ".join(measure.domains),
                actual=entry.domain,
            )
        if entry in entries[:index]:
            findings.add("duplicate-item", "The very same entry is there already.", path=at)
        _check_date(entry.date, at, today, findings)


def _check_date(day: date, at: str, today: date, findings: Findings) -> None:
    if day > today:
        findings.add("date-in-future", f"{day} has not come yet.", path=f"{at}/date", actual=str(day))


def check_free_texts(sent: ParsedSubmission, findings: Findings) -> None:
    """Free text may not point at a person. The id of what is found rests on the text: another one is doubted anew."""
    for path, text in _free_texts(sent.envelope):
        for what, pattern in PERSONAL_DATA_PATTERNS.items():
            if pattern.search(text):
                findings.add(
                    "possible-personal-data", f"The text has what looks like {what}.", path=path, id_detail=what + text
                )
    suspect: dict[tuple[int, str], list[int]] = {}
    noted = np.flatnonzero(sent.notes)
    looks = {
        text: [what for what, pattern in PERSONAL_DATA_PATTERNS.items() if pattern.search(text)]
        for text in {*sent.notes[noted]}
    }
    for row in noted.tolist() if any(looks.values()) else ():
        for what in looks[sent.notes[row]]:
            suspect.setdefault((int(sent.item[row]), what), []).append(row)
    for (item, what), rows in suspect.items():
        findings.add(
            "possible-personal-data",
            f"{'The note has' if len(rows) == 1 else 'The notes have'} what looks like {what}.",
            path=f"/returns/{item}/observations",
            column="note",
            rows=rows,
            id_detail="\n".join([what, *(sent.notes[row] for row in rows)]),
        )


def _free_texts(submission: NewSubmission) -> Iterator[tuple[str, str]]:
    yield "/note", submission.note or ""
    for index, justification in enumerate(submission.justifications):
        yield f"/justifications/{index}/text", justification.text
    for index, one in enumerate(submission.returns):
        yield f"/returns/{index}/note", one.note or ""
        for at, item in enumerate(one.items):
            yield f"/returns/{index}/items/{at}/title", item.title
        for at, entry in enumerate(one.entries):
            yield f"/returns/{index}/entries/{at}/title", entry.title
        for at, figure in enumerate(one.figures):
            yield f"/returns/{index}/figures/{at}/note", figure.note or ""


def count_changes(now: Content, before: Content) -> CellCounts:
    """Items are known by their code, figures by their place; entries by neither, so one that differs is another."""
    old, new = _by_identity(before), _by_identity(now)
    shared = old.keys() & new.keys()
    unchanged = sum(old[place] == new[place] for place in shared)
    return CellCounts(
        received=len(now),
        added=len(now) - len(shared),
        changed=len(shared) - unchanged,
        unchanged=unchanged,
        withdrawn=len(before) - len(shared),
    )


def _by_identity(content: Content) -> dict[object, MilestoneItem | EvidenceEntry | PublisherFigure]:
    return {identity_key(one): one for one in content}


def identity_key(one: MilestoneItem | EvidenceEntry | PublisherFigure) -> object:
    """What it is known by: the same in two revisions where one replaces the other."""
    if isinstance(one, MilestoneItem):
        return one.item
    return one if isinstance(one, EvidenceEntry) else (one.area, format_breakdown_key(one.breakdown))


def describe_changes(base: Content, stands: Content) -> Iterator[tuple[str, str, str]]:
    """What differs, by name, with what it was and what it is."""
    old, new = _describe_by_name(base), _describe_by_name(stands)
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
    limits = [f"{one.lower} to {one.upper} ({one.confidence} %)" for one in figure.limits]
    parts = None if figure.numerator is None else f"{figure.numerator}/{figure.denominator}"
    return _join_known(figure.value or figure.status, parts, *limits, *figure.markers, figure.note)


def _join_known(*parts: object) -> str:
    return ", ".join(str(part) for part in parts if part is not None)
