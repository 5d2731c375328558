from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.released_entry_list import ReleasedEntryList


def call(
    programme: str,
    release: str,
    *,
    measure: Iterable[str] | None = None,
    period: Iterable[str] | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[ReleasedEntryList]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/releases/{release}/entries".format(
            programme=quote(str(programme), safe=""),
            release=quote(str(release), safe=""),
        ),
        query={
            "measure": measure,
            "period": period,
            "cursor": cursor,
            "limit": limit,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ReleasedEntryList:
    if response.status_code == 200:
        response_200 = ReleasedEntryList.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
