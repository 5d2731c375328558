from __future__ import annotations

import datetime
from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.audit_page import AuditPage


def call(
    programme: str,
    *,
    action: str | None = None,
    organisation: str | None = None,
    from_: datetime.datetime | None = None,
    to: datetime.datetime | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[AuditPage]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/audit".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "action": action,
            "organisation": organisation,
            "from": from_,
            "to": to,
            "cursor": cursor,
            "limit": limit,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> AuditPage:
    if response.status_code == 200:
        response_200 = AuditPage.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
