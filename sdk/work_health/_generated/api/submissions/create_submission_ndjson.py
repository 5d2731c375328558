from __future__ import annotations

from urllib.parse import quote

from ...._core import Call, Content, new_key
from ...._http import httpx
from ...models.report import Report


def call(
    programme: str,
    content: Content,
    *,
    dry_run: bool | None = None,
    preview_token: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Report]:
    return Call(
        method="POST",
        path="/v1/programmes/{programme}/submissions/ndjson".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "dry_run": dry_run,
            "preview_token": preview_token,
        },
        content=content,
        content_type="application/x-ndjson",
        idempotency_key=idempotency_key or new_key(),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> Report:
    if response.status_code == 200:
        response_200 = Report.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = Report.from_dict(response.json())

        return response_201

    raise ValueError(f"{response.status_code} is not in the contract")
