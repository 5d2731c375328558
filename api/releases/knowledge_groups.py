"""Organisations that share knowledge: the audit treats each group of them as one reader."""

from collections.abc import Iterable, Mapping, Sequence

from api.plan.catalogue import Catalogue
from api.releases.scope_members import ScopeMember
from schema.organisations import Duty


def number_groups(
    catalogue: Catalogue, organisations: Sequence[str], earlier: Iterable[Mapping[str, int]] = ()
) -> list[int]:
    """Return the group number of each organisation. An organisation shares a group with predecessors and its parent.

    Organisations that the plan names only as a class, such as all choirs, do not share knowledge. Organisations that
    shared a group in an earlier release of the scope still share it, even if the current plan separates them.
    """
    parents = {organisation.slug: organisation.slug for organisation in catalogue.plan.organisations}

    def find_root(slug: str) -> str:
        while parents.get(slug, slug) != slug:
            slug = parents[slug]
        return slug

    for organisation in catalogue.plan.organisations:
        whole = organisation.member_of
        for other in (*organisation.successors, *([whole] if whole and whole not in catalogue.open_sets else [])):
            parents[find_root(organisation.slug)] = find_root(other)
    for group_numbers in earlier:
        first_members: dict[int, str] = {}
        for slug, number in group_numbers.items():
            parents[find_root(slug)] = find_root(first_members.setdefault(number, slug))
    roots = [find_root(slug) for slug in organisations]
    numbers = {root: number for number, root in enumerate(dict.fromkeys(roots))}
    return [numbers[root] for root in roots]


def may_publish_alone(members: Sequence[ScopeMember], organisation: str, catalogue: Catalogue) -> bool:
    """Return True if the organisation has duties for these series and all of them have `publish_alone`."""
    keys = {member.key for member in members}
    duties: list[Duty] = [
        duty
        for duty in catalogue.plan.duties
        if (duty.measure, duty.series) in keys and catalogue.resolve_holder(duty) == organisation
    ]
    return bool(duties) and all(duty.publish_alone for duty in duties)
