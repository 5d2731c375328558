"""The rules of disclosure control as data: what is hidden, how the rest is rounded, how sure nobody may become.

docs/disclosure-control.md describes the method and its sources. Nothing depends on the secrecy of a policy.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.words import Text


class DisclosureClass(StrEnum):
    """Which rule protects a measure when it is released."""

    PERSONS = "persons"
    ORGANISATIONS = "organisations"
    PUBLISHED = "published"
    NONE = "none"


NonNegativeCount = Annotated[int, Meta(ge=0)]
PositiveCount = Annotated[int, Meta(ge=1)]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How counts of one disclosure class are protected. The defaults are those for people."""

    hide_from: Annotated[
        NonNegativeCount,
        Meta(description="The least count that is hidden; above 0, a visible zero can give a group away."),
    ] = 0
    hide_to: Annotated[int, Meta(ge=-1, description="The greatest count that is hidden; -1 hides none.")] = 7
    totals_open: Annotated[bool, Meta(description="Whether counts without a breakdown are never hidden.")] = False
    base: Annotated[int, Meta(ge=1, description="Counts are rounded to the nearest multiple.")] = 5
    hold_back: Annotated[
        PositiveCount,
        Meta(description="A displayed number moves only when the true one has moved by as much since it was last set."),
    ] = 5
    smallest_after_shift: Annotated[
        NonNegativeCount, Meta(description="A displayed number that moves never moves below it.")
    ] = 10
    width: Annotated[
        NonNegativeCount,
        Meta(description="How far apart the least and the greatest that a hidden count can be must lie."),
    ] = 4
    smallest_denominator: Annotated[
        NonNegativeCount, Meta(description="A percentage of fewer, as displayed, is not given.")
    ] = 20
    whole_percent_below: Annotated[
        NonNegativeCount,
        Meta(description="A percentage of fewer, as displayed, has no decimals; of others it has one."),
    ] = 100
    # What an attack suite turns off, one at a time, to prove that it bites.
    audit_providers: Annotated[
        bool, Meta(description="Whether the audit puts itself in the place of each provider too.")
    ] = True
    protect_complements: Annotated[
        bool, Meta(description="Whether those outside a part are protected like those in it.")
    ] = True
    shift: Annotated[
        bool,
        Meta(description="Whether a displayed number moves by the rounded increment, not afresh."),
    ] = True
    rates_from_displayed: Annotated[
        bool, Meta(description="Whether percentages are calculated from displayed numbers; else from the true ones.")
    ] = True

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


PERSONS_RULE = Rule()
ORGANISATIONS_RULE = Rule(
    hide_from=1,
    hide_to=2,
    totals_open=True,
    base=1,
    hold_back=1,
    smallest_after_shift=0,
    width=1,
    smallest_denominator=1,
)
UNPROTECTED_RULE = Rule(hide_to=-1, base=1, hold_back=1, smallest_after_shift=0, width=0, smallest_denominator=1)


class PolicyDecision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That a programme may protect less than is usual: who decided it, when and why."""

    by: Text
    on: date
    reason: Text
    assessment: Annotated[Text, Meta(description="Where the data protection impact assessment is to be found.")]


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rules, by disclosure class, under one version that every release quotes."""

    version: Annotated[int, Meta(ge=1)] = 1
    breakdowns: Annotated[int, Meta(ge=0, description="The largest number of dimensions besides area and period.")] = 2
    persons: Rule = PERSONS_RULE
    organisations: Rule = ORGANISATIONS_RULE
    published: Rule = UNPROTECTED_RULE
    none: Rule = UNPROTECTED_RULE
    decision: Annotated[
        PolicyDecision | None, Meta(description="Needed where anything is laxer than usual; null where nothing is.")
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
