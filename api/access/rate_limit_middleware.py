"""Apply the quotas of requests to every request, and report them in its headers."""

from typing import Any, cast

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.access.rate_limits import RateLimiter, build_refusal
from api.http.budgets import is_local
from api.http.problems import read_authorization, send_refusal


class RateLimitMiddleware(ASGIMiddleware):
    """Refuse a request with 429 if its caller's quota is used up. Without a limiter in the state, there are no quotas.

    Addresses of this machine have no quota for what needs no key: a proxy that is not configured sends the requests of
    everybody. Wrong keys from them count.
    """

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "is_probe"

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        limiter: RateLimiter | None = cast("Any", scope)["litestar_app"].state.rate_limiter
        key = read_authorization(scope)
        address = (scope["client"] or ("",))[0]
        if limiter is None or (key is None and is_local(address)):
            await next_app(scope, receive, send)
            return
        usage = limiter.count_request(key, address)

        async def send_with_quota(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *usage.build_headers()]
                if key is not None and message["status"] == 401:
                    limiter.count_failure(address)
                elif key is not None and message["status"] < 400 and _needs_key(scope):
                    limiter.accept_key(key)
            await send(message)

        if not usage.is_exceeded:
            await next_app(scope, receive, send_with_quota)
            return
        refusal = build_refusal(usage)
        await send_refusal(scope, receive, send_with_quota, refusal, retry_after=usage.reset_seconds)


def _needs_key(scope: Scope) -> bool:
    return "route_handler" in scope and bool(getattr(scope["route_handler"], "security", None))
