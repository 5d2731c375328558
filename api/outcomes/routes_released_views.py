"""Published views of the plan: progress by theme, the logic model, and inequality."""

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from api.figures.inequality_figures import check_inequality_query
from api.figures.query import LATEST_KEYWORD, OutcomeQuery
from api.outcomes.queries_open_release import ReleaseReader
from api.outcomes.released_views import build_inequality, build_logic_model, build_progress
from api.outcomes.routes_released import CACHED, READ_PROBLEMS, provide_reader
from schema.inequality import IndexScale
from schema.released_views import ReleasedInequality, ReleasedLogicModel, ReleasedProgress


@get(
    "/programmes/{programme:str}/progress",
    operation_id="get_progress",
    middleware=CACHED,
    summary="Get published progress by theme",
    responses=READ_PROBLEMS,
)
async def get_progress(reader: NamedDependency[ReleaseReader]) -> ReleasedProgress:
    """Each theme and measure in the order of the plan: latest figure, earlier values, definition, caveats, coverage.

    No key needed. `latest` has the movement, the verdict and the target. Coverage is as it was when the release was
    made, in numbers alone: reviewers see in the preview who has not returned a measure. `unassigned` names the roles
    for which the plan has no organisation.
    """
    selections = reader.select_progress()
    figures = [await selection.fetch_figures(with_reasons=False) for selection in selections]
    return build_progress(reader.release, reader.group_progress(selections, figures), reader.catalogue)


@get(
    "/programmes/{programme:str}/logic-model/outcomes",
    operation_id="get_logic_model_outcomes",
    middleware=CACHED,
    summary="Get the logic model with published figures",
    responses=READ_PROBLEMS,
)
async def get_logic_model_outcomes(reader: NamedDependency[ReleaseReader]) -> ReleasedLogicModel:
    """Every node from inputs to impacts with the measures that show its progress, their coverage and latest figures."""
    selections = reader.select_progress()
    figures = [await selection.fetch_figures(with_reasons=False) for selection in selections]
    return build_logic_model(reader.release, reader.group_progress(selections, figures), reader.catalogue)


@get(
    "/programmes/{programme:str}/inequality",
    operation_id="get_inequality",
    middleware=CACHED,
    summary="Get inequality between categories",
    responses=READ_PROBLEMS,
)
async def get_inequality(
    reader: NamedDependency[ReleaseReader],
    measure: FromQuery[str],
    dimension: FromQuery[str],
    category: FromQuery[str],
    reference_category: FromQuery[str],
    series: FromQuery[str | None] = None,
    period: FromQuery[str] = LATEST_KEYWORD,
    area: FromQuery[str | None] = None,
    index_scale: FromQuery[IndexScale] = IndexScale.TRANSFORMED,
) -> ReleasedInequality:
    """Gap and ratio of two categories, and slope and relative index over all, from the figures of a release.

    No key needed. A result that depends on a suppressed figure (`c`) has no value and states the reason. Intervals are
    the widest ones that the true counts allow. The line of the indices is fitted to the logits of a proportion or the
    logarithms of a rate; `index_scale=untransformed` fits it to the values.
    """
    check_inequality_query(reader.catalogue, measure, dimension, category, reference_category)
    query = OutcomeQuery(
        measures=[measure], series=series, periods=[period], areas=[area] if area else [], group_by=[dimension]
    )
    selection = reader.select(query)
    figures = await selection.fetch_figures() if await selection.fetch_rows(limit=1) else []
    categories = (category, reference_category)
    return build_inequality(reader.release, figures, categories, dimension, reader.catalogue, index_scale)


router = Router(
    "/v1",
    route_handlers=[get_inequality, get_progress, get_logic_model_outcomes],
    dependencies={"reader": Provide(provide_reader)},
    tags=["Outcomes"],
)
