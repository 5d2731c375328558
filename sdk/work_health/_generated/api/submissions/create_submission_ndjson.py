from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call, Content, new_idempotency_key
from ...._http import httpx
from ...models.submission_report import SubmissionReport


def call(
    programme: str,
    content: Content,
    *,
    dry_run: bool | None = None,
    dry_run_token: str | None = None,
    idempotency_key: str | None = None,
) -> Call[SubmissionReport]:
    return Call(
        method="POST",
        path="/v1/programmes/{programme}/submissions/ndjson".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "dry_run": dry_run,
            "dry_run_token": dry_run_token,
        },
        content=content,
        content_type="application/x-ndjson",
        idempotency_key=idempotency_key or new_idempotency_key(),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> SubmissionReport:
    if response.status_code == 200:
        response_200 = SubmissionReport.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = SubmissionReport.from_dict(response.json())

        return response_201

    raise ValueError(f"{response.status_code} is not in the contract")
