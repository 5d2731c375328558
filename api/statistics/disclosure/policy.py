"""The rules of disclosure control as data: what is hidden, how the rest is rounded, how sure nobody may become.

Design, section 10; reasons and measurements in `reference/disclosure.md`. Nothing rests on the secrecy of a policy.
"""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import asdict

from schema.plan import DisclosureClass

_Count = Annotated[int, Meta(ge=0)]
_Size = Annotated[int, Meta(ge=1)]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How counts of one disclosure class are protected. The defaults are those for people."""

    hide_from: _Count = 0
    """The least count that is hidden. Above 0 a visible zero next to a hidden count gives a group away."""
    hide_to: Annotated[int, Meta(ge=-1)] = 7
    """The greatest count that is hidden; -1 hides none."""
    totals_open: bool = False
    """Whether counts without a breakdown are never hidden."""
    base: Annotated[int, Meta(ge=1, description="Counts are rounded to the nearest multiple.")] = 5
    hold_back: _Size = 5
    """A displayed number moves only when the true one has moved by as much since it was last set."""
    smallest_after_shift: _Count = 10
    """A displayed number that moves never moves below it."""
    width: _Count = 4
    """How far apart the least and the greatest that a hidden count can be must lie."""
    smallest_denominator: _Count = 20
    """A percentage of fewer, as displayed, is not given."""
    whole_percent_below: _Count = 100
    """A percentage of fewer, as displayed, has no decimals; of others it has one."""
    # What an attack suite turns off, one at a time, to prove that it bites.
    audit_providers: bool = True
    """Whether the audit puts itself in the place of each provider too."""
    protect_complements: bool = True
    """Whether those outside a part are protected like those in it."""
    shift: bool = True
    """Whether a displayed number moves by the rounded increment; else the new count is rounded afresh."""
    rates_from_displayed: bool = True
    """Whether percentages are calculated from displayed numbers; else from the true ones."""

    @property
    def protects(self) -> bool:
        """Whether anything is hidden at all."""
        return self.hide_to >= self.hide_from

    @property
    def explanation(self) -> str:
        """One plain sentence for whoever reads the figures."""
        if not self.protects:
            return "The figures are shown as they are."
        band = f"counts of {self.hide_from} to {self.hide_to} are"
        if self.hide_from == self.hide_to:
            band = f"a count of {self.hide_to} is"
        rest = f"all other counts are rounded to the nearest {self.base}" if self.base > 1 else "all others are exact"
        where = ", in breakdowns," if self.totals_open else ","
        return (
            f"To protect those who are counted{where} {band} shown as [c] and {rest}; a few other figures are withheld "
            "so that hidden ones cannot be worked out; percentages are calculated from the figures shown."
        )


PERSONS = Rule()
ORGANISATIONS = Rule(
    hide_from=1,
    hide_to=2,
    totals_open=True,
    base=1,
    hold_back=1,
    smallest_after_shift=0,
    width=1,
    smallest_denominator=1,
)
OPEN = Rule(hide_to=-1, base=1, hold_back=1, smallest_after_shift=0, width=0, smallest_denominator=1)


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rules, by disclosure class, under one version that every release quotes."""

    version: Annotated[int, Meta(ge=1)] = 1
    breakdowns: Annotated[int, Meta(ge=0, description="The largest number of dimensions besides area and period.")] = 2
    persons: Rule = PERSONS
    organisations: Rule = ORGANISATIONS
    published: Rule = OPEN
    none: Rule = OPEN
    decision: Annotated[
        str | None, Meta(description="Where it is recorded that something may be laxer than usual, and why.")
    ] = None

    def rule(self, disclosure_class: DisclosureClass) -> Rule:
        """The rule for measures of a class."""
        rules = {
            DisclosureClass.PERSONS: self.persons,
            DisclosureClass.ORGANISATIONS: self.organisations,
            DisclosureClass.PUBLISHED: self.published,
            DisclosureClass.NONE: self.none,
        }
        return rules[disclosure_class]


class TooLax(Exception):  # noqa: N818  a refusal is not an error of ours
    """A programme's policy would protect less than the usual one, and no decision says that it may."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(f"Less strict than the usual policy, without a recorded decision: {', '.join(fields)}.")
        self.fields = fields


# Whether more of it is stricter. Wider bands, coarser bases and longer hold-backs hide more.
_STRICTER_UP = (
    "hide_to",
    "base",
    "hold_back",
    "smallest_after_shift",
    "width",
    "smallest_denominator",
    "whole_percent_below",
)
_STRICTER_DOWN = ("hide_from", "totals_open")
_STRICTER_ON = ("audit_providers", "protect_complements", "shift", "rates_from_displayed")


def adopted(own: Policy, usual: Policy) -> Policy:
    """Return a programme's own policy. Raises `TooLax` where it is less strict and records no decision."""
    laxer = ["breakdowns"] if own.breakdowns > usual.breakdowns else []
    for name in (member.value for member in DisclosureClass):
        mine, theirs = asdict(getattr(own, name)), asdict(getattr(usual, name))
        laxer += [f"{name}.{field}" for field in (*_STRICTER_UP, *_STRICTER_ON) if mine[field] < theirs[field]]
        laxer += [f"{name}.{field}" for field in _STRICTER_DOWN if mine[field] > theirs[field]]
    if laxer and own.decision is None:
        raise TooLax(tuple(laxer))
    return own
