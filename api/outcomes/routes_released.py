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
from api.figures.query import Filters, Places, TooMuch
from api.http import downloads, pagination
from api.http.pagination import BadCursor
from api.http.problems import answers, refusals
from api.outcomes import queries_released, released_query
from api.outcomes.cache import FROM, From, Opened, Remembered, memory_of
from api.outcomes.formats import geojson, json_stat, sdmx_csv, tidy_csv
from api.outcomes.released_query import FigurePosition, Wanted
from api.plan import queries as plans
from api.releases import queries, rules
from schema.outcomes import Resolved
from schema.reading import FeatureCollection, JsonStatDataset
from schema.releases import Figure, Outcomes, Release, ReleasedInequality, ReleasedLogicModel, ReleasedProgress

OUTCOMES = "/programmes/{programme:str}/outcomes"
READ = refusals(404, 410, 422)
KEPT = [Remembered()]
WhichRelease = Annotated[str | None, QueryParameter(name="release")]


async def released(
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
) -> Filters:
    """The same for every form in which a release is read."""
    return Filters(
        measures=measure or [],
        series=series,
        theme=theme,
        periods=period or [],
        first=first,
        last=last,
        areas=area or [],
        within=within or [],
        levels=level or [],
        group_by=group_by or [],
        breakdowns=breakdown or [],
        min_coverage=min_coverage,
    )


class Found(Struct, frozen=True, kw_only=True):
    """What was asked of a release, and what it says."""

    places: Places
    resolved: list[Resolved]
    figures: list[Figure]


async def opened(
    programme: FromPath[str], public: Transaction, state: State, scope: Scope, now: Now, which: WhichRelease = None
) -> Opened:
    """The newest release that stands, or the one that is named. Raises NoRelease, WithdrawnRelease."""
    return await opening(programme, public, state, scope, now, which)


async def opening(
    programme: str, public: AsyncConnection, state: State, scope: Scope, now: datetime, which: str | None
) -> Opened:
    """Raises NoRelease, WithdrawnRelease."""
    remembered = memory_of(state.public_engine)
    asked_for = (programme, rules.numbered(which))
    found = (await queries_released.standing(public, [asked_for], now=now)).get(asked_for)
    if found is None:
        newest = await plans.current(public, programme)
        every = await queries.releases(public, newest.id, newest.slug, now=now)
        standing = [one.number for one in reversed(every) if one.withdrawn_at is None]
        numbers = standing if asked_for[1] is None else [one.number for one in reversed(every)]
        number = rules.chosen(which, numbers)
        release = next(one for one in every if one.number == number)
        rules.stands(release)
        return await _opened(public, release, newest.id)
    if found.publication not in remembered.releases:
        release = await queries_released.release_of(public, found, programme)
        remembered.know(found.publication, await _opened(public, release, found.programme))
    scope["state"][FROM] = From(which=asked_for, publication=found.publication)
    return remembered.releases[found.publication]


async def _opened(public: Transaction, release: Release, programme: int) -> Opened:
    catalogue = await plans.version_of(public, release.programme, programme, release.plan_version)
    rows = await queries.periods_of(public, catalogue.id, release.number)
    return Opened(release=release, catalogue=catalogue, covered=released_query.covered_by(rows, catalogue))


def _wanted(here: Opened, question: Filters) -> tuple[Places, Wanted]:
    places = query.places(question, here.catalogue)
    return places, released_query.wanted(question, places, here.covered, here.catalogue)


async def _every(public: Transaction, here: Opened, question: Filters) -> Found:
    """All that is asked for at once. Raises TooMuch."""
    places, wanted = _wanted(here, question)
    rows = await queries_released.figures(
        public, here.catalogue.id, here.release.number, wanted.filters, limit=query.MOST + 1
    )
    if len(rows) > query.MOST:
        raise TooMuch(f"That is more than {query.MOST:,} figures.")
    return Found(
        places=places,
        resolved=wanted.resolved,
        figures=list(released_query.least_covered(_decoded(rows), question.min_coverage)),
    )


def _decoded(rows: Sequence[tuple[int, bytes]]) -> list[Figure]:
    decoder = msgspec.json.Decoder(Figure)
    return [decoder.decode(content) for _, content in rows]


class _Answer(Struct, frozen=True, kw_only=True):
    """`Outcomes`, of which the figures are as they were written when the release was made."""

    programme: str
    release: int
    plan_version: int
    policy: int
    protection: str
    items: list[msgspec.Raw]
    resolved: list[Resolved]
    labels: dict[str, dict[str, str]]
    next_cursor: str | None


@get(
    OUTCOMES,
    operation_id="list_outcomes",
    middleware=KEPT,
    summary="Published figures",
    responses=READ | answers(Outcomes, 200),
)
async def list_outcomes(
    opened: NamedDependency[Opened],
    filters: NamedDependency[Filters],
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
    here = opened
    place = pagination.decode(cursor, FigurePosition)
    if place is not None and place.release != here.release.number:
        raise BadCursor(f"The cursor belongs to release {place.release}; ask for `release={place.release}`.")
    places, wanted = _wanted(here, filters)
    after = -1 if place is None else place.position
    rows = await queries_released.figures(
        public, here.catalogue.id, here.release.number, wanted.filters, after=after, limit=limit + 1
    )
    page = rows[:limit]
    items = [msgspec.Raw(content) for _, content in page]
    # They are sent as they were written, and looked at only where it is asked for.
    figures = _decoded(page) if labels or filters.min_coverage is not None else []
    if filters.min_coverage is not None:
        figures = list(released_query.least_covered(figures, filters.min_coverage))
        items = [msgspec.Raw(msgspec.json.encode(figure)) for figure in figures]
    answer = _Answer(
        programme=here.catalogue.slug,
        release=here.release.number,
        plan_version=here.catalogue.version,
        policy=here.release.policy.version,
        protection=released_query.explanation(
            here.release, [measure.slug for measure, _ in places.series], here.catalogue
        ),
        items=items,
        resolved=wanted.resolved,
        labels=query.labels(figures, here.catalogue) if labels else {},
        next_cursor=pagination.encode(FigurePosition(here.release.number, page[-1][0])) if len(rows) > limit else None,
    )
    return Response(msgspec.json.encode(answer), media_type=MediaType.JSON)


@get(
    f"{OUTCOMES}.csv",
    operation_id="list_outcomes_csv",
    middleware=KEPT,
    summary="Published figures as one tidy table",
    media_type="text/csv",
    responses=READ,
)
async def list_outcomes_csv(
    opened: NamedDependency[Opened],
    filters: NamedDependency[Filters],
    public: Transaction,
    labels: FromQuery[bool] = False,
) -> Response[bytes]:
    """All rows at once, in the fields of the JSON, the same columns whatever is asked.

    `period_start` is the `start` of `period`, and so on. Lists are JSON in a cell; the columns that end in `_label`
    are filled with `labels=true`.
    """
    found = await _every(public, opened, filters)
    return downloads.csv(
        tidy_csv.csv_of(found.figures, opened.catalogue, labels=labels, kind=Figure),
        f"outcomes-release-{opened.release.number}.csv",
    )


@get(
    f"{OUTCOMES}.json-stat",
    operation_id="list_outcomes_json_stat",
    middleware=KEPT,
    summary="Published figures as a JSON-stat dataset",
    responses=READ,
)
async def list_outcomes_json_stat(
    opened: NamedDependency[Opened], filters: NamedDependency[Filters], public: Transaction
) -> JsonStatDataset:
    """JSON-stat 2.0: a cube of measure, period, area and the dimensions asked for. Bounds are in `extension`."""
    found = await _every(public, opened, filters)
    return json_stat.dataset(
        found.figures,
        opened.catalogue,
        categories=found.places.categories,
        resolved=found.resolved,
        release=opened.release.number,
    )


@get(
    f"{OUTCOMES}.sdmx.csv",
    operation_id="list_outcomes_sdmx_csv",
    middleware=KEPT,
    summary="Published figures as SDMX-CSV",
    media_type="text/csv",
    responses=READ,
)
async def list_outcomes_sdmx_csv(
    opened: NamedDependency[Opened], filters: NamedDependency[Filters], public: Transaction
) -> Response[bytes]:
    """SDMX-CSV 2.0. Each dimension of the plan is a column, `_T` where it is summed over."""
    found = await _every(public, opened, filters)
    return downloads.csv(
        sdmx_csv.csv_of(found.figures, opened.catalogue), f"outcomes-release-{opened.release.number}.sdmx.csv"
    )


@get(
    f"{OUTCOMES}.geojson",
    operation_id="list_outcomes_geojson",
    summary="Published figures as a layer of a map",
    media_type="application/geo+json",
    responses=READ,
)
async def list_outcomes_geojson(
    opened: NamedDependency[Opened],
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
    question = geojson.question(
        measure=measure, level=level, series=series, period=period, within=within, breakdowns=breakdown or []
    )
    found = await _every(public, opened, question)
    shapes = await boundaries.boundaries(public, [figure.area for figure in found.figures])
    return geojson.layer(found.figures, shapes, opened.catalogue)


@get(
    "/programmes/{programme:str}/progress",
    operation_id="get_progress",
    middleware=KEPT,
    summary="How will we know we've made a difference",
    responses=READ,
)
async def get_progress(opened: NamedDependency[Opened], public: Transaction) -> ReleasedProgress:
    """Each theme and measure in the order of the plan: latest figure, baseline, movement, verdict, target, coverage."""
    found = await _every(public, opened, Filters())
    return released_query.progress(opened.release, found.figures, opened.catalogue)


@get(
    "/programmes/{programme:str}/logic-model/outcomes",
    operation_id="get_logic_model_outcomes",
    middleware=KEPT,
    summary="The logic model with its latest published figures",
    responses=READ,
)
async def get_logic_model_outcomes(opened: NamedDependency[Opened], public: Transaction) -> ReleasedLogicModel:
    """Every node from inputs to impacts with the measures that tell of it, their coverage and latest figures."""
    found = await _every(public, opened, Filters())
    return released_query.logic_model(opened.release, found.figures, opened.catalogue)


@get(
    "/programmes/{programme:str}/inequality",
    operation_id="get_inequality",
    middleware=KEPT,
    summary="How far apart the categories of a dimension are",
    responses=READ,
)
async def get_inequality(
    opened: NamedDependency[Opened],
    public: Transaction,
    measure: FromQuery[str],
    dimension: FromQuery[str],
    of: FromQuery[str],
    against: FromQuery[str],
    series: FromQuery[str | None] = None,
    period: FromQuery[str] = rules.LATEST,
    area: FromQuery[str | None] = None,
) -> ReleasedInequality:
    """Gap and ratio of two categories, and the slope and relative index over all, from the figures of a release.

    Needs no key. Whatever rests on a figure that is `c` has no value and says so; intervals are the widest, which
    hold those of the true counts.
    """
    inequality_figures.check(opened.catalogue, measure, dimension, of, against)
    question = Filters(
        measures=[measure], series=series, periods=[period], areas=[area] if area else [], group_by=[dimension]
    )
    found = await _every(public, opened, question)
    return released_query.inequality(opened.release, found.figures, (of, against), dimension, opened.catalogue)


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
    dependencies={"filters": Provide(released), "opened": Provide(opened)},
    tags=["Outcomes"],
)
