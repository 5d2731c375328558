from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.return_event_page import ReturnEventPage


def call(
    programme: str,
    *,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[ReturnEventPage]:
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


def _parse(response: httpx.Response) -> ReturnEventPage:
    if response.status_code == 200:
        response_200 = ReturnEventPage.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
