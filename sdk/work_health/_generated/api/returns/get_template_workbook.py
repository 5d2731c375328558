from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx


def call(
    programme: str,
    measure: str,
    *,
    period: str,
    organisation: str | None = None,
    series: str | None = None,
    service: str | None = None,
) -> Call[bytes]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/measures/{measure}/template.xlsx".format(
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


def _parse(response: httpx.Response) -> bytes:
    if response.status_code == 200:
        return response.content
    raise ValueError(f"{response.status_code} is not in the contract")
