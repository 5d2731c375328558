"""Reading outcomes: what everybody may read, out of releases alone, by connections that can see nothing else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.enums import MediaType
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.types import Scope
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.clock import Now
from api.database.connections import Transaction
from api.figures import inequality_figures, query
from api.figures import queries as boundaries
from api.figures.query import OutcomeQuery, QueryAxes, ResultTooLarge
from api.http import downloads, pagination
from api.http.pagination import InvalidCursor
from api.http.problems import refusal_specs, response_specs
from api.outcomes import queries_released, released_query
from api.outcomes.cache import SOURCE_KEY, CacheMiddleware, CacheSource, OpenRelease, get_cache
from api.outcomes.formats import geojson, json_stat, sdmx_csv, tidy_csv
from api.outcomes.released_query import ReleaseCursor, ReleaseQuery
from api.plan import queries as plans
from api.releases import queries_previous, queries_releases, rules
from schema.geojson import FeatureCollection
from schema.json_stat import JsonStatDataset
from schema.outcomes import ResolvedPeriod
from schema.released_figures import Outcomes, PublishedFigure
from schema.released_views import ReleasedInequality, ReleasedLogicModel, ReleasedProgress
from schema.releases import Release

OUTCOMES_PATH = "/programmes/{programme:str}/outcomes"
READ_PROBLEMS = refusal_specs(404, 410, 422)
CACHED = [CacheMiddleware()]
ReleaseParameter = Annotated[str | None, QueryParameter(name="release")]


async def provide_filters(
    measure: FromQuery[list[str] | None] = None,
    series: FromQuery[str | None] = None,
    theme: FromQuery[str | None] = None,
    period: FromQuery[list[str] | None] = None,
    first: Annotated[str | None, QueryParameter(name="from")] = None,
    last: Annotated[str | None, QueryParameter(name="to")] = None,
    area: FromQuery[list[str] | None] = None,
    within: FromQuery[list[str] | None] = None,
    level: FromQuery[list[str] | None] = None,
    group_by: FromQuery[list[str] | None] = None,
    breakdown: FromQuery[list[str] | None] = None,
    min_coverage: Annotated[float | None, QueryParameter(ge=0, le=1)] = None,
) -> OutcomeQuery:
    """The same for every form in which a release is read."""
    return OutcomeQuery(
        measures=measure or [],
        series=series,
        theme=theme,
        periods=period or [],
        from_period=first,
        to_period=last,
        areas=area or [],
        within=within or [],
        levels=level or [],
        group_by=group_by or [],
        breakdowns=breakdown or [],
        min_coverage=min_coverage,
    )


class QueryResult(Struct, frozen=True, kw_only=True):
    """What was asked of a release, and what it says."""

    axes: QueryAxes
    resolved: list[ResolvedPeriod]
    figures: list[PublishedFigure]


async def provide_release(
    programme: FromPath[str], public: Transaction, state: State, scope: Scope, now: Now, which: ReleaseParameter = None
) -> OpenRelease:
    """The newest release that stands, or the one that is named. Raises NoRelease, WithdrawnRelease."""
    return await find_release(programme, public, state, scope, now, which)


async def find_release(
    programme: str, public: AsyncConnection, state: State, scope: Scope, now: datetime, which: str | None
) -> OpenRelease:
    """Raises NoRelease, WithdrawnRelease."""
    remembered = get_cache(state.public_engine)
    asked_for = (programme, rules.parse_number(which))
    found = (await queries_released.find_published_releases(public, [asked_for], now=now)).get(asked_for)
    if found is None:
        newest = await plans.fetch_catalogue(public, programme)
        every = await queries_releases.list_releases(public, newest.id, newest.slug, now=now)
        standing = [one.number for one in reversed(every) if one.withdrawn_at is None]
        numbers = standing if asked_for[1] is None else [one.number for one in reversed(every)]
        number = rules.choose_number(which, numbers)
        release = next(one for one in every if one.number == number)
        rules.check_not_withdrawn(release)
        return await _load_release(public, release, newest.id)
    if found.publication not in remembered.releases:
        release = await queries_released.fetch_release(public, found, programme)
        remembered.add_release(found.publication, await _load_release(public, release, found.programme))
    scope["state"][SOURCE_KEY] = CacheSource(selector=asked_for, publication=found.publication)
    return remembered.releases[found.publication]


async def _load_release(public: Transaction, release: Release, programme: int) -> OpenRelease:
    catalogue = await plans.fetch_catalogue_version(public, release.programme, programme, release.plan_version)
    rows = await queries_previous.list_released_periods(public, catalogue.id, release.number)
    return OpenRelease(
        release=release, catalogue=catalogue, covered_periods=released_query.decode_covered_periods(rows, catalogue)
    )


def _resolve_query(here: OpenRelease, question: OutcomeQuery) -> tuple[QueryAxes, ReleaseQuery]:
    places = query.resolve_axes(question, here.catalogue)
    return places, released_query.resolve_query(question, places, here.covered_periods, here.catalogue)


async def _fetch_all(public: Transaction, here: OpenRelease, question: OutcomeQuery) -> QueryResult:
    """All that is asked for at once. Raises TooMuch."""
    places, wanted = _resolve_query(here, question)
    rows = await queries_released.fetch_figures(
        public, here.catalogue.id, here.release.number, wanted.filters, limit=query.MAX_FIGURES + 1
    )
    if len(rows) > query.MAX_FIGURES:
        raise ResultTooLarge(f"That is more than {query.MAX_FIGURES:,} figures.")
    return QueryResult(
        axes=places,
        resolved=wanted.resolved,
        figures=list(released_query.mask_low_coverage(_decode_figures(rows), question.min_coverage)),
    )


def _decode_figures(rows: Sequence[tuple[int, bytes]]) -> list[PublishedFigure]:
    decoder = msgspec.json.Decoder(PublishedFigure)
    return [decoder.decode(content) for _, content in rows]


class _OutcomesPage(Struct, frozen=True, kw_only=True):
    """`Outcomes`, of which the figures are as they were written when the release was made."""

    programme: str
    release: int
    plan_version: int
    policy_version: int
    protection: str
    items: list[msgspec.Raw]
    resolved: list[ResolvedPeriod]
    labels: dict[str, dict[str, str]]
    next_cursor: str | None


@get(
    OUTCOMES_PATH,
    operation_id="list_outcomes",
    middleware=CACHED,
    summary="List published outcomes",
    responses=READ_PROBLEMS | response_specs(Outcomes, 200),
)
async def list_outcomes(
    open_release: NamedDependency[OpenRelease],
    outcome_query: NamedDependency[OutcomeQuery],
    public: Transaction,
    labels: FromQuery[bool] = False,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1000,
) -> Response[bytes]:
    """Needs no key. Out of the newest release, or of the one that `release` names; all of a page is of one release.

    Everything that may be asked is registered beforehand: rows are there whether or not anything was returned, and of
    people none, few, withheld and left out are alike `c`; `x` is what nobody returned at all. `period` is `latest`
    where it is left out, and `resolved` says what that stood for. `group_by` takes the dimensions of one scheme, and
    an area level such as `ward`. Each figure carries its bounds and largest error, its interval, comparators,
    movement, trend, target, and the coverage that the release froze. Percentages and whatever else is derived are
    calculated from the numbers shown.
    """
    here = open_release
    place = pagination.decode_cursor(cursor, ReleaseCursor)
    if place is not None and place.release != here.release.number:
        raise InvalidCursor(f"The cursor belongs to release {place.release}; ask for `release={place.release}`.")
    places, wanted = _resolve_query(here, outcome_query)
    after = -1 if place is None else place.position
    rows = await queries_released.fetch_figures(
        public, here.catalogue.id, here.release.number, wanted.filters, after=after, limit=limit + 1
    )
    page = rows[:limit]
    items = [msgspec.Raw(content) for _, content in page]
    # They are sent as they were written, and looked at only where it is asked for.
    figures = _decode_figures(page) if labels or outcome_query.min_coverage is not None else []
    if outcome_query.min_coverage is not None:
        figures = list(released_query.mask_low_coverage(figures, outcome_query.min_coverage))
        items = [msgspec.Raw(msgspec.json.encode(figure)) for figure in figures]
    answer = _OutcomesPage(
        programme=here.catalogue.slug,
        release=here.release.number,
        plan_version=here.catalogue.version,
        policy_version=here.release.policy.version,
        protection=released_query.explain_protection(
            here.release, [measure.slug for measure, _ in places.series], here.catalogue
        ),
        items=items,
        resolved=wanted.resolved,
        labels=query.collect_labels(figures, here.catalogue) if labels else {},
        next_cursor=pagination.encode_cursor(ReleaseCursor(here.release.number, page[-1][0]))
        if len(rows) > limit
        else None,
    )
    return Response(msgspec.json.encode(answer), media_type=MediaType.JSON)


@get(
    f"{OUTCOMES_PATH}.csv",
    operation_id="list_outcomes_csv",
    middleware=CACHED,
    summary="List published outcomes as CSV",
    media_type="text/csv",
    responses=READ_PROBLEMS,
)
async def list_outcomes_csv(
    open_release: NamedDependency[OpenRelease],
    outcome_query: NamedDependency[OutcomeQuery],
    public: Transaction,
    labels: FromQuery[bool] = False,
) -> Response[bytes]:
    """All rows at once, in the fields of the JSON, the same columns whatever is asked.

    `period_start` is the `start` of `period`, and so on. Lists are JSON in a cell; the columns that end in `_label`
    are filled with `labels=true`.
    """
    found = await _fetch_all(public, open_release, outcome_query)
    return downloads.csv_response(
        tidy_csv.write_csv(found.figures, open_release.catalogue, labels=labels, kind=PublishedFigure),
        f"outcomes-release-{open_release.release.number}.csv",
    )


@get(
    f"{OUTCOMES_PATH}.json-stat",
    operation_id="list_outcomes_json_stat",
    middleware=CACHED,
    summary="List published outcomes as JSON-stat",
    responses=READ_PROBLEMS,
)
async def list_outcomes_json_stat(
    open_release: NamedDependency[OpenRelease], outcome_query: NamedDependency[OutcomeQuery], public: Transaction
) -> JsonStatDataset:
    """JSON-stat 2.0: a cube of measure, period, area and the dimensions asked for. Bounds are in `extension`."""
    found = await _fetch_all(public, open_release, outcome_query)
    return json_stat.build_dataset(
        found.figures,
        open_release.catalogue,
        categories=found.axes.categories,
        resolved=found.resolved,
        release=open_release.release.number,
    )


@get(
    f"{OUTCOMES_PATH}.sdmx.csv",
    operation_id="list_outcomes_sdmx_csv",
    middleware=CACHED,
    summary="List published outcomes as SDMX-CSV",
    media_type="text/csv",
    responses=READ_PROBLEMS,
)
async def list_outcomes_sdmx_csv(
    open_release: NamedDependency[OpenRelease], outcome_query: NamedDependency[OutcomeQuery], public: Transaction
) -> Response[bytes]:
    """SDMX-CSV 2.0. Each dimension of the plan is a column, `_T` where it is summed over."""
    found = await _fetch_all(public, open_release, outcome_query)
    return downloads.csv_response(
        sdmx_csv.write_csv(found.figures, open_release.catalogue),
        f"outcomes-release-{open_release.release.number}.sdmx.csv",
    )


@get(
    f"{OUTCOMES_PATH}.geojson",
    operation_id="list_outcomes_geojson",
    summary="List published outcomes as GeoJSON",
    media_type="application/geo+json",
    responses=READ_PROBLEMS,
)
async def list_outcomes_geojson(
    open_release: NamedDependency[OpenRelease],
    public: Transaction,
    measure: FromQuery[str],
    level: FromQuery[str],
    series: FromQuery[str | None] = None,
    period: FromQuery[str] = rules.LATEST,
    within: FromQuery[str | None] = None,
    breakdown: FromQuery[list[str] | None] = None,
) -> FeatureCollection:
    """GeoJSON: one figure for each area of a level, with the boundaries that the operator has loaded."""
    # Boundaries are loaded anew at times, so this is no part of a release and not remembered.
    question = geojson.build_query(
        measure=measure, level=level, series=series, period=period, within=within, breakdowns=breakdown or []
    )
    found = await _fetch_all(public, open_release, question)
    shapes = await boundaries.fetch_boundaries(public, [figure.area for figure in found.figures])
    return geojson.build_map_layer(found.figures, shapes, open_release.catalogue)


@get(
    "/programmes/{programme:str}/progress",
    operation_id="get_progress",
    middleware=CACHED,
    summary="Get published progress by theme",
    responses=READ_PROBLEMS,
)
async def get_progress(open_release: NamedDependency[OpenRelease], public: Transaction) -> ReleasedProgress:
    """Each theme and measure in the order of the plan: latest figure, baseline, movement, verdict, target, coverage."""
    found = await _fetch_all(public, open_release, OutcomeQuery())
    return released_query.build_progress(open_release.release, found.figures, open_release.catalogue)


@get(
    "/programmes/{programme:str}/logic-model/outcomes",
    operation_id="get_logic_model_outcomes",
    middleware=CACHED,
    summary="Get the logic model with published figures",
    responses=READ_PROBLEMS,
)
async def get_logic_model_outcomes(
    open_release: NamedDependency[OpenRelease], public: Transaction
) -> ReleasedLogicModel:
    """Every node from inputs to impacts with the measures that tell of it, their coverage and latest figures."""
    found = await _fetch_all(public, open_release, OutcomeQuery())
    return released_query.build_logic_model(open_release.release, found.figures, open_release.catalogue)


@get(
    "/programmes/{programme:str}/inequality",
    operation_id="get_inequality",
    middleware=CACHED,
    summary="Get inequality between categories",
    responses=READ_PROBLEMS,
)
async def get_inequality(
    open_release: NamedDependency[OpenRelease],
    public: Transaction,
    measure: FromQuery[str],
    dimension: FromQuery[str],
    category: FromQuery[str],
    reference_category: FromQuery[str],
    series: FromQuery[str | None] = None,
    period: FromQuery[str] = rules.LATEST,
    area: FromQuery[str | None] = None,
) -> ReleasedInequality:
    """Gap and ratio of two categories, and the slope and relative index over all, from the figures of a release.

    Needs no key. Whatever rests on a figure that is `c` has no value and says so; intervals are the widest, which
    hold those of the true counts.
    """
    inequality_figures.check_inequality_query(open_release.catalogue, measure, dimension, category, reference_category)
    question = OutcomeQuery(
        measures=[measure], series=series, periods=[period], areas=[area] if area else [], group_by=[dimension]
    )
    found = await _fetch_all(public, open_release, question)
    return released_query.build_inequality(
        open_release.release, found.figures, (category, reference_category), dimension, open_release.catalogue
    )


ROUTES: list[Any] = [
    get_inequality,
    list_outcomes,
    list_outcomes_csv,
    list_outcomes_json_stat,
    list_outcomes_sdmx_csv,
    list_outcomes_geojson,
    get_progress,
    get_logic_model_outcomes,
]
router = Router(
    "/v1",
    route_handlers=ROUTES,
    dependencies={"outcome_query": Provide(provide_filters), "open_release": Provide(provide_release)},
    tags=["Outcomes"],
)
