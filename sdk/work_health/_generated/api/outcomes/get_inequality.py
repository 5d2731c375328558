from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.index_scale import IndexScale
from ...models.released_inequality import ReleasedInequality


def call(
    programme: str,
    *,
    release: str | None = None,
    measure: str,
    dimension: str,
    category: str,
    reference_category: str,
    series: str | None = None,
    period: str | None = None,
    area: str | None = None,
    index_scale: IndexScale | str | None = None,
) -> Call[ReleasedInequality]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/inequality".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "release": release,
            "measure": measure,
            "dimension": dimension,
            "category": category,
            "reference_category": reference_category,
            "series": series,
            "period": period,
            "area": area,
            "index_scale": index_scale,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ReleasedInequality:
    if response.status_code == 200:
        response_200 = ReleasedInequality.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
