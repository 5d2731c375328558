from __future__ import annotations

import datetime
from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.revision_page import RevisionPage


def call(
    programme: str,
    *,
    organisation: str,
    measure: str,
    series: str,
    service: str,
    period: str,
    as_of: datetime.datetime | None = None,
) -> Call[RevisionPage]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/returns/{organisation}/{measure}/{series}/{service}/{period}/revisions".format(
            programme=quote(str(programme), safe=""),
            organisation=quote(str(organisation), safe=""),
            measure=quote(str(measure), safe=""),
            series=quote(str(series), safe=""),
            service=quote(str(service), safe=""),
            period=quote(str(period), safe=""),
        ),
        query={
            "as_of": as_of,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> RevisionPage:
    if response.status_code == 200:
        response_200 = RevisionPage.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
