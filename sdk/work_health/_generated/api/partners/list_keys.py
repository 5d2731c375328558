from __future__ import annotations

from ...._calls import Call
from ...._http import httpx
from ...models.client_key_list import ClientKeyList


def call() -> Call[ClientKeyList]:
    return Call(
        method="GET",
        path="/v1/me/keys",
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ClientKeyList:
    if response.status_code == 200:
        response_200 = ClientKeyList.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
