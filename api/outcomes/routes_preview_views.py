"""Previews of the plan's own views: progress by theme, the logic model, and inequality."""

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from api.access.authentication import key_security, require_key
from api.figures.query import OutcomeQuery
from api.outcomes import progress
from api.outcomes.queries_preview import PreviewReader
from api.outcomes.routes_preview import PREVIEW_PATH, READ_RESPONSES, provide_preview_reader
from schema.inequality import IndexScale, PreviewInequality
from schema.outcomes import RevisionBasis
from schema.partners import Scope
from schema.progress import PreviewLogicModel, PreviewProgress


@get(
    f"{PREVIEW_PATH}/progress",
    operation_id="preview_progress",
    summary="Preview progress by theme",
    guards=[require_key],
    security=key_security(Scope.REVIEW),
    responses=READ_RESPONSES,
)
async def preview_progress(
    reader: NamedDependency[PreviewReader], revision_basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST
) -> PreviewProgress:
    """Each theme and measure in the order of the plan: latest figure, earlier values, coverage, and what is missing.

    Requires the scope `review`: there is no disclosure control. `latest` has the movement, the verdict and the target.
    A measure without any return has the coverage of its newest period that is over. `missing` names the organisation or
    the role of each return that is missing from the latest figure, or since.
    """
    measures = await reader.read_progress(revision_basis, format_name="progress")
    return progress.build_progress(reader.catalogue, measures, revision_basis, now=reader.access.now)


@get(
    f"{PREVIEW_PATH}/logic-model",
    operation_id="preview_logic_model",
    summary="Preview the logic model with figures",
    guards=[require_key],
    security=key_security(Scope.REVIEW),
    responses=READ_RESPONSES,
)
async def preview_logic_model(
    reader: NamedDependency[PreviewReader], revision_basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST
) -> PreviewLogicModel:
    """Every node from inputs to impacts with the measures that show its progress: its own, otherwise related ones.

    Requires the scope `review`: there is no disclosure control.
    """
    measures = await reader.read_progress(revision_basis, format_name="logic-model")
    return progress.build_logic_model(reader.catalogue, [one.latest for one in measures], revision_basis)


@get(
    f"{PREVIEW_PATH}/inequality",
    operation_id="preview_inequality",
    summary="Preview inequality between categories",
    guards=[require_key],
    security=key_security(Scope.REVIEW),
    responses=READ_RESPONSES,
)
async def preview_inequality(
    reader: NamedDependency[PreviewReader],
    measure: FromQuery[str],
    dimension: FromQuery[str],
    category: FromQuery[str],
    reference_category: FromQuery[str],
    series: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    area: FromQuery[str | None] = None,
    revision_basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
    index_scale: FromQuery[IndexScale] = IndexScale.TRANSFORMED,
) -> PreviewInequality:
    """Requires the scope `review`: small counts in the response can identify people. Not for publication.

    Gap and ratio compare two categories of a proportion. The slope and relative index of inequality cover all
    categories of an ordered dimension, such as deprivation fifths. Their line is fitted to the logits of a proportion
    or the logarithms of a rate; `index_scale=untransformed` fits it to the values. A result that cannot be calculated
    has a `reason`.
    """
    query = OutcomeQuery(
        measures=[measure],
        series=series,
        periods=[period] if period else [],
        areas=[area] if area else [],
        group_by=[dimension],
        revision_basis=revision_basis,
    )
    return await reader.read_inequality(query, (category, reference_category), index_scale)


router = Router(
    "/v1",
    route_handlers=[preview_progress, preview_logic_model, preview_inequality],
    dependencies={"reader": Provide(provide_preview_reader)},
    tags=["Outcomes"],
)
