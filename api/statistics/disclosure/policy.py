"""Check that a programme's policy is not laxer than the default, unless a decision is recorded."""

from msgspec.structs import asdict

from schema.disclosure import DisclosureClass, Policy, Rule


class LaxPolicy(Exception):  # noqa: N818  a refusal is not an error of ours
    """A programme's policy protects less than the default policy, and no decision allows it."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(f"The policy is laxer than the default, without a recorded decision: {', '.join(fields)}.")
        self.fields = fields


# Wider bands, coarser bases and longer hold-backs hide more.
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
    """Return the fields of a rule that protect less than those of another rule."""
    mine, theirs = asdict(own), asdict(usual)
    return [
        *(field for field in (*_STRICTER_IF_HIGHER, *_STRICTER_IF_TRUE) if mine[field] < theirs[field]),
        *(field for field in _STRICTER_IF_LOWER if mine[field] > theirs[field]),
    ]


def check_policy(own: Policy, usual: Policy) -> Policy:
    """Return a programme's own policy. Raises LaxPolicy if it is laxer and records no decision."""
    laxer = ["breakdowns"] if own.breakdowns > usual.breakdowns else []
    for name in DisclosureClass:
        laxer += [f"{name.value}.{field}" for field in find_laxer_fields(own.rule(name), usual.rule(name))]
    if laxer and own.decision is None:
        raise LaxPolicy(tuple(laxer))
    return own
