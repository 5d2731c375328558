from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.preview_logic_model import PreviewLogicModel
from ...models.revision_basis import RevisionBasis


def call(
    programme: str,
    *,
    revision_basis: RevisionBasis | str | None = None,
) -> Call[PreviewLogicModel]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/preview/logic-model".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "revision_basis": revision_basis,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> PreviewLogicModel:
    if response.status_code == 200:
        response_200 = PreviewLogicModel.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
