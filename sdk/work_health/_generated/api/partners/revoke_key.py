from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.client_key import ClientKey


def call(
    key: str,
) -> Call[ClientKey]:
    return Call(
        method="DELETE",
        path="/v1/me/keys/{key}".format(
            key=quote(str(key), safe=""),
        ),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ClientKey:
    if response.status_code == 200:
        response_200 = ClientKey.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
