from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx


def call(
    programme: str,
    *,
    level: str | None = None,
    within: str | None = None,
) -> Call[bytes]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/areas.csv".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "level": level,
            "within": within,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> bytes:
    if response.status_code == 200:
        return response.content
    raise ValueError(f"{response.status_code} is not in the contract")
