"""Previews: live figures for reviewers, in every format. Public figures come from releases only."""

from typing import Annotated

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter

from api.access.authentication import key_security, require_key
from api.access.programme_access import ProgrammeAccess
from api.figures.explanations import collect_labels
from api.figures.query import LATEST_KEYWORD, OutcomeQuery
from api.http import downloads
from api.http.problems import refusal_specs
from api.http.threads import run_on_figures
from api.outcomes.formats import geojson, json_stat, sdmx_csv, table_rows
from api.outcomes.queries_boundaries import fetch_shapes
from api.outcomes.queries_preview import PreviewReader
from api.outcomes.routes_query import (
    TableOptions,
    provide_preview_query,
    provide_released_query,
    provide_table_options,
    write_table,
)
from schema.geojson import FeatureCollection
from schema.json_stat import JsonStatDataset
from schema.outcomes import OutcomeForm, PreviewFigure, PreviewOutcomes, RevisionBasis
from schema.partners import Scope

PREVIEW_PATH = "/programmes/{programme:str}/preview"
READ_RESPONSES = refusal_specs(401, 403, 404, 422)


async def provide_preview_reader(access: NamedDependency[ProgrammeAccess]) -> PreviewReader:
    return PreviewReader(access)


@get(
    f"{PREVIEW_PATH}/outcomes",
    operation_id="preview_outcomes",
    summary="Preview outcomes",
    guards=[require_key],
    security=key_security(Scope.REVIEW),
    responses=READ_RESPONSES,
)
async def preview_outcomes(
    reader: NamedDependency[PreviewReader],
    outcome_query: NamedDependency[OutcomeQuery],
    table: NamedDependency[TableOptions],
    labels: FromQuery[bool] = False,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1000,
) -> PreviewOutcomes:
    """Requires the scope `review`: small counts in the response can identify people. Not for publication.

    Each measure is rolled up by the rule of its kind. If only bounds are known, the figure has bounds instead of a
    value. If a query has no answer, the figure has a `reason`, and `alternatives` names queries that have one.
    The default `period` is `latest`; `resolved` lists the period that it resolved to. `group_by` accepts the
    dimensions of one scheme and an area level such as `ward`. Milestones and evidence are not counts: read their
    items and entries in the returns.

    `revision_basis=approved` uses only approved revisions, even while a correction is pending. With `latest`, a figure
    that uses any other revision is marked `p`. `min_coverage`, from 0 to 1, leaves out figures for which a smaller
    share of the expected returns was received. `comparator` names areas to compare with; by default, the wider areas
    that have a figure of the same series. In a preview, `first_released` of a movement is the first returned period.
    `with=comparators` adds `rows`: the figures and their comparators, a row each. `columns=compact` has them instead
    of `items`.
    """
    preview = await reader.read_preview(outcome_query, format_name="json", cursor=cursor, limit=limit)
    return PreviewOutcomes(
        programme=preview.catalogue.slug,
        plan_version=preview.catalogue.version,
        protection="none",
        revision_basis=outcome_query.revision_basis,
        items=[] if table.is_compact else preview.figures,
        resolved=preview.resolved_periods,
        labels=collect_labels(preview.figures, preview.catalogue) if labels else {},
        rows=table_rows.build_compact_rows(preview.figures, preview.catalogue, with_comparators=table.with_comparators)
        if table.has_rows
        else [],
        next_cursor=preview.next_cursor,
    )


@get(
    f"{PREVIEW_PATH}/outcomes.csv",
    operation_id="preview_outcomes_csv",
    summary="Preview outcomes as CSV",
    guards=[require_key],
    security=key_security(Scope.REVIEW),
    media_type="text/csv",
    responses=READ_RESPONSES,
)
async def preview_outcomes_csv(
    reader: NamedDependency[PreviewReader],
    outcome_query: NamedDependency[OutcomeQuery],
    table: NamedDependency[TableOptions],
    labels: FromQuery[bool] = False,
) -> Response[bytes]:
    """All rows at once. The columns are the fields of the JSON: `period_start` is the `start` of `period`.

    The columns are the same for every query. Lists are JSON in a cell; the columns that end in `_label` are filled
    with `labels=true`. `with=comparators` adds a row for each comparator of a figure. `columns=compact` has the main
    columns that a person needs, with labels.
    """
    preview = await reader.read_preview(outcome_query, format_name="csv")
    content = await run_on_figures(
        preview.figures,
        lambda: write_table(preview.figures, preview.catalogue, table, labels=labels, kind=PreviewFigure),
    )
    return downloads.csv_response(content, f"{preview.catalogue.slug}-outcomes-preview.csv")


@get(
    f"{PREVIEW_PATH}/outcomes.json-stat",
    operation_id="preview_outcomes_json_stat",
    summary="Preview outcomes as JSON-stat",
    guards=[require_key],
    security=key_security(Scope.REVIEW),
    responses=READ_RESPONSES,
)
async def preview_outcomes_json_stat(
    reader: NamedDependency[PreviewReader], outcome_query: NamedDependency[OutcomeQuery]
) -> JsonStatDataset:
    """JSON-stat 2.0: a cube of measure, period, area and the dimensions of the query. Bounds are in `extension`."""
    preview = await reader.read_preview(outcome_query, format_name="json-stat")
    return await run_on_figures(
        preview.figures,
        lambda: json_stat.build_dataset(
            preview.figures, preview.catalogue, categories=preview.axes.categories, resolved=preview.resolved_periods
        ),
    )


@get(
    f"{PREVIEW_PATH}/outcomes.sdmx.csv",
    operation_id="preview_outcomes_sdmx_csv",
    summary="Preview outcomes as SDMX-CSV",
    guards=[require_key],
    security=key_security(Scope.REVIEW),
    media_type=sdmx_csv.MEDIA_TYPE,
    responses=READ_RESPONSES,
)
async def preview_outcomes_sdmx_csv(
    reader: NamedDependency[PreviewReader], outcome_query: NamedDependency[OutcomeQuery]
) -> Response[bytes]:
    """SDMX-CSV 2.0. Each dimension of the plan is a column; `_T` is the total, `NaN` is a missing value.

    `OBS_STATUS` and `CONF_STATUS` have the codes of SDMX. `PERIOD` has the period code of this API, `TIME_PERIOD` that
    of SDMX. `…/outcomes/structure.xml` describes the columns and has the code lists.
    """
    preview = await reader.read_preview(outcome_query, format_name="sdmx-csv")
    content = await run_on_figures(preview.figures, lambda: sdmx_csv.write_csv(preview.figures, preview.catalogue))
    return downloads.file_response(content, f"{preview.catalogue.slug}-outcomes-preview.sdmx.csv", sdmx_csv.MEDIA_TYPE)


@get(
    f"{PREVIEW_PATH}/outcomes.geojson",
    operation_id="preview_outcomes_geojson",
    summary="Preview outcomes as GeoJSON",
    guards=[require_key],
    security=key_security(Scope.REVIEW),
    media_type="application/geo+json",
    responses=READ_RESPONSES,
)
async def preview_outcomes_geojson(
    reader: NamedDependency[PreviewReader],
    measure: FromQuery[str],
    level: FromQuery[str],
    series: FromQuery[str | None] = None,
    period: FromQuery[str] = LATEST_KEYWORD,
    within: FromQuery[str | None] = None,
    breakdown: FromQuery[list[str] | None] = None,
    revision_basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
    min_coverage: Annotated[float | None, QueryParameter(ge=0, le=1)] = None,
    form: FromQuery[OutcomeForm | None] = None,
) -> FeatureCollection:
    """GeoJSON: one figure for each area of a level, with the boundaries that the operator has loaded."""
    query = geojson.build_query(
        measure=measure,
        level=level,
        series=series,
        period=period,
        within=within,
        breakdowns=breakdown or [],
        revision_basis=revision_basis,
        min_coverage=min_coverage,
        form=form,
    )
    preview = await reader.read_preview(query, format_name="geojson")
    codes = [figure.area for figure in preview.figures]
    shapes = await fetch_shapes(reader.transaction, codes, sandbox=preview.catalogue.sandbox)
    return await run_on_figures(
        preview.figures, lambda: geojson.build_map_layer(preview.figures, shapes.boundaries, preview.catalogue)
    )


router = Router(
    "/v1",
    route_handlers=[
        preview_outcomes,
        preview_outcomes_csv,
        preview_outcomes_json_stat,
        preview_outcomes_sdmx_csv,
        preview_outcomes_geojson,
    ],
    dependencies={
        "released_query": Provide(provide_released_query),
        "outcome_query": Provide(provide_preview_query),
        "reader": Provide(provide_preview_reader),
        "table": Provide(provide_table_options),
    },
    tags=["Outcomes"],
)
