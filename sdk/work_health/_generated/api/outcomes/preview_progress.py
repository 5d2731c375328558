from __future__ import annotations

from urllib.parse import quote

from ...._core import Call
from ...._http import httpx
from ...models.progress import Progress
from ...models.revision_basis import RevisionBasis


def call(
    programme: str,
    *,
    basis: RevisionBasis | str | None = None,
) -> Call[Progress]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/preview/progress".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "basis": basis,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> Progress:
    if response.status_code == 200:
        response_200 = Progress.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
