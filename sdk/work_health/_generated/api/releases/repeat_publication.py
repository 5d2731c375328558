from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from ...._calls import Call, new_idempotency_key
from ...._http import httpx
from ...models.publication_job import PublicationJob


def call(
    programme: str,
    publication: UUID,
    *,
    idempotency_key: str | None = None,
) -> Call[PublicationJob]:
    return Call(
        method="POST",
        path="/v1/programmes/{programme}/publications/{publication}/repetition".format(
            programme=quote(str(programme), safe=""),
            publication=quote(str(publication), safe=""),
        ),
        idempotency_key=idempotency_key or new_idempotency_key(),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> PublicationJob:
    if response.status_code == 202:
        response_202 = PublicationJob.from_dict(response.json())

        return response_202

    raise ValueError(f"{response.status_code} is not in the contract")
