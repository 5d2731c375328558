"""A publication job in words: how far it is, and what a release shows, withholds and changes, by measure."""

from collections import Counter

from msgspec import Struct

from api.pages.return_words import describe_instant, name_measures
from api.plan.catalogue import Catalogue
from schema.publication_jobs import PublicationJob, PublicationJobState

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
CHANGE_WORDS = {
    "new": "new",
    "data": "changed, because returns arrived or were approved",
    "held_back": "unchanged although the data changed, because the change is too small to show",
    "correction": "corrected",
    "definition": "defined by another version of the plan",
    "removed": "no longer released",
}


class MeasureSummary(Struct, frozen=True, kw_only=True):
    """The figures of the measures that are protected together."""

    names: str
    figures: int
    shown: int
    withheld: int
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
    is_cut: bool


def summarise_job(job: PublicationJob, catalogue: Catalogue) -> JobSummary:
    """Return the job in words. A rehearsal lists at most 1,000 changes, so `is_cut` says whether some are missing."""
    changes: dict[str, Counter[str]] = {}
    listed = 0 if job.rehearsal is None else len(job.rehearsal.changes)
    for change in () if job.rehearsal is None else job.rehearsal.changes:
        changes.setdefault(change.measure, Counter())[CHANGE_WORDS[change.why]] += 1
    report = job.audit if job.rehearsal is None else job.rehearsal.report
    return JobSummary(
        heading="Rehearsal" if job.dry_run else "Publication",
        state=JOB_WORDS[job.state],
        is_open=job.state in OPEN_STATES,
        is_rehearsed=job.state is PublicationJobState.REHEARSED,
        done=job.contributions_protected,
        total=job.contribution_count,
        facts=_list_facts(job),
        measures=[]
        if report is None
        else [
            MeasureSummary(
                names=name_measures(scope.measures, catalogue),
                figures=scope.figures,
                shown=scope.shown,
                withheld=scope.hidden,
                changes=dict(sum((changes.get(slug, Counter()) for slug in scope.measures), Counter[str]())),
                left_out=[
                    f"{one.organisation}, {one.period}, {' and '.join(one.breakdown) or 'totals'}: {one.reason}"
                    for one in scope.left_out
                ],
            )
            for scope in report.scopes
        ],
        failures=[(name_measures(one.measures, catalogue), one.detail) for one in job.failures],
        is_cut=report is not None and job.rehearsal is not None and report.changes > listed,
    )


def _list_facts(job: PublicationJob) -> list[tuple[str, str]]:
    facts = [("Asked for", describe_instant(job.requested_at))]
    if job.frozen_at is not None:
        facts.append(("Returns approved until", describe_instant(job.frozen_at)))
    if job.finished_at is not None:
        facts.append(("Ended", describe_instant(job.finished_at)))
    if job.release is not None:
        facts.append(("Release", str(job.release)))
    if job.failure_reason is not None:
        facts.append(("Reason", job.failure_reason))
    return facts
