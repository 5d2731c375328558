"""Live figures for reviewers. The public's come out of releases alone."""

from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from api import cursors
from api.clock import Now
from api.database import Transaction
from api.outcomes import asked, json_stat, maps, progress, queries, rules, sdmx_csv, tidy
from api.outcomes import availability as registry
from api.outcomes.asked import FigurePlace, Filters, Places
from api.partners import queries as partners
from api.partners import rules as permissions
from api.partners.routes import KEY, with_key
from api.plan import queries as plans
from api.plan.catalogue import Catalogue
from api.problems import refusals, request_id_of
from api.reviews import queries as reviews
from schema.outcomes import Preview, Resolved, RevisionBasis, UnprotectedFigure
from schema.partners import Caller, Scope
from schema.reading import Availability, FeatureCollection, JsonStatDataset, LogicModelOutcomes, Progress

PREVIEW = "/programmes/{programme:str}/preview"
READ = refusals(401, 403, 404, 422)
BASIS = RevisionBasis.LATEST


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
        self, programme: str, question: Filters, *, form: str, cursor: str | None = None, limit: int = asked.MOST
    ) -> Looked:
        grant = permissions.permit(self.caller, programme, Scope.REVIEW)
        catalogue = await plans.current(self.transaction, programme)
        await partners.enter(self.transaction, grant, catalogue.acts_for(grant.organisation))
        wanted = asked.places(question, catalogue)
        after = cursors.decode(cursor, FigurePlace)
        series = [(measure.slug, one.slug) for measure, one in wanted.series]
        standing = await queries.standing(self.transaction, catalogue, series)
        every, resolved = asked.ask(question, wanted, catalogue, standing)
        page = asked.page(every, after, limit, catalogue)
        figures = await self._figures(page.asked, catalogue)
        await partners.tell_audit(
            self.transaction,
            catalogue.id,
            permissions.author(self.caller, grant, request_id_of(self.request)),
            "preview.read",
            asked.named(question, wanted, form),
            organisation_id=catalogue.ids.organisations[grant.organisation],
            now=self.now,
        )
        return Looked(
            catalogue=catalogue,
            wanted=wanted,
            figures=asked.on_page(figures, page, catalogue),
            resolved=resolved,
            following=page.following,
        )

    async def _figures(self, every: list[rules.Asked], catalogue: Catalogue) -> list[UnprotectedFigure]:
        cells = await queries.cells(
            self.transaction,
            catalogue,
            revisions=[revision.id for one in every for revision in one.returns],
            areas=sorted({code for one in every for code in one.areas}),
            breakdowns=sorted({key for one in every for key in one.breakdowns}),
        )
        granted = await reviews.leeway(self.transaction, catalogue)
        return [figure for one in every for figure in rules.figures(one, cells, catalogue, granted)]


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
    cannot be answered says why. `period` is `latest` where it is left out, and `resolved` says what that stood for.
    `group_by` takes the dimensions of one scheme, and an area level such as `ward`.
    """
    seen = await reviewer.look(programme, filters, form="json", cursor=cursor, limit=limit)
    return Preview(
        programme=seen.catalogue.slug,
        plan_version=seen.catalogue.version,
        protection="none",
        basis=BASIS,
        items=seen.figures,
        resolved=seen.resolved,
        labels=asked.labels(seen.figures, seen.catalogue) if labels else {},
        next_cursor=cursors.encode(seen.following) if seen.following else None,
    )


def _csv(content: bytes, name: str) -> Response[bytes]:
    return Response(
        content,
        media_type="text/csv; header=present",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
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
    return _csv(tidy.csv_of(seen.figures, seen.catalogue, labels=labels), "outcomes.csv")


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
    return _csv(sdmx_csv.csv_of(seen.figures, seen.catalogue), "outcomes.sdmx.csv")


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
    period: FromQuery[str] = rules.LATEST,
    within: FromQuery[str | None] = None,
    breakdown: FromQuery[list[str] | None] = None,
) -> FeatureCollection:
    """GeoJSON: one figure for each area of a level, with the boundaries that the operator has loaded."""
    question = maps.question(
        measure=measure, level=level, series=series, period=period, within=within, breakdowns=breakdown or []
    )
    seen = await reviewer.look(programme, question, form="geojson")
    boundaries = await queries.boundaries(transaction, [figure.area for figure in seen.figures])
    return maps.layer(seen.figures, boundaries, seen.catalogue)


@get(
    f"{PREVIEW}/progress",
    operation_id="preview_progress",
    summary="How will we know we've made a difference",
    guards=[with_key],
    security=KEY,
    responses=READ,
)
async def preview_progress(programme: FromPath[str], reviewer: NamedDependency[Reviewer]) -> Progress:
    """Each theme and measure in the order of the plan: latest figure, baseline, movement, verdict, target, coverage.

    Needs the scope `review`: there is no disclosure control.
    """
    seen = await reviewer.look(programme, Filters(), form="progress")
    return progress.progress(seen.catalogue, seen.figures, BASIS)


@get(
    f"{PREVIEW}/logic-model",
    operation_id="preview_logic_model",
    summary="The logic model with its latest figures",
    guards=[with_key],
    security=KEY,
    responses=READ,
)
async def preview_logic_model(programme: FromPath[str], reviewer: NamedDependency[Reviewer]) -> LogicModelOutcomes:
    """Every node from inputs to impacts with the measures that tell of it: its own, else those it leads to.

    Needs the scope `review`: there is no disclosure control.
    """
    seen = await reviewer.look(programme, Filters(), form="logic-model")
    return progress.logic_model(seen.catalogue, seen.figures, BASIS)


@get(
    "/programmes/{programme:str}/outcomes/availability",
    operation_id="get_outcomes_availability",
    summary="What may be asked",
    responses=refusals(404),
)
async def get_outcomes_availability(programme: FromPath[str], transaction: Transaction) -> Availability:
    """Measures, series, periods, areas, breakdowns and forms: from the plan alone, whatever has been returned."""
    return registry.availability(await plans.current(transaction, programme))


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
        get_outcomes_availability,
    ],
    dependencies={"filters": Provide(filters), "reviewer": Provide(reviewer)},
    tags=["Outcomes"],
)
