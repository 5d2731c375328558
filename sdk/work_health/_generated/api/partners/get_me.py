from __future__ import annotations

from ...._calls import Call
from ...._http import httpx
from ...models.me import Me


def call() -> Call[Me]:
    return Call(
        method="GET",
        path="/v1/me",
        parse=_parse,
    )


def _parse(response: httpx.Response) -> Me:
    if response.status_code == 200:
        response_200 = Me.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
