from __future__ import annotations

from ...._calls import Call
from ...._http import httpx
from ...models.programme_page import ProgrammePage


def call() -> Call[ProgrammePage]:
    return Call(
        method="GET",
        path="/v1/programmes",
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ProgrammePage:
    if response.status_code == 200:
        response_200 = ProgrammePage.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
