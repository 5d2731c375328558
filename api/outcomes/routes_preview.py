"""Live figures for reviewers. The public's come out of releases alone."""

from typing import Annotated

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access.authentication import KEY_SECURITY, require_key
from api.access.programme_access import ProgrammeAccess
from api.clock import Now
from api.database.connections import Transaction
from api.figures import inequality_figures, queries, query, resolution, verdicts
from api.figures.query import FigureCursor, OutcomeQuery, QueryAxes
from api.figures.returns_data import RevisionCells
from api.http import downloads, pagination
from api.http.problems import refusal_specs
from api.outcomes import availability as registry
from api.outcomes import progress
from api.outcomes.formats import geojson, json_stat, sdmx_csv, tidy_csv
from api.plan import queries as plans
from api.plan.catalogue import Catalogue
from api.reviews.queries_concessions import fetch_concessions
from schema.availability import Availability
from schema.geojson import FeatureCollection
from schema.inequality import PreviewInequality
from schema.json_stat import JsonStatDataset
from schema.outcomes import PreviewFigure, PreviewOutcomes, ResolvedPeriod, RevisionBasis
from schema.partners import Scope
from schema.progress import PreviewLogicModel, PreviewProgress

PREVIEW_PATH = "/programmes/{programme:str}/preview"
READ_RESPONSES = refusal_specs(401, 403, 404, 422)


async def read_query(
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
    comparator: FromQuery[list[str] | None] = None,
    revision_basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
    min_coverage: Annotated[float | None, QueryParameter(ge=0, le=1)] = None,
) -> OutcomeQuery:
    """The same for every form in which outcomes are answered."""
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
        comparators=comparator or [],
        revision_basis=revision_basis,
        min_coverage=min_coverage,
    )


class PreviewResult(Struct, frozen=True, kw_only=True):
    """What a reviewer is shown."""

    catalogue: Catalogue
    axes: QueryAxes
    figures: list[PreviewFigure]
    resolved_tokens: list[ResolvedPeriod]
    next_cursor: FigureCursor | None


class PreviewReader:
    """Reads live figures for a reviewer, and records each read in the audit."""

    def __init__(self, access: ProgrammeAccess, now: Now) -> None:
        self.access, self.now = access, now

    async def read_preview(
        self,
        outcome_query: OutcomeQuery,
        *,
        format_name: str,
        cursor: str | None = None,
        limit: int = query.MAX_FIGURES,
    ) -> PreviewResult:
        self.access.require_scopes(Scope.REVIEW)
        transaction, catalogue = self.access.transaction, self.access.catalogue
        wanted = query.resolve_axes(outcome_query, catalogue)
        after = pagination.decode_cursor(cursor, FigureCursor)
        behind = resolution.list_source_series(wanted.series, catalogue)
        standing = await queries.fetch_selected_revisions(transaction, catalogue, behind, outcome_query.revision_basis)
        every, resolved = query.resolve_query(outcome_query, wanted, catalogue, standing)
        page = query.select_page(every, after, limit, catalogue)
        figures = await self._calculate_figures(page.queries, catalogue, outcome_query.min_coverage)
        named = query.describe_for_audit(outcome_query, wanted, format_name)
        await self.access.record_audit("preview.read", named, now=self.now)
        return PreviewResult(
            catalogue=catalogue,
            axes=wanted,
            figures=query.select_page_figures(figures, page, catalogue),
            resolved_tokens=resolved,
            next_cursor=page.next_cursor,
        )

    async def _calculate_figures(
        self, resolved_queries: list[resolution.ResolvedQuery], catalogue: Catalogue, least_coverage: float | None
    ) -> list[PreviewFigure]:
        """Most movements start in the first period of a series; more periods are read for those that do not."""
        granted = await fetch_concessions(self.access.transaction, catalogue)
        found: dict[int, list[PreviewFigure]] = {}
        starts = 1
        while waiting := [index for index in range(len(resolved_queries)) if index not in found]:
            spared = {
                index: verdicts.limit_history(resolved_queries[index], catalogue, granted, starts) for index in waiting
            }
            cells = await _fetch_cells(self.access.transaction, list(spared.values()), catalogue)
            for index, one in spared.items():
                answered = verdicts.build_judged_figures(one, cells, catalogue, granted, least_coverage)
                if verdicts.has_enough_history(answered, resolved_queries[index], catalogue, granted, starts):
                    found[index] = answered
            starts *= 4
        return [figure for index in range(len(resolved_queries)) for figure in found[index]]


async def _fetch_cells(
    transaction: AsyncConnection, resolved_queries: list[resolution.ResolvedQuery], catalogue: Catalogue
) -> RevisionCells:
    """Of all returns that an answer rests on or is judged by."""
    behind = {
        revision.id: revision for one in resolved_queries for revision in one.all_revisions if revision.is_counted
    }
    published = {number for number, one in behind.items() if resolution.has_published_figures(one, catalogue)}
    found = await queries.fetch_cells(
        transaction,
        catalogue,
        revisions=sorted(behind.keys() - published),
        areas=sorted({code for one in resolved_queries for code in (*one.areas, *one.comparator_areas)}),
        breakdowns=sorted({key for one in resolved_queries for key in one.breakdowns}),
    )
    return replace(
        found, published_figures=await queries.fetch_published_figures(transaction, catalogue, sorted(published))
    )


async def provide_preview_reader(access: NamedDependency[ProgrammeAccess], now: Now) -> PreviewReader:
    return PreviewReader(access, now)


@get(
    f"{PREVIEW_PATH}/outcomes",
    operation_id="preview_outcomes",
    summary="Preview outcomes",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=READ_RESPONSES,
)
async def preview_outcomes(
    reader: NamedDependency[PreviewReader],
    outcome_query: NamedDependency[OutcomeQuery],
    labels: FromQuery[bool] = False,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1000,
) -> PreviewOutcomes:
    """Needs the scope `review`: small counts in the answer can identify people. Not for publication.

    Every measure is rolled up by the rule that it declares; what can only be bounded is given as bounds, and what
    cannot be answered says why, with what can be asked `instead`. `period` is `latest` where it is left out, and
    `resolved` says what that stood for. `group_by` takes the dimensions of one scheme, and an area level such as
    `ward`. Milestones and evidence are no counts: read their items and entries in the returns.

    `revision_basis=approved` uses only approved revisions, even while a correction is pending. With `latest`, a figure
    that uses any other revision is marked `p`. `min_coverage`, from 0 to 1, leaves out figures for which a smaller
    share of the expected returns was received. `comparator` names areas to compare with; by default, the wider areas
    that have a figure of the same series. In a preview, `first_released` of a movement is the first returned period.
    """
    seen = await reader.read_preview(outcome_query, format_name="json", cursor=cursor, limit=limit)
    return PreviewOutcomes(
        programme=seen.catalogue.slug,
        plan_version=seen.catalogue.version,
        protection="none",
        revision_basis=outcome_query.revision_basis,
        items=seen.figures,
        resolved=seen.resolved_tokens,
        labels=query.collect_labels(seen.figures, seen.catalogue) if labels else {},
        next_cursor=pagination.encode_cursor(seen.next_cursor) if seen.next_cursor else None,
    )


@get(
    f"{PREVIEW_PATH}/outcomes.csv",
    operation_id="preview_outcomes_csv",
    summary="Preview outcomes as CSV",
    guards=[require_key],
    security=KEY_SECURITY,
    media_type="text/csv",
    responses=READ_RESPONSES,
)
async def preview_outcomes_csv(
    reader: NamedDependency[PreviewReader],
    outcome_query: NamedDependency[OutcomeQuery],
    labels: FromQuery[bool] = False,
) -> Response[bytes]:
    """All rows at once, in the fields of the JSON: `period_start` is the `start` of `period`, and so on.

    The columns are the same whatever is asked. Lists are JSON in a cell; the columns that end in `_label` are filled
    with `labels=true`.
    """
    seen = await reader.read_preview(outcome_query, format_name="csv")
    return downloads.csv_response(tidy_csv.write_csv(seen.figures, seen.catalogue, labels=labels), "outcomes.csv")


@get(
    f"{PREVIEW_PATH}/outcomes.json-stat",
    operation_id="preview_outcomes_json_stat",
    summary="Preview outcomes as JSON-stat",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=READ_RESPONSES,
)
async def preview_outcomes_json_stat(
    reader: NamedDependency[PreviewReader], outcome_query: NamedDependency[OutcomeQuery]
) -> JsonStatDataset:
    """JSON-stat 2.0: a cube of measure, period, area and the dimensions asked for. Bounds are in `extension`."""
    seen = await reader.read_preview(outcome_query, format_name="json-stat")
    return json_stat.build_dataset(
        seen.figures, seen.catalogue, categories=seen.axes.categories, resolved=seen.resolved_tokens
    )


@get(
    f"{PREVIEW_PATH}/outcomes.sdmx.csv",
    operation_id="preview_outcomes_sdmx_csv",
    summary="Preview outcomes as SDMX-CSV",
    guards=[require_key],
    security=KEY_SECURITY,
    media_type="text/csv",
    responses=READ_RESPONSES,
)
async def preview_outcomes_sdmx_csv(
    reader: NamedDependency[PreviewReader], outcome_query: NamedDependency[OutcomeQuery]
) -> Response[bytes]:
    """SDMX-CSV 2.0. Each dimension of the plan is a column, `_T` where it is summed over.

    `OBS_STATUS` has the letters of CL_OBS_STATUS, `PERIOD` the code of this API, which SDMX writes in its own way.
    """
    seen = await reader.read_preview(outcome_query, format_name="sdmx-csv")
    return downloads.csv_response(sdmx_csv.write_csv(seen.figures, seen.catalogue), "outcomes.sdmx.csv")


@get(
    f"{PREVIEW_PATH}/outcomes.geojson",
    operation_id="preview_outcomes_geojson",
    summary="Preview outcomes as GeoJSON",
    guards=[require_key],
    security=KEY_SECURITY,
    media_type="application/geo+json",
    responses=READ_RESPONSES,
)
async def preview_outcomes_geojson(
    reader: NamedDependency[PreviewReader],
    transaction: Transaction,
    measure: FromQuery[str],
    level: FromQuery[str],
    series: FromQuery[str | None] = None,
    period: FromQuery[str] = resolution.LATEST_KEYWORD,
    within: FromQuery[str | None] = None,
    breakdown: FromQuery[list[str] | None] = None,
    revision_basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
    min_coverage: Annotated[float | None, QueryParameter(ge=0, le=1)] = None,
) -> FeatureCollection:
    """GeoJSON: one figure for each area of a level, with the boundaries that the operator has loaded."""
    question = geojson.build_query(
        measure=measure,
        level=level,
        series=series,
        period=period,
        within=within,
        breakdowns=breakdown or [],
        revision_basis=revision_basis,
        min_coverage=min_coverage,
    )
    seen = await reader.read_preview(question, format_name="geojson")
    boundaries = await queries.fetch_boundaries(transaction, [figure.area for figure in seen.figures])
    return geojson.build_map_layer(seen.figures, boundaries, seen.catalogue)


@get(
    f"{PREVIEW_PATH}/progress",
    operation_id="preview_progress",
    summary="Preview progress by theme",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=READ_RESPONSES,
)
async def preview_progress(
    reader: NamedDependency[PreviewReader],
    revision_basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
) -> PreviewProgress:
    """Each theme and measure in the order of the plan: latest figure, baseline, movement, verdict, target, coverage.

    Needs the scope `review`: there is no disclosure control.
    """
    seen = await reader.read_preview(OutcomeQuery(revision_basis=revision_basis), format_name="progress")
    return progress.build_progress(seen.catalogue, seen.figures, revision_basis)


@get(
    f"{PREVIEW_PATH}/logic-model",
    operation_id="preview_logic_model",
    summary="Preview the logic model with figures",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=READ_RESPONSES,
)
async def preview_logic_model(
    reader: NamedDependency[PreviewReader],
    revision_basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
) -> PreviewLogicModel:
    """Every node from inputs to impacts with the measures that tell of it: its own, else those it leads to.

    Needs the scope `review`: there is no disclosure control.
    """
    seen = await reader.read_preview(OutcomeQuery(revision_basis=revision_basis), format_name="logic-model")
    return progress.build_logic_model(seen.catalogue, seen.figures, revision_basis)


@get(
    f"{PREVIEW_PATH}/inequality",
    operation_id="preview_inequality",
    summary="Preview inequality between categories",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401, 403, 404, 422),
)
async def preview_inequality(
    access: NamedDependency[ProgrammeAccess],
    now: Now,
    measure: FromQuery[str],
    dimension: FromQuery[str],
    category: FromQuery[str],
    reference_category: FromQuery[str],
    series: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    area: FromQuery[str | None] = None,
    revision_basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
) -> PreviewInequality:
    """Needs the scope `review`: small counts in the answer can identify people. Not for publication.

    The gap and the ratio are of two categories of a proportion; the slope and the relative index of inequality are
    over all categories of an ordered dimension, as fifths by deprivation. What cannot be told says why.
    """
    access.require_scopes(Scope.REVIEW)
    transaction, catalogue = access.transaction, access.catalogue
    inequality_figures.check_inequality_query(catalogue, measure, dimension, category, reference_category)
    question = resolution.ResolutionQuery(
        measures=[measure],
        series=series,
        periods=[period] if period else [],
        areas=[area] if area else [],
        group_by=[dimension],
    )
    wanted = resolution.select_series(question, catalogue)
    standing = await queries.fetch_selected_revisions(
        transaction, catalogue, resolution.list_source_series(wanted, catalogue), revision_basis
    )
    [asked_for] = resolution.resolve_series(question, wanted, catalogue, standing)
    one = replace(asked_for, earlier_queries=[])  # it tells no movement
    cells = await _fetch_cells(transaction, [one], catalogue)
    granted = await fetch_concessions(transaction, catalogue)
    named = resolution.describe_for_audit(question, wanted) | {
        "category": category,
        "reference_category": reference_category,
    }
    await access.record_audit("preview.read", named, now=now)
    found = verdicts.build_judged_figures(one, cells, catalogue, granted)
    return inequality_figures.build_inequality(one, found, (category, reference_category), revision_basis, catalogue)


@get(
    "/programmes/{programme:str}/outcomes/availability",
    operation_id="get_outcomes_availability",
    summary="List available outcome queries",
    responses=refusal_specs(404),
)
async def get_outcomes_availability(programme: FromPath[str], public: Transaction) -> Availability:
    """Measures, series, periods, areas, breakdowns and forms: from the plan alone, whatever has been returned."""
    return registry.describe_availability(await plans.fetch_catalogue(public, programme))


router = Router(
    "/v1",
    route_handlers=[
        preview_outcomes,
        preview_outcomes_csv,
        preview_outcomes_json_stat,
        preview_outcomes_sdmx_csv,
        preview_outcomes_geojson,
        preview_progress,
        preview_logic_model,
        preview_inequality,
        get_outcomes_availability,
    ],
    dependencies={"outcome_query": Provide(read_query), "reader": Provide(provide_preview_reader)},
    tags=["Outcomes"],
)
