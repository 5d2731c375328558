from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from ...._calls import Call
from ...._http import httpx
from ...models.publication_job import PublicationJob


def call(
    programme: str,
    publication: UUID,
) -> Call[PublicationJob]:
    return Call(
        method="POST",
        path="/v1/programmes/{programme}/publications/{publication}/cancellation".format(
            programme=quote(str(programme), safe=""),
            publication=quote(str(publication), safe=""),
        ),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> PublicationJob:
    if response.status_code == 200:
        response_200 = PublicationJob.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
