from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.extension_page import ExtensionPage


def call(
    programme: str,
) -> Call[ExtensionPage]:
    return Call(
        method="GET",
        path="/v1/programmes/{programme}/extensions".format(
            programme=quote(str(programme), safe=""),
        ),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> ExtensionPage:
    if response.status_code == 200:
        response_200 = ExtensionPage.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
