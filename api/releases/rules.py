"""Rules for publishing a release, finding it by number, and withdrawing it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from api.http.refusals import Conflict, Invalid, NotFound
from api.plan.catalogue import Catalogue
from schema.publication_jobs import NewRelease
from schema.releases import Release

LATEST = "latest"
MAX_NUMBER_DIGITS = 9
MAX_SHOWN_CHARACTERS = 80  # of what the caller sent


class AlreadyPublishing(Conflict):
    """A publication job of the programme has not ended."""

    example = "POST …/releases, while the job of a minute ago is still running."
    fix = "Wait until the running job ends: `GET …/publications/{id}` returns its state."


class PublicationEnded(Conflict):
    """The publication job has ended."""

    example = "POST …/publications/{id}/cancellation, for a job whose release is published."
    fix = "Withdraw the release if it must not be public: `POST …/releases/{number}/withdrawal`."


class NotPublishable(Invalid):
    """A release cannot be made from this request."""

    example = '{"publish_at": "2025-01-01T09:30:00Z"}\n\nThis moment has passed.'
    fix = "Change the request as `detail` describes."


class NoRelease(NotFound):
    """The release does not exist."""

    example = "GET …/outcomes?release=7, if the newest release is 3."
    fix = "Use a number that `GET …/releases` lists."


class AlreadyWithdrawn(Conflict):
    """The release has already been withdrawn."""

    example = "POST …/releases/2/withdrawal, twice."
    fix = "Nothing more to do: `GET …/releases/{number}` returns when and why the release was withdrawn."


class WithdrawnRelease(Conflict):
    """The release has been withdrawn."""

    status = 410
    example = "GET …/outcomes?release=2, after release 2 was withdrawn."
    fix = "Use the newest release. `GET …/releases/{number}` returns why this one was withdrawn."


def check_new_release(new: NewRelease, catalogue: Catalogue, *, now: datetime) -> None:
    """Raises NotFound, NotPublishable."""
    for slug in new.exclude_measures:
        catalogue.get_measure(slug)
    if new.publish_at is not None and new.publish_at <= now:
        raise NotPublishable(
            f"`publish_at` is in the past: {new.publish_at.isoformat()}. Leave it out to publish immediately."
        )


def parse_number(release: str | None) -> int | None:
    """Return the number in a `release` parameter: None for the newest release, 0 if no release can have the number."""
    if release in (None, LATEST):
        return None
    return int(release or 0) if (release or "").isdecimal() and len(release or "") <= MAX_NUMBER_DIGITS else 0


def choose_number(release: str | None, numbers: Iterable[int]) -> int:
    """Return the number that `release` selects from the visible releases, of which the newest is last.

    Raises NoRelease.
    """
    visible = list(numbers)
    if not visible:
        raise NoRelease("The programme has no release yet.")
    if release in (None, LATEST):
        return visible[-1]
    number = parse_number(release)
    if number not in visible:
        raise NoRelease(
            f"Release {(release or '')[:MAX_SHOWN_CHARACTERS]!r} does not exist. Send a number or `latest`; "
            f"the newest release is {visible[-1]}."
        )
    return number


def choose_release(number: int, releases: Sequence[Release]) -> Release:
    """Return the release with this number. `releases` has the visible ones, the newest first. Raises NoRelease."""
    chosen = choose_number(str(number), [release.number for release in reversed(releases)])
    return next(release for release in releases if release.number == chosen)


def find_readable_previous(number: int, releases: Iterable[Release]) -> int | None:
    """Return the number of the previous release if it is visible and not withdrawn."""
    is_readable = any(release.number == number - 1 and release.withdrawn_at is None for release in releases)
    return number - 1 if is_readable else None


def check_not_withdrawn(release: Release) -> None:
    """Raises WithdrawnRelease."""
    if release.withdrawn_at is not None:
        raise WithdrawnRelease(f"Release {release.number} was withdrawn: {release.withdrawal_reason}")
