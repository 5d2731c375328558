"""Which organisations' returns a caller may submit."""

from api.http.refusals import NotAllowed
from api.plan.catalogue import Catalogue


def resolve_owner(requested: str | None, organisation: str, catalogue: Catalogue) -> str:
    """Return the organisation that the submission is for.

    Raises NotAllowed if it is neither the caller's organisation nor one that it succeeds.
    """
    if requested is None or requested in catalogue.list_represented_organisations(organisation):
        return requested or organisation
    raise NotAllowed(f"The key belongs to {organisation} and cannot submit for another organisation.")
