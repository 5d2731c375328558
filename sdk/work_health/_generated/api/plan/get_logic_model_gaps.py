from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.logic_model_gaps import LogicModelGaps


def call(
    programme: str,
) -> Call[LogicModelGaps]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/logic-model/gaps".format(
            programme=quote(str(programme), safe=""),
        ),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> LogicModelGaps:
    if response.status_code == 200:
        response_200 = LogicModelGaps.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
