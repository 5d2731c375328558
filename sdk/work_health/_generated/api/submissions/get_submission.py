from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from ...._calls import Call
from ...._http import httpx
from ...models.submission_report import SubmissionReport


def call(
    programme: str,
    submission: UUID,
) -> Call[SubmissionReport]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/submissions/{submission}".format(
            programme=quote(str(programme), safe=""),
            submission=quote(str(submission), safe=""),
        ),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> SubmissionReport:
    if response.status_code == 200:
        response_200 = SubmissionReport.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
