from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.revision_diff import RevisionDiff


def call(
    programme: str,
    *,
    organisation: str,
    measure: str,
    series: str,
    service: str,
    period: str,
    older: int,
    newer: int,
) -> Call[RevisionDiff]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/returns/{organisation}/{measure}/{series}/{service}/{period}/comparison".format(
            programme=quote(str(programme), safe=""),
            organisation=quote(str(organisation), safe=""),
            measure=quote(str(measure), safe=""),
            series=quote(str(series), safe=""),
            service=quote(str(service), safe=""),
            period=quote(str(period), safe=""),
        ),
        query={
            "older": older,
            "newer": newer,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> RevisionDiff:
    if response.status_code == 200:
        response_200 = RevisionDiff.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
