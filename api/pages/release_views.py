"""The page of a release: when it was made, its notes for readers, what it has, and the other releases."""

from collections.abc import Sequence

from msgspec import Struct

from api.pages.programme_frames import describe_day
from schema.releases import Release


class ReleaseLink(Struct, frozen=True, kw_only=True):
    """Another release."""

    title: str
    address: str
    words: str


class ReleaseView(Struct, frozen=True, kw_only=True):
    """A release in words."""

    number: int
    withdrawal: str
    notes: str
    facts: list[tuple[str, str]]
    downloads: list[tuple[str, str]]
    others: list[ReleaseLink]


def describe_release(release: Release, releases: Sequence[Release]) -> ReleaseView:
    """Return the page of a release. `releases` are all that everybody may see, newest first."""
    read = f"/v1/programmes/{release.programme}"
    query, number = f"release={release.number}&to=latest", release.number
    report = release.report
    downloads = [
        ("All figures as CSV", f"{read}/outcomes.csv?{query}"),
        ("Main columns with names, as CSV", f"{read}/outcomes.csv?{query}&columns=compact"),
        ("Each change since the previous release, as JSON", f"{read}/releases/{number}/changes"),
        ("The audit report, as JSON", f"{read}/releases/{number}"),
    ]
    is_withdrawn = release.withdrawn_at is not None
    return ReleaseView(
        number=number,
        withdrawal=release.withdrawal_reason or "It is withdrawn." if is_withdrawn else "",
        notes=release.notes or "",
        facts=[
            ("Published", describe_day(release.published_at)),
            ("Returns approved until", describe_day(release.frozen_at)),
            ("Version of the plan", str(release.plan_version)),
            ("Figures", f"{report.figures:,}, of which {report.shown:,} have a number"),
            ("Changes since the previous release", f"{report.changes:,}"),
            ("Cite it as", release.citation),
        ],
        downloads=downloads[-1:] if is_withdrawn else downloads,
        others=[
            ReleaseLink(
                title=f"Release {one.number}",
                address=f"/programmes/{one.programme}/releases/{one.number}",
                words=describe_day(one.published_at) + (", withdrawn" if one.withdrawn_at else ""),
            )
            for one in releases
            if one.number != number
        ],
    )
