from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.period import Period


def call(
    code: str,
) -> Call[Period]:
    return Call(
        method="GET",
        path="/v1/periods/{code}".format(
            code=quote(str(code), safe=""),
        ),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> Period:
    if response.status_code == 200:
        response_200 = Period.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
