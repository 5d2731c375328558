from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.released_logic_model import ReleasedLogicModel


def call(
    programme: str,
    *,
    release: str | None = None,
) -> Call[ReleasedLogicModel]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/logic-model/outcomes".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "release": release,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ReleasedLogicModel:
    if response.status_code == 200:
        response_200 = ReleasedLogicModel.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
