from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.area_page import AreaPage


def call(
    programme: str,
    *,
    level: str | None = None,
    within: str | None = None,
) -> Call[AreaPage]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/areas".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "level": level,
            "within": within,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> AreaPage:
    if response.status_code == 200:
        response_200 = AreaPage.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
