from __future__ import annotations

import datetime
from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.return_kind import ReturnKind
from ...models.return_page import ReturnPage
from ...models.review_state import ReviewState


def call(
    programme: str,
    *,
    organisation: str | None = None,
    measure: str | None = None,
    series: str | None = None,
    service: str | None = None,
    period: str | None = None,
    kind: ReturnKind | str | None = None,
    state: ReviewState | str | None = None,
    as_of: datetime.datetime | None = None,
    updated_after: datetime.datetime | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[ReturnPage]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/returns".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "organisation": organisation,
            "measure": measure,
            "series": series,
            "service": service,
            "period": period,
            "kind": kind,
            "state": state,
            "as_of": as_of,
            "updated_after": updated_after,
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
