from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.feature_collection import FeatureCollection
from ...models.outcome_form import OutcomeForm
from ...models.revision_basis import RevisionBasis


def call(
    programme: str,
    *,
    measure: str,
    level: str,
    series: str | None = None,
    period: str | None = None,
    within: str | None = None,
    breakdown: Iterable[str] | None = None,
    revision_basis: RevisionBasis | str | None = None,
    min_coverage: float | None = None,
    form: OutcomeForm | str | None = None,
) -> Call[FeatureCollection]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/preview/outcomes.geojson".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "measure": measure,
            "level": level,
            "series": series,
            "period": period,
            "within": within,
            "breakdown": breakdown,
            "revision_basis": revision_basis,
            "min_coverage": min_coverage,
            "form": form,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> FeatureCollection:
    if response.status_code == 200:
        response_200 = FeatureCollection.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
