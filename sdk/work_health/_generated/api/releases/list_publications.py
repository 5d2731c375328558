from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.publication_job_list import PublicationJobList


def call(
    programme: str,
    *,
    limit: int | None = None,
) -> Call[PublicationJobList]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/publications".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "limit": limit,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> PublicationJobList:
    if response.status_code == 200:
        response_200 = PublicationJobList.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
