"""The replica: requests without a key read from it, and all others from the primary."""

from collections.abc import Iterator
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from sqlalchemy.ext.asyncio import create_async_engine

from api.app import create_app
from api.database import connections
from schema.partners import Scope


async def test_request_without_a_key_reads_from_the_replica(application, second_application, harbour_programme):
    """Use the second application as a replica that lags behind: it does not have the programme yet."""
    replica = connections.create_public_engine(second_application.url, pool_size=2)
    application.app.state.public_engine = replica
    http = application.http_client(await application.issue_key("quay-college", Scope.READ, programme=harbour_programme))
    try:
        slugs = [programme["slug"] for programme in (await http.get("/v1/programmes")).json()["items"]]
        assert harbour_programme not in slugs
        assert (await http.get(f"/v1/programmes/{harbour_programme}/outcomes/availability")).status_code == 404
        assert (await http.get(f"/v1/programmes/{harbour_programme}/returns")).status_code == 200
    finally:
        await replica.dispose()


def list_handlers() -> Iterator[tuple[str, HTTPRouteHandler]]:
    engine = create_async_engine("postgresql+asyncpg://")
    app: Litestar = create_app(engine, engine)
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            yield route.path, handler


def list_dependencies(handler: HTTPRouteHandler) -> set[str]:
    """Return the names of all direct and indirect dependencies of a handler."""
    provided = handler.resolve_dependencies()
    names: set[str] = set()
    pending: list[Any] = [handler]
    while pending:
        for name in pending.pop().parsed_fn_signature.parameters:
            if name in provided and name not in names:
                names.add(name)
                pending.append(provided[name])
    return names


def test_no_public_handler_uses_the_primary():
    public_handlers = [(path, list_dependencies(handler)) for path, handler in list_handlers() if not handler.guards]
    assert len([path for path, names in public_handlers if "public" in names]) > 10
    assert [path for path, names in public_handlers if "transaction" in names] == []


def test_handlers_with_a_key_use_the_primary():
    """Check this, because a replica may lag behind, and a request records when its key was last used."""
    with_key = [(path, list_dependencies(handler)) for path, handler in list_handlers() if handler.guards]
    assert [path for path, names in with_key if "caller" in names and "transaction" not in names] == []
