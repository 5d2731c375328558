from __future__ import annotations

from ...._calls import Call
from ...._http import httpx
from ...models.readiness import Readiness


def call() -> Call[Readiness]:
    return Call(
        method="GET",
        path="/readyz",
        parse=_parse,
    )


def _parse(response: httpx.Response) -> Readiness:
    if response.status_code == 200:
        response_200 = Readiness.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
