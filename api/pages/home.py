"""The first page: the plans of this server, and a way in for each reader."""

from collections.abc import Sequence

from msgspec import Struct

from api.plan.catalogue import Catalogue


class ProgrammeLink(Struct, frozen=True, kw_only=True):
    """A plan of this server."""

    slug: str
    title: str
    sandbox: bool
    owner: str
    years: str


class Way(Struct, frozen=True, kw_only=True):
    """A way in: who it is for, and what is there."""

    title: str
    address: str
    purpose: str


def name_programmes(catalogues: Sequence[Catalogue]) -> list[ProgrammeLink]:
    """Return the plans with their owners and years, sandboxes last."""
    return [
        ProgrammeLink(
            slug=one.slug,
            title=one.plan.title,
            sandbox=one.sandbox,
            owner=next(body.name for body in one.plan.organisations if body.slug == one.plan.owner),
            years=f"{one.plan.window.start.year} to {one.plan.window.end.year}",
        )
        for one in catalogues
    ]


def list_ways(catalogues: Sequence[Catalogue]) -> list[Way]:
    """Return the ways in. Returns are those of the first plan, which is no sandbox where there is another."""
    returns = f"/programmes/{catalogues[0].slug}/returns" if catalogues else "/guides/reviewing"
    ways = {
        (
            "I send counts",
            "/guides/first-spreadsheet",
        ): "Send last quarter’s counts from a spreadsheet, see which row is wrong and why, and keep the receipt.",
        (
            "I read figures",
            "/guides/outcomes",
        ): "Take indicators with intervals, comparators and trend into Excel, Python, R or Power BI.",
        (
            "I co-ordinate the plan",
            returns,
        ): "See who owes what, review returns, and publish a release that protects the people in it.",
        (
            "I develop software",
            "/guides/first-program",
        ): "Install the Python SDK, make a first request, and try a dry run.",
        ("I run the server", "/guides/operating"): "Install, upgrade, watch and restore it.",
    }
    return [Way(title=title, address=address, purpose=purpose) for (title, address), purpose in ways.items()]
