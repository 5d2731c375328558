from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.measure import Measure


def call(
    programme: str,
    measure: str,
) -> Call[Measure]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/measures/{measure}".format(
            programme=quote(str(programme), safe=""),
            measure=quote(str(measure), safe=""),
        ),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> Measure:
    if response.status_code == 200:
        response_200 = Measure.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
