from __future__ import annotations

from urllib.parse import quote

from ...._core import Call
from ...._http import httpx
from ...models.return_page import ReturnPage


def call(
    programme: str,
    *,
    measure: str | None = None,
    organisation: str | None = None,
    period: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[ReturnPage]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/returns".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "measure": measure,
            "organisation": organisation,
            "period": period,
            "cursor": cursor,
            "limit": limit,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ReturnPage:
    if response.status_code == 200:
        response_200 = ReturnPage.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
