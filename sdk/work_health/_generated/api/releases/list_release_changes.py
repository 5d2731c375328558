from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.release_change_list import ReleaseChangeList


def call(
    programme: str,
    number: int,
    *,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[ReleaseChangeList]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/releases/{number}/changes".format(
            programme=quote(str(programme), safe=""),
            number=quote(str(number), safe=""),
        ),
        query={
            "cursor": cursor,
            "limit": limit,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ReleaseChangeList:
    if response.status_code == 200:
        response_200 = ReleaseChangeList.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
