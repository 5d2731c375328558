"""The frame of every page of a programme: its name, its pages, and the release."""

from collections.abc import Mapping

from msgspec import Struct

from api.plan.catalogue import Catalogue
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
        views={"Progress": base, "Logic model": f"{base}/logic-model", "Returns": f"{base}/returns"},
        release=None if release is None else _describe_release(release),
        protection=protection,
    )


def _describe_release(release: Release) -> ReleaseWords:
    published = release.published_at
    return ReleaseWords(number=release.number, day=f"{published.day} {published:%B %Y}")
