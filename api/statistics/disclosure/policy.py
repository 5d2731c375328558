"""Check that a programme's policy is not laxer than the default, unless a decision is recorded."""

from msgspec.structs import asdict

from schema.disclosure import DisclosureClass, Policy, Rule


class LaxPolicy(Exception):  # noqa: N818  a refusal is not an error of ours
    """A programme's policy protects less than the default policy, and no decision allows it."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(f"The policy is laxer than the default, without a recorded decision: {', '.join(fields)}.")
        self.fields = fields


ROUNDING_FIELDS = (
    "base",
    "far_share",
    "hold_back",
    "largest_small",
    "largest_small_change",
    "width",
    "totals_open",
)
"""The fields of a rule that must stay the same over all versions of a plan."""
_STRICTER_IF_HIGHER = (
    *(field for field in ROUNDING_FIELDS if field != "totals_open"),
    "hide_below",
    "smallest_denominator",
    "whole_percent_below",
)


def find_laxer_fields(own: Rule, usual: Rule) -> list[str]:
    """Return the fields of a rule that protect less than those of another rule."""
    mine, theirs = asdict(own), asdict(usual)
    laxer = [field for field in _STRICTER_IF_HIGHER if mine[field] < theirs[field]]
    return [*laxer, "totals_open"] if own.totals_open > usual.totals_open else laxer


def find_changed_rounding(old: Rule, new: Rule) -> list[str]:
    """Return the fields by which two rules round counts differently."""
    return [field for field in ROUNDING_FIELDS if getattr(old, field) != getattr(new, field)]


def check_policy(own: Policy, usual: Policy) -> Policy:
    """Return a programme's own policy. Raises LaxPolicy if it is laxer and records no decision."""
    laxer = ["breakdowns"] if own.breakdowns > usual.breakdowns else []
    for name in DisclosureClass:
        laxer += [f"{name.value}.{field}" for field in find_laxer_fields(own.rule(name), usual.rule(name))]
    if laxer and own.decision is None:
        raise LaxPolicy(tuple(laxer))
    return own
