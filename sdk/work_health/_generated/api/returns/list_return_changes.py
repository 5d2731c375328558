from __future__ import annotations

from urllib.parse import quote

from ...._core import Call
from ...._http import httpx
from ...models.change_page import ChangePage


def call(
    programme: str,
    *,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[ChangePage]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/returns/changes".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "cursor": cursor,
            "limit": limit,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ChangePage:
    if response.status_code == 200:
        response_200 = ChangePage.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
