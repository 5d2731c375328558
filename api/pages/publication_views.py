"""A publication job in words: how far it is, and what a release shows, withholds and changes, by measure."""

from msgspec import Struct

from api.pages.return_words import describe_instant, name_measures
from api.plan.catalogue import Catalogue
from api.spelling.figure_words import CHANGE_WORDS
from schema.publication_jobs import PublicationJob, PublicationJobState, ReleaseAudit

JOB_WORDS = {
    PublicationJobState.QUEUED: "waiting for the worker",
    PublicationJobState.RUNNING: "running",
    PublicationJobState.PUBLISHED: "published",
    PublicationJobState.REHEARSED: "ended, nothing was published",
    PublicationJobState.REFUSED: "refused: the previous release stays current",
    PublicationJobState.FAILED: "failed",
    PublicationJobState.CANCELLED: "cancelled",
}
OPEN_STATES = (PublicationJobState.QUEUED, PublicationJobState.RUNNING)


class MeasureSummary(Struct, frozen=True, kw_only=True):
    """The figures of a measure."""

    name: str
    figures: int
    shown: int
    hidden: int  # with those that were not sent, where the job did not record them
    not_sent: int | None
    changes: dict[str, int]
    left_out: list[str]


class JobSummary(Struct, frozen=True, kw_only=True):
    """A publication job as its page shows it."""

    heading: str
    state: str
    is_open: bool
    is_rehearsed: bool
    done: int
    total: int | None
    facts: list[tuple[str, str]]
    measures: list[MeasureSummary]
    failures: list[tuple[str, str]]
    release: int | None


def summarise_job(job: PublicationJob, catalogue: Catalogue) -> JobSummary:
    """Return the job in words. A job of earlier software did not record the figures by measure, and has none here."""
    report = job.audit if job.rehearsal is None else job.rehearsal.report
    return JobSummary(
        heading="Rehearsal" if job.dry_run else "Publication",
        state=JOB_WORDS[job.state],
        is_open=job.state in OPEN_STATES,
        is_rehearsed=job.state is PublicationJobState.REHEARSED,
        done=job.contributions_protected,
        total=job.contribution_count,
        facts=_list_facts(job),
        measures=[] if report is None else _summarise_measures(report, catalogue),
        release=job.release,
        failures=[(name_measures(one.measures, catalogue), one.detail) for one in job.failures],
    )


def _summarise_measures(report: ReleaseAudit, catalogue: Catalogue) -> list[MeasureSummary]:
    left_out = [table for scope in report.scopes for table in scope.left_out]
    return [
        MeasureSummary(
            name=name_measures([one.measure], catalogue),
            figures=one.figures,
            shown=one.shown,
            hidden=one.figures - one.shown - (one.not_sent or 0),
            not_sent=one.not_sent,
            changes={CHANGE_WORDS[reason]: count for reason, count in one.changes.items()},
            left_out=[
                f"{table.organisation}, {table.period}, {' and '.join(table.breakdown) or 'totals'}: {table.reason}"
                for table in left_out
                if table.measure == one.measure
            ],
        )
        for one in report.measures
    ]


def _list_facts(job: PublicationJob) -> list[tuple[str, str]]:
    facts = [("Asked for", describe_instant(job.requested_at))]
    if job.frozen_at is not None:
        facts.append(("Returns approved until", describe_instant(job.frozen_at)))
    if job.finished_at is not None:
        facts.append(("Ended", describe_instant(job.finished_at)))
    if job.failure_reason is not None:
        facts.append(("Reason", job.failure_reason))
    return facts
