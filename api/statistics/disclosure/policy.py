"""Whether a programme may have the policy that its plan states."""

from msgspec.structs import asdict

from schema.disclosure import DisclosureClass, Policy, Rule


class LaxPolicy(Exception):  # noqa: N818  a refusal is not an error of ours
    """A programme's policy would protect less than the usual one, and no decision says that it may."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(f"Less strict than the usual policy, without a recorded decision: {', '.join(fields)}.")
        self.fields = fields


# Whether more of it is stricter. Wider bands, coarser bases and longer hold-backs hide more.
_STRICTER_IF_HIGHER = (
    "hide_to",
    "base",
    "hold_back",
    "smallest_after_shift",
    "width",
    "smallest_denominator",
    "whole_percent_below",
)
_STRICTER_IF_LOWER = ("hide_from", "totals_open")
_STRICTER_IF_TRUE = ("audit_providers", "protect_complements", "shift", "rates_from_displayed")


def find_laxer_fields(own: Rule, usual: Rule) -> list[str]:
    """What of a rule protects less than another one does."""
    mine, theirs = asdict(own), asdict(usual)
    return [
        *(field for field in (*_STRICTER_IF_HIGHER, *_STRICTER_IF_TRUE) if mine[field] < theirs[field]),
        *(field for field in _STRICTER_IF_LOWER if mine[field] > theirs[field]),
    ]


def check_policy(own: Policy, usual: Policy) -> Policy:
    """Return a programme's own policy. Raises `TooLax` where it is less strict and records no decision."""
    less = ["breakdowns"] if own.breakdowns > usual.breakdowns else []
    for one in DisclosureClass:
        less += [f"{one.value}.{field}" for field in find_laxer_fields(own.rule(one), usual.rule(one))]
    if less and own.decision is None:
        raise LaxPolicy(tuple(less))
    return own
