"""A publication job in words: what a rehearsal would show, withhold and change."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec.structs import replace

from api.pages.publication_views import summarise_job
from schema.publication_jobs import (
    FailedScope,
    LeftOutTable,
    MeasureAudit,
    PublicationJob,
    PublicationJobState,
    Rehearsal,
    ReleaseAudit,
    ScopeAudit,
)
from tests.fixtures.example_plan import HARBOUR_CATALOGUE

NOW = datetime(2026, 7, 5, 8, 30, tzinfo=UTC)
LEARNERS = HARBOUR_CATALOGUE.measures["learners"].label
LEFT_OUT = LeftOutTable(
    organisation="quay-college",
    scope="learners/headline 2026-02",
    measure="learners",
    period="2026-02",
    breakdown=["sex"],
    reason="exposed",
)
REPORT = ReleaseAudit(
    scopes=[
        ScopeAudit(
            scope="learners/headline",
            measures=["learners"],
            figures=10,
            shown=7,
            hidden=3,
            left_out=[LEFT_OUT, replace(LEFT_OUT, breakdown=[])],
        )
    ],
    figures=10,
    shown=7,
    changes=3,
    measures=[MeasureAudit(measure="learners", figures=10, shown=7, not_sent=2, changes={"new": 2, "data": 1})],
)


def make_job(state: PublicationJobState, **fields: object) -> PublicationJob:
    return PublicationJob(
        **{
            "id": UUID(int=1),
            "state": state,
            "dry_run": False,
            "requested_at": NOW,
            "frozen_at": None,
            "finished_at": None,
            "contribution_count": None,
            "contributions_protected": 0,
            "release": None,
            "failures": [],
            "failure_reason": None,
            "rehearsal": None,
            "audit": None,
        }
        | fields
    )


def test_rehearsal_counts_what_would_be_shown_withheld_and_changed() -> None:
    job = make_job(
        PublicationJobState.REHEARSED,
        dry_run=True,
        frozen_at=NOW,
        finished_at=NOW,
        rehearsal=Rehearsal(report=REPORT, changes=[]),  # the list is cut, the counts are not
    )
    summary = summarise_job(job, HARBOUR_CATALOGUE)
    assert (summary.is_open, summary.is_rehearsed, len(summary.facts)) == (False, True, 3)
    [measure] = summary.measures
    assert (measure.name, measure.figures, measure.shown) == (LEARNERS, 10, 7)
    assert (measure.hidden, measure.not_sent) == (1, 2)
    assert list(measure.changes.values()) == [2, 1]
    assert measure.left_out == [
        "quay-college, 2026-02, sex: exposed",
        "quay-college, 2026-02, totals: exposed",
    ]


def test_job_of_earlier_software_did_not_record_what_was_not_sent() -> None:
    report = replace(REPORT, measures=[replace(REPORT.measures[0], not_sent=None)])
    [measure] = summarise_job(
        make_job(PublicationJobState.PUBLISHED, release=4, audit=report), HARBOUR_CATALOGUE
    ).measures
    assert (measure.hidden, measure.not_sent) == (3, None)


def test_publication_states_its_release_or_why_there_is_none() -> None:
    running = make_job(PublicationJobState.RUNNING, contribution_count=8, contributions_protected=3)
    summary = summarise_job(running, HARBOUR_CATALOGUE)
    assert (summary.is_open, summary.done, summary.total, summary.measures) == (True, 3, 8, [])
    published = make_job(PublicationJobState.PUBLISHED, release=4, audit=REPORT)
    summary = summarise_job(published, HARBOUR_CATALOGUE)
    assert (summary.release, len(summary.measures)) == (4, 1)
    failed = make_job(PublicationJobState.FAILED, failure_reason="ConnectionResetError")
    assert summarise_job(failed, HARBOUR_CATALOGUE).facts[-1][1] == "ConnectionResetError"
    failure = FailedScope(scope="learners/headline", measures=["learners"], code="scope-changed", detail="Changed.")
    refused = make_job(PublicationJobState.REFUSED, failures=[failure])
    assert summarise_job(refused, HARBOUR_CATALOGUE).failures == [(LEARNERS, "Changed.")]
