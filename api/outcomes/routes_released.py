"""Published outcomes in every format. They come from releases only, over connections that can read nothing else."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.enums import MediaType
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.types import Scope
from msgspec import Struct

from api.figures.explanations import collect_labels
from api.figures.query import LATEST_KEYWORD, OutcomeQuery
from api.http import downloads
from api.http.pagination import build_page
from api.http.problems import refusal_specs, response_specs
from api.http.threads import run_on_figures
from api.outcomes.cache import CacheMiddleware
from api.outcomes.formats import geojson, json_stat, sdmx_csv, table_rows
from api.outcomes.queries_boundaries import fetch_shapes
from api.outcomes.queries_open_release import ReleasedSelection, ReleaseReader, find_release
from api.outcomes.released_query import ReleaseCursor
from api.outcomes.released_views import explain_protection
from api.outcomes.routes_query import TableOptions, provide_released_query, provide_table_options, write_table
from schema.geojson import FeatureCollection
from schema.json_stat import JsonStatDataset
from schema.outcomes import OutcomeForm, ResolvedPeriod
from schema.released_figures import Outcomes, PublishedFigure
from schema.table_rows import CompactRow

OUTCOMES_PATH = "/programmes/{programme:str}/outcomes"
READ_PROBLEMS = refusal_specs(404, 410, 422)
CACHED = [CacheMiddleware()]


ReleaseParameter = Annotated[str | None, QueryParameter(name="release")]


async def provide_reader(
    programme: FromPath[str], state: State, scope: Scope, release: ReleaseParameter = None
) -> ReleaseReader:
    """Open the release in the query, by default the newest one. Raises NoRelease or WithdrawnRelease."""
    return await find_release(programme, state, scope, release)


async def provide_selection(
    outcome_query: NamedDependency[OutcomeQuery],
    programme: FromPath[str],
    state: State,
    scope: Scope,
    release: ReleaseParameter = None,
) -> ReleasedSelection:
    """Resolve the query for the release. Litestar resolves dependencies that need each other without starting tasks."""
    return (await find_release(programme, state, scope, release)).select(outcome_query)


class _OutcomesPage(Struct, frozen=True, kw_only=True):
    """`Outcomes` with the figures as they were encoded for the release."""

    programme: str
    release: int
    plan_version: int
    policy_version: int
    protection: str
    items: msgspec.Raw
    resolved: list[ResolvedPeriod]
    labels: dict[str, dict[str, str]]
    rows: list[CompactRow]
    next_cursor: str | None


@get(
    OUTCOMES_PATH,
    operation_id="list_outcomes",
    middleware=CACHED,
    summary="List published outcomes",
    responses=READ_PROBLEMS | response_specs(Outcomes, 200),
)
async def list_outcomes(
    selection: NamedDependency[ReleasedSelection],
    table: NamedDependency[TableOptions],
    labels: FromQuery[bool] = False,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1000,
) -> Response[bytes]:
    """No key needed. Reads the newest release, or the one that `release` names. All pages come from one release.

    Rows exist for everything that can be queried, with or without data. For people, zero, small, withheld and missing
    counts all show `c`; `x` means that nobody returned anything. The default `period` is `latest`; `resolved` lists
    the period that it resolved to. `group_by` accepts the dimensions of one scheme and an area level such as `ward`.
    Each figure has its bounds and largest error, its interval, comparators, movement, trend, target, and the coverage
    at the time of the release. Percentages and other derived values are calculated from the displayed numbers.
    `with=comparators` adds `rows`: the figures and their comparators, a row each. `columns=compact` has them instead
    of `items`.

    `form` divides displayed counts by the residents of each area, for the measures that `availability` lists with a
    form. A quarter's count gives the rate of that quarter: nothing is annualised. `population` names the estimate.
    """
    reader, query = selection.reader, selection.query
    release, catalogue = reader.release, reader.catalogue
    rows = await selection.fetch_page(after=reader.decode_cursor(cursor), limit=limit + 1)
    page, next_cursor = build_page(rows, limit, lambda page: ReleaseCursor(release.number, page[-1][0]))
    contents = [content for _, content in page]
    items = b"[%b]" % b",".join(contents)
    # Decoding is slow, so the figures are decoded only if the response needs it.
    figures: list[PublishedFigure] = []
    is_changed = query.min_coverage is not None or query.form is not None
    if labels or table.has_rows or is_changed:
        figures = await selection.decode(contents)
        items = msgspec.json.encode(figures) if is_changed else items
    response = _OutcomesPage(
        programme=catalogue.slug,
        release=release.number,
        plan_version=catalogue.version,
        policy_version=release.policy["version"],
        protection=explain_protection(
            release, [measure.slug for measure, _ in selection.axes.series], catalogue, series=query.series
        ),
        items=msgspec.Raw(b"[]" if table.is_compact else items),
        resolved=selection.resolved.resolved,
        labels=collect_labels(figures, catalogue) if labels else {},
        rows=table_rows.build_compact_rows(figures, catalogue, with_comparators=table.with_comparators)
        if table.has_rows
        else [],
        next_cursor=next_cursor,
    )
    return Response(msgspec.json.encode(response), media_type=MediaType.JSON)


@get(
    f"{OUTCOMES_PATH}.csv",
    operation_id="list_outcomes_csv",
    middleware=CACHED,
    summary="List published outcomes as CSV",
    media_type="text/csv",
    responses=READ_PROBLEMS,
)
async def list_outcomes_csv(
    selection: NamedDependency[ReleasedSelection],
    table: NamedDependency[TableOptions],
    labels: FromQuery[bool] = False,
) -> Response[bytes]:
    """All rows at once, in the fields of the JSON. The columns are the same for every query.

    `period_start` is the `start` of `period`. Lists are JSON in a cell; the columns that end in `_label` are filled
    with `labels=true`. `with=comparators` adds a row for each comparator of a figure. `columns=compact` has the main
    columns that a person needs, with labels.
    """
    figures, reader = await selection.fetch_figures(), selection.reader
    content = await run_on_figures(
        figures, lambda: write_table(figures, reader.catalogue, table, labels=labels, kind=PublishedFigure)
    )
    return downloads.csv_response(content, f"{_name_file(reader)}.csv")


@get(
    f"{OUTCOMES_PATH}.json-stat",
    operation_id="list_outcomes_json_stat",
    middleware=CACHED,
    summary="List published outcomes as JSON-stat",
    responses=READ_PROBLEMS,
)
async def list_outcomes_json_stat(
    selection: NamedDependency[ReleasedSelection],
) -> JsonStatDataset:
    """JSON-stat 2.0: a cube of measure, period, area and the dimensions of the query. Bounds are in `extension`."""
    figures = await selection.fetch_figures()
    return await run_on_figures(
        figures,
        lambda: json_stat.build_dataset(
            figures,
            selection.reader.catalogue,
            categories=selection.axes.categories,
            resolved=selection.resolved.resolved,
            release=selection.reader.release.number,
        ),
    )


@get(
    f"{OUTCOMES_PATH}.sdmx.csv",
    operation_id="list_outcomes_sdmx_csv",
    middleware=CACHED,
    summary="List published outcomes as SDMX-CSV",
    media_type=sdmx_csv.MEDIA_TYPE,
    responses=READ_PROBLEMS,
)
async def list_outcomes_sdmx_csv(
    selection: NamedDependency[ReleasedSelection],
) -> Response[bytes]:
    """SDMX-CSV 2.0. Each dimension of the plan is a column; `_T` is the total, `NaN` is a missing value.

    `…/outcomes/structure.xml` describes the columns and has the code lists.
    """
    figures, reader = await selection.fetch_figures(), selection.reader
    content = await run_on_figures(figures, lambda: sdmx_csv.write_csv(figures, reader.catalogue))
    return downloads.file_response(content, f"{_name_file(reader)}.sdmx.csv", sdmx_csv.MEDIA_TYPE)


@get(
    f"{OUTCOMES_PATH}.geojson",
    operation_id="list_outcomes_geojson",
    summary="List published outcomes as GeoJSON",
    media_type="application/geo+json",
    responses=READ_PROBLEMS,
)
async def list_outcomes_geojson(
    reader: NamedDependency[ReleaseReader],
    measure: FromQuery[str],
    level: FromQuery[str],
    series: FromQuery[str | None] = None,
    period: FromQuery[str] = LATEST_KEYWORD,
    within: FromQuery[str | None] = None,
    breakdown: FromQuery[list[str] | None] = None,
    form: FromQuery[OutcomeForm | None] = None,
) -> FeatureCollection:
    """GeoJSON: one figure for each area of a level, with the boundaries that the operator has loaded."""
    # Boundaries can be loaded again at any time: they are not part of a release, so the response is not cached.
    query = geojson.build_query(
        measure=measure,
        level=level,
        series=series,
        period=period,
        within=within,
        breakdowns=breakdown or [],
        form=form,
    )
    figures = await reader.select(query).fetch_figures()
    async with reader.engine.connect() as public:
        shapes = await fetch_shapes(public, [figure.area for figure in figures], sandbox=reader.catalogue.sandbox)
    return await run_on_figures(figures, lambda: geojson.build_map_layer(figures, shapes.boundaries, reader.catalogue))


def _name_file(reader: ReleaseReader) -> str:
    """Return the name of a download. With the programme's slug, a file of a sandbox names itself one."""
    return f"{reader.catalogue.slug}-outcomes-release-{reader.release.number}"


router = Router(
    "/v1",
    route_handlers=[
        list_outcomes,
        list_outcomes_csv,
        list_outcomes_json_stat,
        list_outcomes_sdmx_csv,
        list_outcomes_geojson,
    ],
    dependencies={
        "outcome_query": Provide(provide_released_query),
        "reader": Provide(provide_reader),
        "selection": Provide(provide_selection),
        "table": Provide(provide_table_options),
    },
    tags=["Outcomes"],
)
