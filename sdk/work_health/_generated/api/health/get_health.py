from __future__ import annotations

from ...._calls import Call
from ...._http import httpx
from ...models.health import Health


def call() -> Call[Health]:
    return Call(
        method="GET",
        path="/healthz",
        parse=_parse,
    )


def _parse(response: httpx.Response) -> Health:
    if response.status_code == 200:
        response_200 = Health.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
