"""Cut off bodies that arrive too slowly: each occupies a connection and what a request needs."""

import asyncio

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.types.asgi_types import ReceiveMessage

from api.http.refusals import Refusal

GRACE_SECONDS = 20.0
MIN_BYTES_PER_SECOND = 4096


class SlowBody(Refusal):
    """The body arrived too slowly."""

    status = 408
    example = "A connection stops in the middle of a file, and nothing arrives for 20 seconds."
    fix = "Send the request again over a better connection. Compress large files, or send them in parts."


class SlowBodyMiddleware(ASGIMiddleware):
    """Refuse a request if its body needs longer than 20 s and a second for each 4 kB.

    Only the time counts in which the server waits for the body, not the time in which it processes parts of it.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(
        self, *, grace_seconds: float = GRACE_SECONDS, min_bytes_per_second: float = MIN_BYTES_PER_SECOND
    ) -> None:
        self._grace_seconds, self._min_bytes_per_second = grace_seconds, min_bytes_per_second

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        waited_seconds = 0.0
        received_bytes = 0
        is_complete = False

        async def receive_in_time() -> ReceiveMessage:
            nonlocal waited_seconds, received_bytes, is_complete
            if is_complete:  # what follows is the end of the connection
                return await receive()
            begin = asyncio.get_running_loop().time()
            allowed = self._grace_seconds + received_bytes / self._min_bytes_per_second - waited_seconds
            try:
                async with asyncio.timeout(allowed):
                    message = await receive()
            except TimeoutError:
                raise SlowBody(f"{received_bytes:,} bytes arrived in {waited_seconds + allowed:.0f} s.") from None
            waited_seconds += asyncio.get_running_loop().time() - begin
            if message["type"] == "http.request":
                received_bytes += len(message["body"])
                is_complete = not message["more_body"]
            return message

        await next_app(scope, receive_in_time, send)
