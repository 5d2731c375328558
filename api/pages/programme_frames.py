"""The frame of every page of a programme: its name, its pages, and the release."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from api.plan.calendar import to_london_date
from api.plan.catalogue import Catalogue
from api.spelling.due_days import format_day
from schema.releases import Release


class ReleaseWords(Struct, frozen=True, kw_only=True):
    """The release that a page shows."""

    number: int
    day: str


class ProgrammeFrame(Struct, frozen=True, kw_only=True):
    """The name of the programme, its pages, and the release."""

    slug: str
    title: str
    sandbox: bool
    here: str
    views: Mapping[str, str]
    release: ReleaseWords | None
    protection: str


def build_frame(
    catalogue: Catalogue, here: str, *, release: Release | None = None, protection: str = ""
) -> ProgrammeFrame:
    """Return the frame of the page at the address `here`."""
    base = f"/programmes/{catalogue.slug}"
    return ProgrammeFrame(
        slug=catalogue.slug,
        title=catalogue.plan.title,
        sandbox=catalogue.sandbox,
        here=here,
        views=_list_views(base, release),
        release=None if release is None else _describe_release(release),
        protection=protection,
    )


def _list_views(base: str, release: Release | None) -> dict[str, str]:
    of_release = {} if release is None else {f"Release {release.number}": f"{base}/releases/{release.number}"}
    return {"Progress": base, "Logic model": f"{base}/logic-model"} | of_release | {"Returns": f"{base}/returns"}


def _describe_release(release: Release) -> ReleaseWords:
    return ReleaseWords(number=release.number, day=describe_day(release.published_at))


def describe_day(instant: datetime) -> str:
    """Return the day in London: `3 May 2026`."""
    return format_day(to_london_date(instant))
