"""Read the plan: programmes, the logic model, measures and code lists. No operation needs a key."""

from litestar import Response, Router, get
from litestar.params import FromPath, FromQuery

from api.database.connections import Transaction
from api.http import csv_text, downloads
from api.http.problems import refusal_specs
from api.plan import filters, gaps, periods, queries
from api.plan.catalogue import Catalogue
from schema.disclosure import DisclosureClass
from schema.logic_model import LogicModelColumn
from schema.measures import Measure, MeasureKind
from schema.periods import Period, PeriodType
from schema.programmes import (
    AreaPage,
    DimensionPage,
    LogicModel,
    LogicModelGaps,
    MeasurePage,
    OrganisationPage,
    PeriodPage,
    Programme,
    ProgrammePage,
)


def _build_programme(catalogue: Catalogue) -> Programme:
    plan = catalogue.plan
    return Programme(
        slug=catalogue.slug,
        title=plan.title,
        sandbox=catalogue.sandbox,
        owner=plan.owner,
        area=plan.area,
        document=plan.document,
        window=plan.window,
        calendar=plan.calendar,
        themes=plan.themes,
        plan_version=catalogue.version,
    )


@get(
    "/programmes",
    operation_id="list_programmes",
    summary="List programmes",
    responses=refusal_specs(),
)
async def list_programmes(public: Transaction) -> ProgrammePage:
    """Return each delivery plan with its owner, window and calendar. A sandbox is a copy for trying things out."""
    return ProgrammePage(
        items=[_build_programme(catalogue) for catalogue in await queries.fetch_all_catalogues(public)]
    )


@get(
    "/programmes/{programme:str}", operation_id="get_programme", summary="Get a programme", responses=refusal_specs(404)
)
async def get_programme(programme: FromPath[str], public: Transaction) -> Programme:
    """Return the programme's owner, area, window, and the deadlines of its returns."""
    return _build_programme(await queries.fetch_catalogue(public, programme))


@get(
    "/programmes/{programme:str}/logic-model",
    operation_id="get_logic_model",
    summary="Get the logic model",
    responses=refusal_specs(404),
)
async def get_logic_model(programme: FromPath[str], public: Transaction) -> LogicModel:
    """Return inputs, activities, outputs, outcomes and impacts in the plan's exact words.

    Each link has its basis and the sentence that supports it.
    """
    catalogue = await queries.fetch_catalogue(public, programme)
    plan = catalogue.plan
    return LogicModel(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        nodes=plan.nodes,
        links=plan.links,
        measure_links=plan.measure_links,
        unmodelled_activities=plan.unmodelled_activities,
    )


@get(
    "/programmes/{programme:str}/logic-model/gaps",
    operation_id="get_logic_model_gaps",
    summary="List gaps in the logic model",
    responses=refusal_specs(404),
)
async def get_logic_model_gaps(programme: FromPath[str], public: Transaction) -> LogicModelGaps:
    """Return the gaps of the plan itself, such as outcomes without an activity. They are listed, not filled."""
    catalogue = await queries.fetch_catalogue(public, programme)
    return gaps.find_gaps(catalogue.plan, version=catalogue.version)


@get(
    "/programmes/{programme:str}/measures",
    operation_id="list_measures",
    summary="List measures",
    responses=refusal_specs(404, 422),
)
async def list_measures(
    programme: FromPath[str],
    public: Transaction,
    theme: FromQuery[str | None] = None,
    column: FromQuery[LogicModelColumn | None] = None,
    kind: FromQuery[MeasureKind | None] = None,
    disclosure_class: FromQuery[DisclosureClass | None] = None,
    organisation: FromQuery[str | None] = None,
    reference: FromQuery[str | None] = None,
) -> MeasurePage:
    """Return measures in the order of the plan.

    `organisation` selects the measures that the organisation returns. `reference` is a code of the plan, such as
    `M2.4` or `OC1`.
    """
    catalogue = await queries.fetch_catalogue(public, programme)
    measures = filters.filter_measures(
        catalogue,
        theme=theme,
        column=column,
        kind=kind,
        disclosure_class=disclosure_class,
        organisation=organisation,
        reference=reference,
    )
    return MeasurePage(programme=catalogue.slug, plan_version=catalogue.version, items=measures)


@get(
    "/programmes/{programme:str}/measures/{measure:str}",
    operation_id="get_measure",
    summary="Get a measure",
    responses=refusal_specs(404),
)
async def get_measure(programme: FromPath[str], measure: FromPath[str], public: Transaction) -> Measure:
    """Return the measure with its plan references, kind, series, breakdowns and disclosure class."""
    return (await queries.fetch_catalogue(public, programme)).get_measure(measure)


@get(
    "/programmes/{programme:str}/organisations",
    operation_id="list_organisations",
    summary="List organisations and roles",
    responses=refusal_specs(404),
)
async def list_organisations(programme: FromPath[str], public: Transaction) -> OrganisationPage:
    """Return organisations with their identifiers, and the roles for which the plan names no organisation."""
    catalogue = await queries.fetch_catalogue(public, programme)
    return OrganisationPage(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        items=catalogue.plan.organisations,
        roles=catalogue.plan.roles,
    )


@get(
    "/programmes/{programme:str}/dimensions",
    operation_id="list_dimensions",
    summary="List dimensions and their categories",
    responses=refusal_specs(404),
)
async def list_dimensions(programme: FromPath[str], public: Transaction) -> DimensionPage:
    """Return dimensions with their categories. The total is the absence of a dimension; `unknown` is a category."""
    catalogue = await queries.fetch_catalogue(public, programme)
    return DimensionPage(programme=catalogue.slug, plan_version=catalogue.version, items=catalogue.plan.dimensions)


@get(
    "/programmes/{programme:str}/areas",
    operation_id="list_areas",
    summary="List areas",
    responses=refusal_specs(404, 422),
)
async def list_areas(
    programme: FromPath[str],
    public: Transaction,
    level: FromQuery[str | None] = None,
    within: FromQuery[str | None] = None,
) -> AreaPage:
    """Return GSS codes, levels and families. `within` selects an area and the areas inside it."""
    catalogue = await queries.fetch_catalogue(public, programme)
    return AreaPage(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        families=catalogue.plan.families,
        items=filters.filter_areas(catalogue, level=level, within=within),
    )


@get(
    "/programmes/{programme:str}/areas.csv",
    operation_id="list_areas_csv",
    summary="List areas as CSV",
    media_type="text/csv",
    responses=refusal_specs(404, 422),
)
async def list_areas_csv(
    programme: FromPath[str],
    public: Transaction,
    level: FromQuery[str | None] = None,
    within: FromQuery[str | None] = None,
) -> Response[bytes]:
    """Return levels, families, validity and successors. Join the file to a map by GSS code."""
    catalogue = await queries.fetch_catalogue(public, programme)
    rows = filters.build_area_rows(filters.filter_areas(catalogue, level=level, within=within))
    return downloads.csv_response(csv_text.to_csv(filters.AREA_CSV_COLUMNS, rows), "areas.csv")


@get(
    "/programmes/{programme:str}/periods",
    operation_id="list_periods",
    summary="List periods of a programme",
    responses=refusal_specs(404, 422),
)
async def list_periods(
    programme: FromPath[str],
    public: Transaction,
    type: FromQuery[PeriodType] = PeriodType.FINANCIAL_QUARTER,  # noqa: A002  the name on the wire
) -> PeriodPage:
    """Return the periods of one type that lie wholly within the programme's window."""
    catalogue = await queries.fetch_catalogue(public, programme)
    return PeriodPage(programme=catalogue.slug, items=periods.list_periods(catalogue.plan.window, type))


@get(
    "/periods/{code:str}",
    operation_id="get_period",
    summary="Get a period by its code",
    responses=refusal_specs(404, 422),
)
async def get_period(code: FromPath[str]) -> Period:
    """Return the type, first and last day, and label. An ambiguous code is rejected with suggestions."""
    return periods.parse_period(code)


router = Router(
    "/v1",
    route_handlers=[
        list_programmes,
        get_programme,
        get_logic_model,
        get_logic_model_gaps,
        list_measures,
        get_measure,
        list_organisations,
        list_dimensions,
        list_areas,
        list_areas_csv,
        list_periods,
        get_period,
    ],
    tags=["Plan"],
)
