from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.period_page import PeriodPage
from ...models.period_type import PeriodType


def call(
    programme: str,
    *,
    type_: PeriodType | str | None = None,
) -> Call[PeriodPage]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/periods".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "type": type_,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> PeriodPage:
    if response.status_code == 200:
        response_200 = PeriodPage.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
