from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call, new_idempotency_key
from ...._http import httpx
from ...models.decision import Decision
from ...models.review_result import ReviewResult


def call(
    programme: str,
    *,
    organisation: str,
    measure: str,
    series: str,
    service: str,
    period: str,
    decision: Decision,
    idempotency_key: str | None = None,
) -> Call[ReviewResult]:
    return Call(
        method="POST",
        path="/v1/programmes/{programme}/returns/{organisation}/{measure}/{series}/{service}/{period}/approval".format(
            programme=quote(str(programme), safe=""),
            organisation=quote(str(organisation), safe=""),
            measure=quote(str(measure), safe=""),
            series=quote(str(series), safe=""),
            service=quote(str(service), safe=""),
            period=quote(str(period), safe=""),
        ),
        body=decision.to_dict(),
        idempotency_key=idempotency_key or new_idempotency_key(),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ReviewResult:
    if response.status_code == 201:
        response_201 = ReviewResult.from_dict(response.json())

        return response_201

    raise ValueError(f"{response.status_code} is not in the contract")
