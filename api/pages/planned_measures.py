"""The page of a programme without a release: its measures, and when their first returns are due."""

from datetime import datetime

from msgspec import Struct

from api.outcomes.progress import MeasureDescriber, list_theme_measures
from api.pages.cards import describe_next_return
from api.plan.catalogue import Catalogue


class PlannedMeasure(Struct, frozen=True, kw_only=True):
    """A measure before its first figure."""

    label: str
    title: str
    due: str


class PlannedTheme(Struct, frozen=True, kw_only=True):
    """A theme of the plan."""

    slug: str
    title: str
    measures: list[PlannedMeasure]


def list_planned_themes(catalogue: Catalogue, *, now: datetime) -> list[PlannedTheme]:
    """Return the themes with their measures, in the order of the plan."""
    describe = MeasureDescriber(catalogue, now=now)
    return [
        PlannedTheme(
            slug=theme.slug,
            title=theme.title,
            measures=[
                PlannedMeasure(label=one.label, title=one.title, due=describe_next_return(describe(one, [], None)))
                for one in measures
            ],
        )
        for theme, measures in list_theme_measures(catalogue.plan)
    ]
