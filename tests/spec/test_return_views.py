"""The page of a return: figures next to the previous period, its forms, and its history."""

from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from api.pages.return_matrix import list_returned_measures
from api.pages.return_views import (
    MAX_ROWS,
    build_content,
    build_withdrawn_content,
    find_previous,
    list_facts,
    list_forms,
    list_history,
    name_withdrawals,
)
from api.pages.return_words import (
    describe_change,
    describe_instant,
    describe_observation,
    name_cell,
    name_measures,
    name_series,
    write_address,
)
from api.statistics import periods
from schema.returns import EventKind, ReturnDetail, ReturnEvent, ReturnRevision
from schema.reviews import ReturnAction
from schema.submissions import EvidenceEntry, MilestoneItem, Observation, PublisherFigure, ReturnKind, ReviewState
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, TOWN, parse_cell

NOW = datetime(2026, 7, 5, 8, 30, tzinfo=UTC)
LEARNERS, PASS_RATE = HARBOUR_CATALOGUE.measures["learners"], HARBOUR_CATALOGUE.measures["pass-rate"]


def make_summary(period: str = "2026-02", measure: str = "learners", **fields: object) -> ReturnRevision:
    return ReturnRevision(
        **{
            "organisation": "quay-college",
            "measure": measure,
            "series": "headline",
            "service": "main",
            "period": periods.parse(period),
            "kind": ReturnKind.DATA,
            "revision": 1,
            "state": ReviewState.PENDING,
            "approved_revision": None,
            "cells": 1,
            "submission": UUID(int=1),
            "recorded_at": NOW,
            "note": None,
        }
        | fields
    )


def make_detail(*cells: str, period: str = "2026-02", measure: str = "learners", **content: object) -> ReturnDetail:
    observations = msgspec.convert([parse_cell(cell) for cell in cells], list[Observation])
    return ReturnDetail(summary=make_summary(period, measure), observations=observations, **content)


def test_withdrawal_shows_what_is_withdrawn_and_names_its_decision() -> None:
    before = make_detail("town 100")
    content = build_withdrawn_content(before, HARBOUR_CATALOGUE)
    assert content is not None
    assert (content.title, len(content.rows)) == ("What is withdrawn: revision 1", 1)
    assert build_withdrawn_content(make_detail(), HARBOUR_CATALOGUE) is None
    [approve, query] = list_forms([ReturnAction.APPROVE, ReturnAction.QUERY], is_withdrawal=True)
    assert (approve.title, approve.action, query.title) == ("Approve the withdrawal", "approval", "Query")


def test_queue_lists_withdrawals_those_sent_first_at_the_top() -> None:
    later = make_summary("2026-03", recorded_at=NOW.replace(hour=9), note="Sent twice.")
    rows = name_withdrawals([later, make_summary()], HARBOUR_CATALOGUE)
    assert [(row.period, row.reason, row.sent) for row in rows] == [
        ("February 2026", "", "5 July 2026, 09:30"),
        ("March 2026", "Sent twice.", "5 July 2026, 10:30"),
    ]
    assert rows[0].address.endswith("/returns/quay-college/learners/headline/main/2026-02")


def test_figures_are_next_to_those_of_the_previous_period() -> None:
    previous = make_detail("town 100", "east 0", "west c", period="2026-01")
    detail = make_detail("town 112", "east 3", "west 8", "town sex=female 60")
    table = build_content(detail, previous, HARBOUR_CATALOGUE)
    assert table is not None
    assert (table.columns[0], table.columns[3], table.left_out) == ("Area", "Change", 0)
    names = [name_cell(one.area, one.breakdown, HARBOUR_CATALOGUE) for one in detail.observations]
    assert [row[0] for row in table.rows] == names
    assert [row[1:] for row in table.rows] == [
        ["112", "100", "+12 (+12 %)"],
        ["3", "0", "+3"],
        ["8", "Hidden, so that nobody can be identified", ""],
        ["60", "–", ""],
    ]


def test_first_return_has_no_comparison_and_a_long_one_is_cut() -> None:
    table = build_content(make_detail(*["town 1"] * (MAX_ROWS + 2)), None, HARBOUR_CATALOGUE)
    assert table is not None
    assert (len(table.columns), len(table.rows), table.left_out) == (2, MAX_ROWS, 2)


def test_content_of_other_kinds_has_its_own_columns() -> None:
    day = date(2026, 2, 1)
    item = MilestoneItem(item="a", title="Opened", stage="done", date=day)
    entry = EvidenceEntry(domain="voice", title="Survey", date=day, url="https://example.org/")
    figures = [PublisherFigure(area=TOWN, value="25.0"), PublisherFigure(area=TOWN, status="x", note="Late.")]
    figures.append(PublisherFigure(area=TOWN))
    tables = [
        build_content(make_detail(**{name: content}), None, HARBOUR_CATALOGUE)
        for name, content in (("items", [item]), ("entries", [entry]), ("figures", figures))
    ]
    assert [table and [row[1:] for row in table.rows] for table in tables] == [
        [["done", "2026-02-01", ""]],
        [["voice", "2026-02-01", "https://example.org/"]],
        [["25.0", ""], ["Not available", "Late."], ["–", ""]],
    ]
    assert build_content(make_detail(), None, HARBOUR_CATALOGUE) is None


@pytest.mark.parametrize(
    ("measure", "cell", "words"),
    [
        (LEARNERS, "town 1234", "1,234"),
        (LEARNERS, "town c:1-7", "Hidden, so that nobody can be identified (1 to 7)"),
        (LEARNERS, "town x", "Not available"),
        (LEARNERS, "town ?", "–"),
        (PASS_RATE, "town 8/10", "8 of 10 (80.0 %)"),
        (PASS_RATE, "town 0/0", "0 of 0"),
        (PASS_RATE, "town c", "Hidden, so that nobody can be identified"),
    ],
)
def test_cell_is_described_in_words(measure, cell: str, words: str) -> None:
    assert describe_observation(msgspec.convert(parse_cell(cell), Observation), measure) == words


@pytest.mark.parametrize(
    ("current", "previous", "words"),
    [
        (112, 100, "+12 (+12 %)"),
        (90, 100, "−10 (−10 %)"),
        (5, 5, "±0 (±0 %)"),
        (5, 0, "+5"),
        (None, 5, ""),
        (5, None, ""),
    ],
)
def test_change_has_a_sign(current: float | None, previous: float | None, words: str) -> None:
    assert describe_change(current, previous) == words


def test_previous_return_is_the_newest_earlier_one_of_the_same_type() -> None:
    now = make_summary("2026-04")
    returns = [make_summary(period) for period in ("2026-01", "2026-02", "2026-04", "2026-05", "FY2025-26-Q4")]
    previous = find_previous(now, returns)
    assert previous is not None
    assert previous.period.code == "2026-02"
    assert find_previous(make_summary("2026-01"), returns) is None


def test_forms_are_those_of_the_actions_that_are_allowed() -> None:
    actions = [ReturnAction.SUBMIT, ReturnAction.APPROVE, ReturnAction.QUERY, ReturnAction.REOPEN, ReturnAction.COMMENT]
    assert [(form.action, form.is_required) for form in list_forms(actions)] == [
        ("approval", False),
        ("query", True),
        ("reopening", True),
        ("comments", True),
    ]
    assert list_forms([ReturnAction.WITHDRAW]) == []


def test_history_is_newest_first_in_words_and_in_local_time() -> None:
    summary = make_summary()
    names = {name: getattr(summary, name) for name in ("organisation", "measure", "series", "service", "period")}
    events = [
        ReturnEvent(
            id=UUID(int=number),
            event=event,
            at=NOW,
            revision=1,
            kind=ReturnKind.DATA,
            state=None,
            by=by,
            text=text,
            **names,
        )
        for number, event, by, text in (
            (1, EventKind.RECORDED, "quay-college", None),
            (2, EventKind.QUERIED, "harbour-council", "Why?"),
        )
    ]
    history = list_history(events, HARBOUR_CATALOGUE)
    assert [entry.text for entry in history] == ["Why?", None]
    assert history[0].heading == "5 July 2026, 09:30: revision 1 queried, Harbour Council"


def test_facts_state_an_older_approval_and_a_note_only_where_there_is_one() -> None:
    detail = make_detail("town 1")
    names = [name for name, _ in list_facts(detail, HARBOUR_CATALOGUE)]
    assert names == ["Organisation", "Period", "Revision", "State"]
    corrected = replace(detail, summary=replace(detail.summary, revision=2, approved_revision=1, note="Corrected."))
    assert len(list_facts(corrected, HARBOUR_CATALOGUE)) == len(names) + 2
    approved = replace(detail, summary=replace(detail.summary, approved_revision=1))
    assert len(list_facts(approved, HARBOUR_CATALOGUE)) == len(names)


def test_names_fall_back_to_codes() -> None:
    assert name_measures(["learners", "old-measure"], HARBOUR_CATALOGUE) == f"{LEARNERS.label}, old-measure"
    assert name_cell("E99999999-unknown", {}, HARBOUR_CATALOGUE) == "E99999999-unknown"
    other = replace(LEARNERS.series[0], slug="other", title="Other", headline=False)
    measure = replace(LEARNERS, series=[LEARNERS.series[0], other])
    assert name_series(measure, "headline", "main", HARBOUR_CATALOGUE) == measure.label
    assert name_series(measure, "other", "evening", HARBOUR_CATALOGUE) == f"{measure.label}, Other, evening"
    assert describe_instant(datetime(2026, 1, 3, 9, 5, tzinfo=UTC)) == "3 January 2026, 09:05"
    assert write_address("/a", b="c d", e=None, f="") == "/a?b=c+d"
    assert write_address("/a", b=None) == "/a"


def test_measures_that_somebody_returns_are_listed():
    listed = [slug for slug, _ in list_returned_measures(HARBOUR_CATALOGUE)]
    assert set(listed) == {duty.measure for duty in HARBOUR_CATALOGUE.plan.duties}
