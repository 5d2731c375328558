from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.index_scale import IndexScale
from ...models.preview_inequality import PreviewInequality
from ...models.revision_basis import RevisionBasis


def call(
    programme: str,
    *,
    measure: str,
    dimension: str,
    category: str,
    reference_category: str,
    series: str | None = None,
    period: str | None = None,
    area: str | None = None,
    revision_basis: RevisionBasis | str | None = None,
    index_scale: IndexScale | str | None = None,
) -> Call[PreviewInequality]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/preview/inequality".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "measure": measure,
            "dimension": dimension,
            "category": category,
            "reference_category": reference_category,
            "series": series,
            "period": period,
            "area": area,
            "revision_basis": revision_basis,
            "index_scale": index_scale,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> PreviewInequality:
    if response.status_code == 200:
        response_200 = PreviewInequality.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
