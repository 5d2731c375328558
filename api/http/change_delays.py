"""Answer a change only when it is in force in every process."""

import asyncio
from typing import Any, cast

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send


class ChangeDelayMiddleware(ASGIMiddleware):
    """Send a success `change_seconds` of the application's state after the change is committed."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        async def send_in_force(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                await asyncio.sleep(cast("Any", scope)["litestar_app"].state.change_seconds)
            await send(message)

        await next_app(scope, receive, send_in_force)
