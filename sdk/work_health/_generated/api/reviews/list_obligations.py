from __future__ import annotations

import datetime
from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.obligation_page import ObligationPage
from ...models.obligation_state import ObligationState


def call(
    programme: str,
    *,
    organisation: str | None = None,
    measure: str | None = None,
    period: str | None = None,
    state: ObligationState | str | None = None,
    due_before: datetime.datetime | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[ObligationPage]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/obligations".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "organisation": organisation,
            "measure": measure,
            "period": period,
            "state": state,
            "due_before": due_before,
            "cursor": cursor,
            "limit": limit,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ObligationPage:
    if response.status_code == 200:
        response_200 = ObligationPage.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
