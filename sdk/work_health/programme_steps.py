"""Choosing the programme of an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._calls import send
from ._generated.api.partners import get_me
from ._generated.api.plan import list_programmes
from .errors import WorkHealthError

if TYPE_CHECKING:
    from ._calls import Steps
    from ._settings import Settings


def choose_programme(settings: Settings, programme: str | None) -> Steps[str]:
    """Return the given programme, the client's, the only one that the key opens, or the only one but sandboxes."""
    if chosen := programme or settings.programme:
        return chosen
    if "Authorization" in settings.headers:
        me = yield from send(get_me.call())
        slugs = list(dict.fromkeys(grant.programme for grant in me.grants))
    else:
        page = yield from send(list_programmes.call())
        slugs = [programme.slug for programme in page.items if not programme.sandbox]
    if len(slugs) == 1:
        return slugs[0]
    raise WorkHealthError(
        f"Choose a programme with `programme=` or WORK_HEALTH_PROGRAMME. Programmes: {', '.join(slugs) or 'none'}"
    )
