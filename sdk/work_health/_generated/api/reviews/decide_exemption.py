from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call, new_idempotency_key
from ...._http import httpx
from ...models.exemption import Exemption
from ...models.new_exemption import NewExemption


def call(
    programme: str,
    exemption: NewExemption,
    *,
    idempotency_key: str | None = None,
) -> Call[Exemption]:
    return Call(
        method="POST",
        path="/v1/programmes/{programme}/exemptions".format(
            programme=quote(str(programme), safe=""),
        ),
        body=exemption.to_dict(),
        idempotency_key=idempotency_key or new_idempotency_key(),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> Exemption:
    if response.status_code == 201:
        response_201 = Exemption.from_dict(response.json())

        return response_201

    raise ValueError(f"{response.status_code} is not in the contract")
