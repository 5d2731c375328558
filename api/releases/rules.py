"""What may be published, read and taken back."""

from collections.abc import Iterable
from datetime import datetime

from api.http.refusals import Conflict, Invalid, NotFound
from api.plan.catalogue import Catalogue
from api.plan.periods import parse_period
from api.releases.scopes import PROTECTED_KINDS
from schema.measures import Collection
from schema.publication_jobs import NewRelease
from schema.releases import Release

LATEST = "latest"
MAX_NUMBER_DIGITS = 9
"""Digits of a number."""


class AlreadyPublishing(Conflict):
    """Another release of the programme is being made."""

    example = "POST …/releases, while the publication that was asked for a minute ago still runs."
    mend = "Wait until it has ended: `GET …/publications/{id}` says when. There is one release after another."


class NotPublishable(Invalid):
    """The release cannot be made like that."""

    example = '{"anew": [{"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q1"}]}\n\nThere are no notes.'
    mend = "Change the request as the detail says."


class NoRelease(NotFound):
    """There is no such release."""

    example = "GET …/outcomes?release=7, where the newest is 3."
    mend = "`GET …/releases` lists those that there are."


class AlreadyWithdrawn(Conflict):
    """The release has been withdrawn already."""

    example = "POST …/releases/2/withdrawal, twice."
    mend = "Nothing is left to do; `GET …/releases/{number}` says when and why it was withdrawn."


class WithdrawnRelease(Conflict):
    """The release has been withdrawn."""

    status = 410
    example = "GET …/outcomes?release=2, after it was taken back."
    mend = "Use the newest release; `GET …/releases/{number}` says why this one was withdrawn."


def check_new_release(new: NewRelease, catalogue: Catalogue, *, now: datetime) -> None:
    """Raises NotFound, UnknownCode, UnclearPeriod, NotPublishable."""
    for slug in new.exclude_measures:
        catalogue.get_measure(slug)
    for one in new.republish:
        measure = catalogue.get_measure(one.measure)
        period = parse_period(one.period)
        counted = measure.kind in PROTECTED_KINDS and any(s.collection is Collection.PARTNERS for s in measure.series)
        if not counted:
            raise NotPublishable(f"{measure.slug} is not counted by partners, so there is nothing to release anew.")
        cadence = measure.cadence.period_type
        if period.type is not cadence:
            raise NotPublishable(f"{measure.slug} is returned by {cadence}: name those, not {period.code}.")
        if measure.slug in new.exclude_measures:
            raise NotPublishable(f"{measure.slug} cannot be released anew and left out.")
    if new.republish and new.notes is None:
        raise NotPublishable("What is released anew needs notes that say why: readers see the old figures as well.")
    if new.publish_at is not None and new.publish_at <= now:
        raise NotPublishable(f"`publish_at` is over: {new.publish_at.isoformat()}. Leave it out to publish at once.")


def parse_number(release: str | None) -> int | None:
    """The number that a release is asked for by; None for the newest, 0 where there can be no such release."""
    if release in (None, LATEST):
        return None
    return int(release or 0) if (release or "").isdecimal() and len(release or "") <= MAX_NUMBER_DIGITS else 0


def choose_number(release: str | None, numbers: Iterable[int]) -> int:
    """The number of the release that is asked for, of those that everybody may see, the newest last.

    Raises NoRelease.
    """
    there = list(numbers)
    if not there:
        raise NoRelease("Nothing has been released yet.")
    if release in (None, LATEST):
        return there[-1]
    if not (release or "").isdecimal():
        raise NoRelease(f"{release!r} is not the number of a release, nor `latest`.")
    if int(release or 0) not in there:
        raise NoRelease(f"There is no release {release}; the newest is {there[-1]}.")
    return int(release or 0)


def check_not_withdrawn(release: Release) -> None:
    """Raises WithdrawnRelease."""
    if release.withdrawn_at is not None:
        raise WithdrawnRelease(f"Release {release.number} was withdrawn: {release.withdrawal_reason}")
