from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx


def call(
    programme: str,
    *,
    plan_version: int | None = None,
) -> Call[bytes]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/outcomes/structure.xml".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "plan_version": plan_version,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> bytes:
    if response.status_code == 200:
        return response.content
    raise ValueError(f"{response.status_code} is not in the contract")
