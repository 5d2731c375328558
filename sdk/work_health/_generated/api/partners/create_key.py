from __future__ import annotations

from ...._calls import Call
from ...._http import httpx
from ...models.issued_key import IssuedKey
from ...models.new_key import NewKey


def call(
    key: NewKey,
) -> Call[IssuedKey]:
    return Call(
        method="POST",
        path="/v1/me/keys",
        body=key.to_dict(),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> IssuedKey:
    if response.status_code == 201:
        response_201 = IssuedKey.from_dict(response.json())

        return response_201

    raise ValueError(f"{response.status_code} is not in the contract")
