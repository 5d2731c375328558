from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.return_schema import ReturnSchema


def call(
    programme: str,
    measure: str,
    *,
    period: str,
    organisation: str | None = None,
    series: str | None = None,
    service: str | None = None,
) -> Call[ReturnSchema]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/measures/{measure}/template.json".format(
            programme=quote(str(programme), safe=""),
            measure=quote(str(measure), safe=""),
        ),
        query={
            "period": period,
            "organisation": organisation,
            "series": series,
            "service": service,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ReturnSchema:
    if response.status_code == 200:
        response_200 = ReturnSchema.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
