from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.released_progress import ReleasedProgress


def call(
    programme: str,
    *,
    release: str | None = None,
) -> Call[ReleasedProgress]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/progress".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "release": release,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ReleasedProgress:
    if response.status_code == 200:
        response_200 = ReleasedProgress.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
