"""What is read without a key comes from the replica, if there is one; all else from the primary."""

from collections.abc import Iterator
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from sqlalchemy.ext.asyncio import create_async_engine

from api.app import create_app
from api.database import connections
from schema.partners import Scope


async def test_what_needs_no_key_is_read_from_the_replica(application, second_application, harbour_programme):
    """The twin stands in for a replica that lags: it does not know the programme that the primary has by now."""
    replica = connections.create_public_engine(second_application.url, pool_size=2)
    application.app.state.public_engine = replica
    http = application.http_client(await application.issue_key("quay-college", Scope.READ, programme=harbour_programme))
    try:
        listed = [one["slug"] for one in (await http.get("/v1/programmes")).json()["items"]]
        assert harbour_programme not in listed
        assert (await http.get(f"/v1/programmes/{harbour_programme}/outcomes/availability")).status_code == 404
        assert (await http.get(f"/v1/programmes/{harbour_programme}/returns")).status_code == 200
    finally:
        await replica.dispose()


def handlers() -> Iterator[tuple[str, HTTPRouteHandler]]:
    engine = create_async_engine("postgresql+asyncpg://")
    app: Litestar = create_app(engine, engine)
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            yield route.path, handler


def given(handler: HTTPRouteHandler) -> set[str]:
    """The names of all that a handler is given, and of what that is made from."""
    provided = handler.resolve_dependencies()
    found: set[str] = set()
    waiting: list[Any] = [handler]
    while waiting:
        for name in waiting.pop().parsed_fn_signature.parameters:
            if name in provided and name not in found:
                found.add(name)
                waiting.append(provided[name])
    return found


def test_no_reading_without_a_key_goes_to_the_primary():
    open_to_all = [(path, given(handler)) for path, handler in handlers() if not handler.guards]
    assert len([path for path, names in open_to_all if "public" in names]) > 10
    assert [path for path, names in open_to_all if "transaction" in names] == []


def test_who_has_a_key_reads_what_it_has_written():
    """A replica may lag behind one's own submission; and reading writes down when the key was last used."""
    with_key = [(path, given(handler)) for path, handler in handlers() if handler.guards]
    assert [path for path, names in with_key if "caller" in names and "transaction" not in names] == []
