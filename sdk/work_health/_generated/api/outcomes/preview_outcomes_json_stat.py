from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.json_stat_dataset import JsonStatDataset
from ...models.outcome_form import OutcomeForm
from ...models.revision_basis import RevisionBasis


def call(
    programme: str,
    *,
    measure: Iterable[str] | None = None,
    series: str | None = None,
    theme: str | None = None,
    period: Iterable[str] | None = None,
    from_: str | None = None,
    to: str | None = None,
    area: Iterable[str] | None = None,
    within: Iterable[str] | None = None,
    level: Iterable[str] | None = None,
    group_by: Iterable[str] | None = None,
    breakdown: Iterable[str] | None = None,
    min_coverage: float | None = None,
    form: OutcomeForm | str | None = None,
    comparator: Iterable[str] | None = None,
    revision_basis: RevisionBasis | str | None = None,
) -> Call[JsonStatDataset]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/preview/outcomes.json-stat".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "measure": measure,
            "series": series,
            "theme": theme,
            "period": period,
            "from": from_,
            "to": to,
            "area": area,
            "within": within,
            "level": level,
            "group_by": group_by,
            "breakdown": breakdown,
            "min_coverage": min_coverage,
            "form": form,
            "comparator": comparator,
            "revision_basis": revision_basis,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> JsonStatDataset:
    if response.status_code == 200:
        response_200 = JsonStatDataset.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
