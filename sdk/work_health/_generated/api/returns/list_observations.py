from __future__ import annotations

import datetime
from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.observation_page import ObservationPage


def call(
    programme: str,
    *,
    measure: str | None = None,
    series: str | None = None,
    service: str | None = None,
    organisation: str | None = None,
    period: str | None = None,
    area: str | None = None,
    as_of: datetime.datetime | None = None,
    updated_after: datetime.datetime | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[ObservationPage]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/observations".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "measure": measure,
            "series": series,
            "service": service,
            "organisation": organisation,
            "period": period,
            "area": area,
            "as_of": as_of,
            "updated_after": updated_after,
            "cursor": cursor,
            "limit": limit,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ObservationPage:
    if response.status_code == 200:
        response_200 = ObservationPage.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
