from __future__ import annotations

from urllib.parse import quote

from ...._calls import Call
from ...._http import httpx
from ...models.release import Release
from ...models.release_withdrawal import ReleaseWithdrawal


def call(
    programme: str,
    number: int,
    release_withdrawal: ReleaseWithdrawal,
) -> Call[Release]:
    return Call(
        method="POST",
        path="/v1/programmes/{programme}/releases/{number}/withdrawal".format(
            programme=quote(str(programme), safe=""),
            number=quote(str(number), safe=""),
        ),
        body=release_withdrawal.to_dict(),
        parse=_parse,
    )


def _parse(response: httpx.Response) -> Release:
    if response.status_code == 200:
        response_200 = Release.from_dict(response.json())

        return response_200

    raise ValueError(f"{response.status_code} is not in the contract")
