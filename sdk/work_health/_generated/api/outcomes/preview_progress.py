from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.preview_progress import PreviewProgress
from ...models.revision_basis import RevisionBasis


def call(
    programme: str,
    *,
    revision_basis: RevisionBasis | str | None = None,
) -> Call[PreviewProgress]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/preview/progress".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "revision_basis": revision_basis,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> PreviewProgress:
    if response.status_code == 200:
        response_200 = PreviewProgress.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
