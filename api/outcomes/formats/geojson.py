"""Outcomes as a GeoJSON map layer."""

from collections.abc import Mapping, Sequence

from api.figures.query import IncompatibleFilters, OutcomeQuery
from api.http.refusals import NotFound
from api.outcomes.formats import tidy_csv
from api.plan.catalogue import Catalogue
from schema.geojson import Feature, FeatureCollection, Geometry
from schema.outcomes import OutcomeForm, RevisionBasis
from schema.released_figures import AnyFigure


class NoBoundaries(NotFound):
    """No boundaries of these areas are loaded."""

    example = "GET …/preview/outcomes.geojson?measure=ips-primary-care-referrals&level=ward"
    fix = (
        "Ask the operator of this server to run `python -m api load-boundaries`, or join `areas.csv` to your own layer."
    )


def build_query(
    *,
    measure: str,
    level: str,
    series: str | None,
    period: str,
    within: str | None,
    breakdowns: Sequence[str],
    revision_basis: RevisionBasis = RevisionBasis.LATEST,
    min_coverage: float | None = None,
    form: OutcomeForm | None = None,
) -> OutcomeQuery:
    """Return a query for one figure in each area. Raises IncompatibleFilters for two categories of a dimension."""
    dimensions = [breakdown.partition(":")[0] for breakdown in breakdowns]
    if len(set(dimensions)) < len(dimensions):
        raise IncompatibleFilters("A map has one figure for each area: use one category of each dimension.")
    return OutcomeQuery(
        measures=[measure],
        series=series,
        periods=[period],
        within=[within] if within else [],
        levels=[level],
        breakdowns=list(breakdowns),
        revision_basis=revision_basis,
        min_coverage=min_coverage,
        form=form,
    )


def build_map_layer(
    figures: Sequence[AnyFigure], boundaries: Mapping[str, Geometry], catalogue: Catalogue
) -> FeatureCollection:
    """Return the figures as a map layer. Raises NoBoundaries if no area has a boundary."""
    if not any(figure.area in boundaries for figure in figures):
        levels = sorted({catalogue.areas[figure.area].level for figure in figures})
        raise NoBoundaries(f"No boundary of the level {' or '.join(levels)} is loaded.")
    return FeatureCollection(
        type="FeatureCollection",
        features=[
            Feature(
                type="Feature",
                id=figure.area,
                geometry=boundaries.get(figure.area),
                properties=tidy_csv.build_row(figure, catalogue, labels=True),
            )
            for figure in figures
        ],
    )
