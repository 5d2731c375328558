"""The rules of disclosure control as data: what is hidden, how the rest is rounded, how uncertain a reader stays.

docs/disclosure-control.md describes the method and its sources. Protection does not rely on the secrecy of a policy.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.codes import Text


class DisclosureClass(StrEnum):
    """The rule that protects a measure when it is released."""

    PERSONS = "persons"
    ORGANISATIONS = "organisations"
    PUBLISHED = "published"
    NONE = "none"


NonNegativeCount = Annotated[int, Meta(ge=0)]
PositiveCount = Annotated[int, Meta(ge=1)]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How counts of one disclosure class are protected. The defaults are the rule for people."""

    hide_from: Annotated[
        NonNegativeCount,
        Meta(
            description="The smallest hidden count. Above 0, a visible zero can reveal something about a whole group."
        ),
    ] = 0
    hide_to: Annotated[int, Meta(ge=-1, description="The largest hidden count; -1 hides no count.")] = 7
    totals_open: Annotated[bool, Meta(description="If true, counts without a breakdown are never hidden.")] = False
    base: Annotated[int, Meta(ge=1, description="Counts are rounded to the nearest multiple of this.")] = 5
    hold_back: Annotated[
        PositiveCount,
        Meta(
            description="A displayed number changes only when the true one has changed by this much since it was set."
        ),
    ] = 5
    smallest_after_shift: Annotated[
        NonNegativeCount, Meta(description="A displayed number that changes never falls below this.")
    ] = 10
    width: Annotated[
        NonNegativeCount,
        Meta(
            description="The smallest allowed distance between the lowest and highest possible values of a hidden one."
        ),
    ] = 4
    smallest_denominator: Annotated[
        NonNegativeCount, Meta(description="A percentage with a smaller displayed denominator is not published.")
    ] = 20
    whole_percent_below: Annotated[
        NonNegativeCount,
        Meta(description="A percentage with a smaller displayed denominator has no decimal; others have one."),
    ] = 100
    # The attack suite turns these off, one at a time, to prove that it detects the difference.
    audit_providers: Annotated[
        bool, Meta(description="If true, the audit also covers what each provider can infer.")
    ] = True
    protect_complements: Annotated[
        bool, Meta(description="If true, people outside a part are protected like the people in it.")
    ] = True
    shift: Annotated[
        bool,
        Meta(description="If true, a displayed number changes by the rounded increment and is not rounded again."),
    ] = True
    rates_from_displayed: Annotated[
        bool,
        Meta(description="If true, percentages are calculated from displayed numbers; if false, from true numbers."),
    ] = True

    @property
    def protects(self) -> bool:
        """True if the rule hides any count."""
        return self.hide_to >= self.hide_from

    @property
    def explanation(self) -> str:
        """Explain the rule to readers of the figures in plain words."""
        if not self.protects:
            return "The figures are shown without protection."
        band = f"counts of {self.hide_from} to {self.hide_to} are"
        if self.hide_from == self.hide_to:
            band = f"a count of {self.hide_to} is"
        others = f"all other counts are rounded to the nearest {self.base}" if self.base > 1 else "all others are exact"
        place = " in breakdowns" if self.totals_open else ""
        return (
            f"To protect the people counted, {band} shown as [c]{place}; {others}. Some other figures are withheld, "
            "so that nobody can calculate the hidden ones. Percentages are calculated from the displayed figures."
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
    """The decision that a programme may protect less than the defaults: who made it, when and why."""

    by: Text
    on: date
    reason: Text
    assessment: Annotated[Text, Meta(description="Where to find the data protection impact assessment.")]


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules of all disclosure classes, under one version that every release states."""

    version: Annotated[int, Meta(ge=1)] = 1
    breakdowns: Annotated[
        int, Meta(ge=0, description="The largest number of dimensions in addition to area and period.")
    ] = 2
    persons: Rule = PERSONS_RULE
    organisations: Rule = ORGANISATIONS_RULE
    published: Rule = UNPROTECTED_RULE
    none: Rule = UNPROTECTED_RULE
    decision: Annotated[
        PolicyDecision | None, Meta(description="Required if any rule is laxer than the default; null otherwise.")
    ] = None

    def rule(self, disclosure_class: DisclosureClass) -> Rule:
        """Return the rule for measures of a class."""
        rules = {
            DisclosureClass.PERSONS: self.persons,
            DisclosureClass.ORGANISATIONS: self.organisations,
            DisclosureClass.PUBLISHED: self.published,
            DisclosureClass.NONE: self.none,
        }
        return rules[disclosure_class]
