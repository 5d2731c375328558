from __future__ import annotations

from urllib.parse import quote

from ...._core import Call
from ...._http import httpx
from ...models.new_submission import NewSubmission
from ...models.report import Report


def call(
    programme: str,
    submission: NewSubmission,
) -> Call[Report]:
    return Call(
        method="POST",
        path="/v1/programmes/{programme}/submissions".format(
            programme=quote(str(programme), safe=""),
        ),
        body=submission.to_dict(),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> Report:
    if response.status_code == 201:
        response_201 = Report.from_dict(response.json())

        return response_201

    raise ValueError(f"{response.status_code} is not in the contract")
