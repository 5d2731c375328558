"""The public pages: from the newest release only, and so without a key."""

from typing import Any, Literal

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.types import Scope

from api.docs.layout import page_response, read_own_address
from api.http.refusals import NotFound
from api.outcomes.cache import SOURCE_KEY, CacheMiddleware
from api.outcomes.released_views import build_logic_model
from api.pages.cards import LARGE, SMALL, build_card, find_lines, list_points, make_point
from api.pages.charts import build_bars, build_trend
from api.pages.drawing import draw_chart, draw_graph
from api.pages.entry_views import EntryView, describe_entries
from api.pages.home import list_ways, name_programmes
from api.pages.logic_model_graph import write_graph
from api.pages.logic_model_views import list_columns, name_gaps
from api.pages.maps import build_map
from api.pages.measure_views import (
    NARROW_WIDTH,
    WIDTH,
    Breakdown,
    BreakdownView,
    build_view,
    list_breakdowns,
    list_downloads,
    list_facts,
    name_figures,
    write_calls,
)
from api.pages.planned_measures import list_planned_themes
from api.pages.programme_frames import build_frame
from api.pages.progress_summary import summarise_progress
from api.pages.queries_pages import ProgrammePage, fetch_breakdown, fetch_measure_entries, fetch_page, fetch_shapes
from api.pages.routes_releases import show_release
from api.pages.wording import name_axis
from api.plan.catalogue import Catalogue
from api.plan.gaps import find_gaps
from api.plan.queries import fetch_all_catalogues, fetch_catalogue
from api.releases.rules import NoRelease
from schema.measures import UNCOUNTED_KINDS, Measure
from schema.released_views import ReleasedMeasure

CACHED = [CacheMiddleware()]
PATH = "/programmes/{programme:str}"
SVG_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


@get("/")
async def show_home(state: State) -> Response[str]:
    """Show what this is, its programmes, and a way in for each reader."""
    async with state.public_engine.connect() as public:
        catalogues = await fetch_all_catalogues(public)
    return page_response("home.html", programmes=name_programmes(catalogues), ways=list_ways(catalogues))


@get(PATH, middleware=CACHED)
async def show_programme(programme: FromPath[str], state: State, scope: Scope) -> Response[str]:
    """Show the progress of every measure, by theme. Before the first release, show what will be there."""
    try:
        page = await fetch_page(programme, state, scope)
    except NoRelease:
        return await _show_unreleased(programme, state)
    catalogue = page.reader.catalogue
    themes = [
        {
            "slug": theme.theme,
            "title": theme.title,
            "cards": [build_card(one, page.figures[one.measure].history, catalogue) for one in theme.measures],
        }
        for theme in page.progress.themes
    ]
    measures = [one for theme in page.progress.themes for one in theme.measures]
    summary = summarise_progress(measures, catalogue)
    frame = _frame(page, f"/programmes/{programme}")
    return page_response("programme.html", programme=frame, themes=themes, summary=summary)


@get(f"{PATH}/measures/{{measure:str}}", middleware=CACHED)
async def show_measure(
    programme: FromPath[str], measure: FromPath[str], state: State, scope: Scope, request: Request[Any, Any, Any]
) -> Response[str]:
    """Show one measure: over time, by area and category, its definition, and where to take its data."""
    try:
        page = await fetch_page(programme, state, scope)
    except NoRelease:
        return await _show_unreleased(programme, state, measure)
    progress, of_plan = _find_measure(page, measure)
    catalogue, address = page.reader.catalogue, f"/programmes/{programme}/measures/{measure}"
    views: list[BreakdownView] = []
    for one in list_breakdowns(of_plan, catalogue):
        figures = await fetch_breakdown(page, progress, one)
        shapes, rows = await fetch_shapes(page, one, figures), name_figures(one, figures, catalogue)
        views.append(build_view(one, rows, shapes, title=progress.label, address=address))
    entries: list[EntryView] = []
    is_counted = of_plan.kind not in UNCOUNTED_KINDS
    if not is_counted:
        entries = describe_entries(await fetch_measure_entries(page, measure))
        scope["state"].pop(SOURCE_KEY)  # not cached: a redacted entry must disappear from every process immediately
    curl, python = write_calls(programme, measure, read_own_address(request), is_counted=is_counted)
    return page_response(
        "measure.html",
        programme=_frame(page, address),
        card=build_card(progress, page.figures[measure].history, catalogue, is_large=True),
        views=views,
        entries=entries,
        is_counted=is_counted,
        facts=list_facts(progress, of_plan),
        caveats=progress.caveats,
        downloads=list_downloads(programme, measure, is_counted=is_counted),
        curl=curl,
        python=python,
    )


@get(f"{PATH}/measures/{{measure:str}}/chart.svg", middleware=CACHED)
async def draw_trend(
    programme: FromPath[str],
    measure: FromPath[str],
    state: State,
    scope: Scope,
    size: FromQuery[Literal["small", "large"]] = "small",
) -> Response[bytes]:
    """Draw a measure over time."""
    page = await fetch_page(programme, state, scope)
    progress, of_plan = _find_measure(page, measure)
    history = page.figures[measure].history
    width, height = LARGE if size == "large" else SMALL
    chart = build_trend(
        list_points(history),
        find_lines(progress, history),
        axis=name_axis(of_plan.unit),
        width=width,
        height=height,
    )
    return _svg_response(await draw_chart(chart))


@get(f"{PATH}/measures/{{measure:str}}/by/{{key:str}}", middleware=CACHED)
async def draw_breakdown(
    programme: FromPath[str],
    measure: FromPath[str],
    key: FromPath[str],
    state: State,
    scope: Scope,
    size: FromQuery[Literal["small", "large"]] = "large",
) -> Response[bytes]:
    """Draw a measure by the areas of a level or the categories of a dimension."""
    page = await fetch_page(programme, state, scope)
    progress, of_plan = _find_measure(page, measure)
    catalogue = page.reader.catalogue
    breakdown = _find_breakdown(of_plan, catalogue, key)
    rows = name_figures(breakdown, await fetch_breakdown(page, progress, breakdown), catalogue)
    width = WIDTH if size == "large" else NARROW_WIDTH
    chart = build_bars([make_point(name, figure) for name, figure in rows], axis=name_axis(of_plan.unit), width=width)
    return _svg_response(await draw_chart(chart))


@get(f"{PATH}/measures/{{measure:str}}/map/{{key:str}}", middleware=CACHED)
async def draw_map(
    programme: FromPath[str],
    measure: FromPath[str],
    key: FromPath[str],
    state: State,
    scope: Scope,
    size: FromQuery[Literal["small", "large"]] = "large",
) -> Response[bytes]:
    """Draw a measure as a map of the areas of a level."""
    page = await fetch_page(programme, state, scope)
    progress, of_plan = _find_measure(page, measure)
    breakdown = _find_breakdown(of_plan, page.reader.catalogue, key)
    figures = await fetch_breakdown(page, progress, breakdown)
    shapes = await fetch_shapes(page, breakdown, figures)
    if not shapes.boundaries:
        raise NotFound(f"No boundaries for {key!r} are loaded.")
    unit, is_small = name_axis(of_plan.unit), size == "small"
    areas = page.reader.catalogue.areas
    names = {code: areas[code].name for code in shapes.boundaries} if shapes.are_invented else None
    picture = build_map(figures, shapes.boundaries, unit=unit, is_small=is_small, names=names)
    return _svg_response(await draw_chart(picture))


@get(f"{PATH}/logic-model", middleware=CACHED)
async def show_logic_model(programme: FromPath[str], state: State, scope: Scope) -> Response[str]:
    """Show the logic model as a picture and as a list."""
    try:
        page = await fetch_page(programme, state, scope)
    except NoRelease:
        return await _show_unreleased(programme, state)
    catalogue, address = page.reader.catalogue, f"/programmes/{programme}/logic-model"
    model = build_logic_model(page.reader.release, page.figures, catalogue)
    gaps = name_gaps(find_gaps(catalogue.plan, version=catalogue.version))
    return page_response(
        "logic_model.html",
        programme=_frame(page, address),
        picture=f"{address}.svg",
        columns=list_columns(model, gaps, catalogue),
    )


@get(f"{PATH}/logic-model.svg", middleware=CACHED)
async def draw_logic_model(programme: FromPath[str], state: State, scope: Scope) -> Response[bytes]:
    """Draw the logic model."""
    page = await fetch_page(programme, state, scope)
    catalogue = page.reader.catalogue
    model = build_logic_model(page.reader.release, page.figures, catalogue)
    gaps = name_gaps(find_gaps(catalogue.plan, version=catalogue.version))
    address = f"/programmes/{programme}/logic-model"
    graph = write_graph(model.nodes, model.links, gaps, address=address, sandbox=catalogue.sandbox)
    return _svg_response(await draw_graph(graph))


async def _show_unreleased(programme: str, state: State, measure: str | None = None) -> Response[str]:
    """Show the measures of a programme without a release, and when their returns are due. Raises NotFound."""
    async with state.public_engine.connect() as public:
        catalogue = await fetch_catalogue(public, programme)
    if measure is not None:
        catalogue.get_measure(measure)
    themes = list_planned_themes(catalogue, now=state.clock.read())
    frame = build_frame(catalogue, f"/programmes/{programme}")
    return page_response("no_release.html", programme=frame, themes=themes)


def _find_measure(page: ProgrammePage, slug: str) -> tuple[ReleasedMeasure, Measure]:
    progress = page.find_measure(slug)
    if progress is None:
        raise NotFound(f"The plan has no measure {slug!r}.")
    return progress, page.reader.catalogue.measures[slug]


def _find_breakdown(measure: Measure, catalogue: Catalogue, key: str) -> Breakdown:
    breakdown = next((one for one in list_breakdowns(measure, catalogue) if f"{one.key}.svg" == key), None)
    if breakdown is None:
        raise NotFound(f"The page of {measure.slug} has no picture by {key!r}.")
    return breakdown


def _frame(page: ProgrammePage, here: str) -> Any:
    return build_frame(page.reader.catalogue, here, release=page.reader.release, protection=page.progress.protection)


def _svg_response(svg: bytes) -> Response[bytes]:
    return Response(svg, media_type="image/svg+xml", headers=SVG_HEADERS)


router = Router(
    "/",
    route_handlers=[
        show_home,
        show_programme,
        show_measure,
        draw_trend,
        draw_breakdown,
        draw_map,
        show_logic_model,
        draw_logic_model,
        show_release,
    ],
    include_in_schema=False,
)
