"""The page of each release."""

from litestar import Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from api.docs.layout import page_response
from api.pages.programme_frames import build_frame
from api.pages.release_views import describe_release
from api.plan.queries import fetch_catalogue
from api.releases import queries_releases, rules


@get("/programmes/{programme:str}/releases/{number:int}")
async def show_release(programme: FromPath[str], number: FromPath[int], state: State) -> Response[str]:
    """Show a release with its notes, its downloads and the other releases. Raises NotFound or NoRelease."""
    async with state.public_engine.connect() as public:
        catalogue = await fetch_catalogue(public, programme)
        releases = await queries_releases.list_releases(public, catalogue.id, catalogue.slug, now=state.clock.read())
    release = rules.choose_release(number, releases)
    frame = build_frame(catalogue, f"/programmes/{programme}/releases/{number}", release=release)
    return page_response("release.html", programme=frame, release=describe_release(release, releases))
