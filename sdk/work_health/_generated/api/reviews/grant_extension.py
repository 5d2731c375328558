from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call, new_idempotency_key
from ...._http import httpx
from ...models.extension import Extension
from ...models.new_extension import NewExtension


def call(
    programme: str,
    extension: NewExtension,
    *,
    idempotency_key: str | None = None,
) -> Call[Extension]:
    return Call(
        method="POST",
        path="/v1/programmes/{programme}/extensions".format(
            programme=quote(str(programme), safe=""),
        ),
        body=extension.to_dict(),
        idempotency_key=idempotency_key or new_idempotency_key(),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> Extension:
    if response.status_code == 201:
        response_201 = Extension.from_dict(response.json())

        return response_201

    raise ValueError(f"{response.status_code} is not in the contract")
