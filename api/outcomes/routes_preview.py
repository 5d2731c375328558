"""Live figures for reviewers. The public's come out of releases alone."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import permissions
from api.access import queries as partners
from api.access.routes import KEY, with_key
from api.clock import Now
from api.database.connections import Transaction
from api.figures import inequality_figures, queries, query, resolution, verdicts
from api.figures.query import FigurePlace, Filters, Places
from api.figures.returns_data import StandingCells
from api.http import downloads, pagination
from api.http.problems import refusals, request_id_of
from api.outcomes import availability as registry
from api.outcomes import progress
from api.outcomes.formats import geojson, json_stat, sdmx_csv, tidy_csv
from api.plan import queries as plans
from api.plan.catalogue import Catalogue
from api.plan.routes import enter
from api.reviews import queries as reviews
from schema.inequality import Inequality
from schema.outcomes import Preview, Resolved, RevisionBasis, UnprotectedFigure
from schema.partners import Author, Caller, Scope
from schema.reading import Availability, FeatureCollection, JsonStatDataset, LogicModelOutcomes, Progress

PREVIEW = "/programmes/{programme:str}/preview"
READ = refusals(401, 403, 404, 422)


async def filters(
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
    basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
    min_coverage: Annotated[float | None, QueryParameter(ge=0, le=1)] = None,
) -> Filters:
    """The same for every form in which outcomes are answered."""
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
        comparators=comparator or [],
        basis=basis,
        min_coverage=min_coverage,
    )


class Looked(Struct, frozen=True, kw_only=True):
    """What a reviewer is shown."""

    catalogue: Catalogue
    wanted: Places
    figures: list[UnprotectedFigure]
    resolved: list[Resolved]
    following: FigurePlace | None


class Reviewer:
    """Whoever looks at live figures, as the request tells. Each look is written into the audit."""

    def __init__(self, request: Request[Any, Any, Any], caller: Caller, transaction: Transaction, now: Now) -> None:
        self.request, self.caller, self.transaction, self.now = request, caller, transaction, now

    async def look(
        self, programme: str, question: Filters, *, form: str, cursor: str | None = None, limit: int = query.MOST
    ) -> Looked:
        grant, catalogue = await enter(self.transaction, self.caller, programme, Scope.REVIEW)
        wanted = query.places(question, catalogue)
        after = pagination.decode(cursor, FigurePlace)
        behind = resolution.series_behind(wanted.series, catalogue)
        standing = await queries.standing(self.transaction, catalogue, behind, question.basis)
        every, resolved = query.ask(question, wanted, catalogue, standing)
        page = query.page(every, after, limit, catalogue)
        figures = await self._figures(page.asked, catalogue, question.min_coverage)
        author = permissions.author(self.caller, grant, request_id_of(self.request))
        named = query.named(question, wanted, form)
        await _tell(self.transaction, catalogue, author, named, grant.organisation, self.now)
        return Looked(
            catalogue=catalogue,
            wanted=wanted,
            figures=query.on_page(figures, page, catalogue),
            resolved=resolved,
            following=page.following,
        )

    async def _figures(
        self, every: list[resolution.Asked], catalogue: Catalogue, least_coverage: float | None
    ) -> list[UnprotectedFigure]:
        """Most movements start in the first period of a series; more periods are read for those that do not."""
        granted = await reviews.leeway(self.transaction, catalogue)
        found: dict[int, list[UnprotectedFigure]] = {}
        starts = 1
        while waiting := [index for index in range(len(every)) if index not in found]:
            spared = {index: verdicts.sparing(every[index], catalogue, granted, starts) for index in waiting}
            cells = await _cells(self.transaction, list(spared.values()), catalogue)
            for index, one in spared.items():
                answered = verdicts.answered(one, cells, catalogue, granted, least_coverage)
                if verdicts.is_settled(answered, every[index], catalogue, granted, starts):
                    found[index] = answered
            starts *= 4
        return [figure for index in range(len(every)) for figure in found[index]]


async def _cells(transaction: AsyncConnection, every: list[resolution.Asked], catalogue: Catalogue) -> StandingCells:
    """Of all returns that an answer rests on or is judged by."""
    behind = {revision.id: revision for one in every for revision in one.all_returns if revision.counts}
    published = {number for number, one in behind.items() if resolution.is_published(one, catalogue)}
    found = await queries.cells(
        transaction,
        catalogue,
        revisions=sorted(behind.keys() - published),
        areas=sorted({code for one in every for code in (*one.areas, *one.beside)}),
        breakdowns=sorted({key for one in every for key in one.breakdowns}),
    )
    return replace(found, published=await queries.published(transaction, catalogue, sorted(published)))


async def _tell(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    author: Author,
    named: dict[str, str],
    organisation: str,
    now: datetime,
) -> None:
    """That somebody looked at figures without disclosure control is in the audit."""
    await partners.tell_audit(
        transaction,
        catalogue.id,
        author,
        "preview.read",
        named,
        organisation_id=catalogue.ids.organisations[organisation],
        now=now,
    )


async def reviewer(
    request: Request[Any, Any, Any], caller: NamedDependency[Caller], transaction: Transaction, now: Now
) -> Reviewer:
    return Reviewer(request, caller, transaction, now)


@get(
    f"{PREVIEW}/outcomes",
    operation_id="preview_outcomes",
    summary="Live figures, without disclosure control",
    guards=[with_key],
    security=KEY,
    responses=READ,
)
async def preview_outcomes(
    programme: FromPath[str],
    reviewer: NamedDependency[Reviewer],
    filters: NamedDependency[Filters],
    labels: FromQuery[bool] = False,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1000,
) -> Preview:
    """Needs the scope `review`: small counts in the answer can identify people. Not for publication.

    Every measure is rolled up by the rule that it declares; what can only be bounded is given as bounds, and what
    cannot be answered says why, with what can be asked `instead`. `period` is `latest` where it is left out, and
    `resolved` says what that stood for. `group_by` takes the dimensions of one scheme, and an area level such as
    `ward`. Milestones and evidence are no counts: read their items and entries in the returns.

    `basis=approved` counts approved revisions alone, also while a correction is pending; with `latest` a figure that
    rests on any other is marked `p`. `min_coverage`, from 0 to 1, withholds figures of which a smaller share of the
    expected returns is there. `comparator` names areas to set figures beside; left out, the wider areas that have a
    figure of the same series. `first_released` in a movement is here the first period that was returned.
    """
    seen = await reviewer.look(programme, filters, form="json", cursor=cursor, limit=limit)
    return Preview(
        programme=seen.catalogue.slug,
        plan_version=seen.catalogue.version,
        protection="none",
        basis=filters.basis,
        items=seen.figures,
        resolved=seen.resolved,
        labels=query.labels(seen.figures, seen.catalogue) if labels else {},
        next_cursor=pagination.encode(seen.following) if seen.following else None,
    )


@get(
    f"{PREVIEW}/outcomes.csv",
    operation_id="preview_outcomes_csv",
    summary="Live figures as one tidy table",
    guards=[with_key],
    security=KEY,
    media_type="text/csv",
    responses=READ,
)
async def preview_outcomes_csv(
    programme: FromPath[str],
    reviewer: NamedDependency[Reviewer],
    filters: NamedDependency[Filters],
    labels: FromQuery[bool] = False,
) -> Response[bytes]:
    """All rows at once, in the fields of the JSON: `period_start` is the `start` of `period`, and so on.

    The columns are the same whatever is asked. Lists are JSON in a cell; the columns that end in `_label` are filled
    with `labels=true`.
    """
    seen = await reviewer.look(programme, filters, form="csv")
    return downloads.csv(tidy_csv.csv_of(seen.figures, seen.catalogue, labels=labels), "outcomes.csv")


@get(
    f"{PREVIEW}/outcomes.json-stat",
    operation_id="preview_outcomes_json_stat",
    summary="Live figures as a JSON-stat dataset",
    guards=[with_key],
    security=KEY,
    responses=READ,
)
async def preview_outcomes_json_stat(
    programme: FromPath[str], reviewer: NamedDependency[Reviewer], filters: NamedDependency[Filters]
) -> JsonStatDataset:
    """JSON-stat 2.0: a cube of measure, period, area and the dimensions asked for. Bounds are in `extension`."""
    seen = await reviewer.look(programme, filters, form="json-stat")
    return json_stat.dataset(seen.figures, seen.catalogue, categories=seen.wanted.categories, resolved=seen.resolved)


@get(
    f"{PREVIEW}/outcomes.sdmx.csv",
    operation_id="preview_outcomes_sdmx_csv",
    summary="Live figures as SDMX-CSV",
    guards=[with_key],
    security=KEY,
    media_type="text/csv",
    responses=READ,
)
async def preview_outcomes_sdmx_csv(
    programme: FromPath[str], reviewer: NamedDependency[Reviewer], filters: NamedDependency[Filters]
) -> Response[bytes]:
    """SDMX-CSV 2.0. Each dimension of the plan is a column, `_T` where it is summed over.

    `OBS_STATUS` has the letters of CL_OBS_STATUS, `PERIOD` the code of this API, which SDMX writes in its own way.
    """
    seen = await reviewer.look(programme, filters, form="sdmx-csv")
    return downloads.csv(sdmx_csv.csv_of(seen.figures, seen.catalogue), "outcomes.sdmx.csv")


@get(
    f"{PREVIEW}/outcomes.geojson",
    operation_id="preview_outcomes_geojson",
    summary="Live figures as a layer of a map",
    guards=[with_key],
    security=KEY,
    media_type="application/geo+json",
    responses=READ,
)
async def preview_outcomes_geojson(
    programme: FromPath[str],
    reviewer: NamedDependency[Reviewer],
    transaction: Transaction,
    measure: FromQuery[str],
    level: FromQuery[str],
    series: FromQuery[str | None] = None,
    period: FromQuery[str] = resolution.LATEST,
    within: FromQuery[str | None] = None,
    breakdown: FromQuery[list[str] | None] = None,
    basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
    min_coverage: Annotated[float | None, QueryParameter(ge=0, le=1)] = None,
) -> FeatureCollection:
    """GeoJSON: one figure for each area of a level, with the boundaries that the operator has loaded."""
    question = geojson.question(
        measure=measure,
        level=level,
        series=series,
        period=period,
        within=within,
        breakdowns=breakdown or [],
        basis=basis,
        min_coverage=min_coverage,
    )
    seen = await reviewer.look(programme, question, form="geojson")
    boundaries = await queries.boundaries(transaction, [figure.area for figure in seen.figures])
    return geojson.layer(seen.figures, boundaries, seen.catalogue)


@get(
    f"{PREVIEW}/progress",
    operation_id="preview_progress",
    summary="How will we know we've made a difference",
    guards=[with_key],
    security=KEY,
    responses=READ,
)
async def preview_progress(
    programme: FromPath[str],
    reviewer: NamedDependency[Reviewer],
    basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
) -> Progress:
    """Each theme and measure in the order of the plan: latest figure, baseline, movement, verdict, target, coverage.

    Needs the scope `review`: there is no disclosure control.
    """
    seen = await reviewer.look(programme, Filters(basis=basis), form="progress")
    return progress.progress(seen.catalogue, seen.figures, basis)


@get(
    f"{PREVIEW}/logic-model",
    operation_id="preview_logic_model",
    summary="The logic model with its latest figures",
    guards=[with_key],
    security=KEY,
    responses=READ,
)
async def preview_logic_model(
    programme: FromPath[str],
    reviewer: NamedDependency[Reviewer],
    basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
) -> LogicModelOutcomes:
    """Every node from inputs to impacts with the measures that tell of it: its own, else those it leads to.

    Needs the scope `review`: there is no disclosure control.
    """
    seen = await reviewer.look(programme, Filters(basis=basis), form="logic-model")
    return progress.logic_model(seen.catalogue, seen.figures, basis)


@get(
    f"{PREVIEW}/inequality",
    operation_id="preview_inequality",
    summary="How far apart the categories of a dimension are",
    guards=[with_key],
    security=KEY,
    responses=refusals(401, 403, 404, 422),
)
async def preview_inequality(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    now: Now,
    measure: FromQuery[str],
    dimension: FromQuery[str],
    of: FromQuery[str],
    against: FromQuery[str],
    series: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    area: FromQuery[str | None] = None,
    basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
) -> Inequality:
    """Needs the scope `review`: small counts in the answer can identify people. Not for publication.

    The gap and the ratio are of two categories of a proportion; the slope and the relative index of inequality are
    over all categories of an ordered dimension, as fifths by deprivation. What cannot be told says why.
    """
    grant, catalogue = await enter(transaction, caller, programme, Scope.REVIEW)
    inequality_figures.check(catalogue, measure, dimension, of, against)
    question = resolution.Question(
        measures=[measure],
        series=series,
        periods=[period] if period else [],
        areas=[area] if area else [],
        group_by=[dimension],
    )
    wanted = resolution.series_asked(question, catalogue)
    standing = await queries.standing(transaction, catalogue, resolution.series_behind(wanted, catalogue), basis)
    [asked_for] = resolution.ask(question, wanted, catalogue, standing)
    one = replace(asked_for, earlier=[])  # it tells no movement
    cells = await _cells(transaction, [one], catalogue)
    granted = await reviews.leeway(transaction, catalogue)
    author = permissions.author(caller, grant, request_id_of(request))
    named = resolution.named(question, wanted) | {"of": of, "against": against}
    await _tell(transaction, catalogue, author, named, grant.organisation, now)
    found = verdicts.answered(one, cells, catalogue, granted)
    return inequality_figures.inequality_of(one, found, (of, against), basis, catalogue)


@get(
    "/programmes/{programme:str}/outcomes/availability",
    operation_id="get_outcomes_availability",
    summary="What may be asked",
    responses=refusals(404),
)
async def get_outcomes_availability(programme: FromPath[str], public: Transaction) -> Availability:
    """Measures, series, periods, areas, breakdowns and forms: from the plan alone, whatever has been returned."""
    return registry.availability(await plans.current(public, programme))


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
    dependencies={"filters": Provide(filters), "reviewer": Provide(reviewer)},
    tags=["Outcomes"],
)
