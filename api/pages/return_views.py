"""The page of a return: its content next to the previous period, its findings, its history, and what may be done."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from api.pages.return_words import (
    EVENT_WORDS,
    STATE_WORDS,
    describe_change,
    describe_instant,
    describe_observation,
    name_cell,
    name_holder,
    name_series,
    read_number,
)
from api.pages.wording import describe_status
from api.plan.catalogue import Catalogue
from schema.measures import Measure
from schema.returns import ReturnDetail, ReturnEvent, ReturnRevision
from schema.reviews import ReturnAction
from schema.submissions import Observation, PublisherFigure

MAX_ROWS = 300
CellKey = tuple[str, tuple[tuple[str, str], ...]]


class ContentTable(Struct, frozen=True, kw_only=True):
    """The content of a return. The first cell of a row is its heading."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    left_out: int = 0


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """An event in words."""

    heading: str
    text: str | None


class ReturnForm(Struct, frozen=True, kw_only=True):
    """A form that decides on a return or comments on it. Only fields that are optional may stay empty."""

    action: str  # the last part of its address
    title: str
    label: str
    hint: str
    field: str
    is_required: bool
    done: str


_READ_BY = "The organisation and reviewers can read it. Do not identify anybody."
FORMS = {
    ReturnAction.APPROVE: ReturnForm(
        action="approval",
        title="Approve",
        label="Comment (optional)",
        hint=_READ_BY,
        field="text",
        is_required=False,
        done="The return is approved.",
    ),
    ReturnAction.QUERY: ReturnForm(
        action="query",
        title="Query",
        label="Reason for the query",
        hint=_READ_BY,
        field="reason",
        is_required=True,
        done="The return is queried. Its organisation reads the reason.",
    ),
    ReturnAction.REOPEN: ReturnForm(
        action="reopening",
        title="Reopen",
        label="Reason to reopen",
        hint=_READ_BY,
        field="reason",
        is_required=True,
        done="The return is reopened.",
    ),
    ReturnAction.COMMENT: ReturnForm(
        action="comments",
        title="Comment",
        label="Comment",
        hint=_READ_BY,
        field="text",
        is_required=True,
        done="The comment is added.",
    ),
}


def list_forms(actions: Iterable[ReturnAction], *, is_withdrawal: bool = False) -> list[ReturnForm]:
    """Return the forms of the actions that the caller may take on a page."""
    forms = FORMS
    if is_withdrawal:
        approval = replace(FORMS[ReturnAction.APPROVE], title="Approve the withdrawal")
        forms = FORMS | {ReturnAction.APPROVE: approval}
    return [forms[action] for action in actions if action in forms]


def build_withdrawn_content(before: ReturnDetail, catalogue: Catalogue) -> ContentTable | None:
    """Return what a withdrawal withdraws: the content of the revision before it."""
    content = build_content(before, None, catalogue)
    return content and replace(content, title=f"What is withdrawn: revision {before.summary.revision}")


def find_previous(summary: ReturnRevision, returns: Iterable[ReturnRevision]) -> ReturnRevision | None:
    """Return the newest return of the same series and service for an earlier period of the same type."""
    earlier = [
        one for one in returns if one.period.type is summary.period.type and one.period.end < summary.period.start
    ]
    return max(earlier, key=lambda one: one.period.end, default=None)


def build_content(detail: ReturnDetail, previous: ReturnDetail | None, catalogue: Catalogue) -> ContentTable | None:
    """Return the content of a return as a table, or None if it has none: a nil, withdrawn or redacted return."""
    measure = catalogue.measures[detail.summary.measure]
    if detail.items:
        rows = [[one.title, one.stage, one.date.isoformat(), one.url or ""] for one in detail.items]
        return ContentTable(title="Items", columns=["Item", "Stage", "Since", "Address"], rows=rows)
    if detail.entries:
        rows = [[one.title, one.domain, one.date.isoformat(), one.url or ""] for one in detail.entries]
        return ContentTable(title="Entries", columns=["Entry", "Domain", "Date", "Address"], rows=rows)
    if detail.figures:
        rows = [
            [name_cell(one.area, one.breakdown, catalogue), _describe_figure(one), one.note or ""]
            for one in detail.figures
        ]
        return _cut(ContentTable(title="Figures as published", columns=["Area", "Value", "Note"], rows=rows))
    return _build_figures(detail, previous, measure, catalogue) if detail.observations else None


def _build_figures(
    detail: ReturnDetail, previous: ReturnDetail | None, measure: Measure, catalogue: Catalogue
) -> ContentTable:
    before = {} if previous is None else {_key(one): one for one in previous.observations}
    columns = ["Area", detail.summary.period.label]
    columns += [] if previous is None else [previous.summary.period.label, "Change"]
    rows: list[list[str]] = []
    for one in detail.observations:
        row = [name_cell(one.area, one.breakdown, catalogue), describe_observation(one, measure)]
        if previous is not None:
            old = before.get(_key(one))
            old_number = None if old is None else read_number(old, measure)
            row += [describe_observation(old, measure), describe_change(read_number(one, measure), old_number)]
        rows.append(row)
    return _cut(ContentTable(title="Figures", columns=columns, rows=rows))


def _cut(table: ContentTable) -> ContentTable:
    """Leave out rows beyond those that a person reads."""
    left_out = max(len(table.rows) - MAX_ROWS, 0)
    return ContentTable(title=table.title, columns=table.columns, rows=table.rows[:MAX_ROWS], left_out=left_out)


def _key(observation: Observation) -> CellKey:
    return observation.area, tuple(sorted(observation.breakdown.items()))


def _describe_figure(figure: PublisherFigure) -> str:
    if figure.value is None:
        return "–" if figure.status is None else describe_status(figure.status)
    return " ".join([figure.value, *(marker.value for marker in figure.markers)])


class WithdrawalRow(Struct, frozen=True, kw_only=True):
    """A withdrawal that waits for review."""

    measure: str
    organisation: str
    period: str
    reason: str
    sent: str
    address: str


def name_withdrawals(revisions: Iterable[ReturnRevision], catalogue: Catalogue) -> list[WithdrawalRow]:
    """Return the rows of the queue for withdrawals, those sent first at the top."""
    return [
        WithdrawalRow(
            measure=name_series(catalogue.measures[one.measure], one.series, one.service, catalogue),
            organisation=name_holder(one.organisation, catalogue),
            period=one.period.label,
            reason=one.note or "",
            sent=describe_instant(one.recorded_at),
            address=f"/programmes/{catalogue.slug}/returns/"
            + "/".join((one.organisation, one.measure, one.series, one.service, one.period.code)),
        )
        for one in sorted(revisions, key=lambda one: one.recorded_at)
    ]


def list_history(events: Sequence[ReturnEvent], catalogue: Catalogue) -> list[HistoryEntry]:
    """Return the events in words, newest first."""
    return [
        HistoryEntry(
            heading=f"{describe_instant(one.at)}: revision {one.revision} {EVENT_WORDS[one.event]}, "
            f"{name_holder(one.by, catalogue)}",
            text=one.text,
        )
        for one in reversed(events)
    ]


def list_facts(detail: ReturnDetail, catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return what the head of the page states."""
    summary = detail.summary
    facts = [
        ("Organisation", name_holder(summary.organisation, catalogue)),
        ("Period", summary.period.label),
        ("Revision", f"{summary.revision}, sent on {describe_instant(summary.recorded_at)}"),
        ("State", STATE_WORDS[summary.state]),
    ]
    if summary.approved_revision not in (None, summary.revision):
        facts.append(("Counts until then", f"revision {summary.approved_revision}, which is approved"))
    if summary.note:
        facts.append(("Note", summary.note))
    return facts
