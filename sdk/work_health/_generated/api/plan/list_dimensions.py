from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.dimension_page import DimensionPage


def call(
    programme: str,
) -> Call[DimensionPage]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/dimensions".format(
            programme=quote(str(programme), safe=""),
        ),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> DimensionPage:
    if response.status_code == 200:
        response_200 = DimensionPage.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
