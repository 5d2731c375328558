from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.disclosure_class import DisclosureClass
from ...models.logic_model_column import LogicModelColumn
from ...models.measure_kind import MeasureKind
from ...models.measure_page import MeasurePage


def call(
    programme: str,
    *,
    theme: str | None = None,
    column: LogicModelColumn | str | None = None,
    kind: MeasureKind | str | None = None,
    disclosure_class: DisclosureClass | str | None = None,
    organisation: str | None = None,
    reference: str | None = None,
) -> Call[MeasurePage]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/measures".format(
            programme=quote(str(programme), safe=""),
        ),
        query={
            "theme": theme,
            "column": column,
            "kind": kind,
            "disclosure_class": disclosure_class,
            "organisation": organisation,
            "reference": reference,
        },
        parse=_parse,
    )


def _parse(response: httpx.Response) -> MeasurePage:
    if response.status_code == 200:
        response_200 = MeasurePage.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
