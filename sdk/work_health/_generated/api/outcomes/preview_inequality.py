from __future__ import annotations

from urllib.parse import quote

from ...._core import Call
from ...._http import httpx
from ...models.inequality import Inequality
from ...models.revision_basis import RevisionBasis


def call(
    programme: str,
    *,
    measure: str,
    dimension: str,
    of: str,
    against: str,
    series: str | None = None,
    period: str | None = None,
    area: str | None = None,
    basis: RevisionBasis | str | None = None,
) -> Call[Inequality]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/preview/inequality".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "measure": measure,
            "dimension": dimension,
            "of": of,
            "against": against,
            "series": series,
            "period": period,
            "area": area,
            "basis": basis,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> Inequality:
    if response.status_code == 200:
        response_200 = Inequality.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
