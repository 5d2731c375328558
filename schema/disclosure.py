"""The rules of disclosure control as data: how counts are rounded, what is hidden, how uncertain a reader stays.

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
    """How counts of one disclosure class are protected. The defaults are the rule for people.

    The rounding of each provider's counts must stay the same over all plan versions, because earlier releases were
    rounded with it. A programme may change which displayed figures are shown.
    """

    base: Annotated[
        PositiveCount,
        Meta(description="Each provider's counts are randomly rounded to a multiple of this. 1 protects nothing."),
    ] = 5
    far_share: Annotated[
        float,
        Meta(
            ge=0,
            le=0.1,
            description="The share of counts that are rounded to the multiple before the nearest two; as many are "
            "rounded to the one after.",
        ),
    ] = 0.03
    hold_back: Annotated[
        PositiveCount,
        Meta(
            description="A provider's displayed count changes only when the true one has moved by this much since it "
            "was set."
        ),
    ] = 8
    largest_small: Annotated[
        NonNegativeCount, Meta(description="Counts from 1 to this are small: nobody may calculate them.")
    ] = 7
    largest_small_change: Annotated[
        NonNegativeCount, Meta(description="Changes of 1 to this between two releases are small as well.")
    ] = 4
    width: Annotated[
        NonNegativeCount,
        Meta(
            description="The least allowed distance between the smallest and greatest possible values of a small one."
        ),
    ] = 4
    totals_open: Annotated[bool, Meta(description="If true, counts without a breakdown are exact.")] = False
    hide_below: Annotated[
        NonNegativeCount,
        Meta(description="A figure is shown as `c` if its displayed value is below this. 0 shows every figure."),
    ] = 10
    smallest_denominator: Annotated[
        NonNegativeCount, Meta(description="A percentage with a smaller displayed denominator is not published.")
    ] = 20
    whole_percent_below: Annotated[
        NonNegativeCount,
        Meta(description="A percentage with a smaller displayed denominator has no decimal; others have one."),
    ] = 100

    def __post_init__(self) -> None:
        if 2 * self.far_share * self.base > 1:
            raise ValueError("`far_share` must be at most half of 1 divided by `base`.")

    @property
    def protects(self) -> bool:
        """True if counts are rounded."""
        return self.base > 1

    @property
    def largest_first_error(self) -> int:
        """How far a provider's displayed count can be from the true one when it is set."""
        return self.base + self.base // 2 if self.far_share else self.base - 1

    @property
    def totals(self) -> "Rule":
        """The rule of counts without a breakdown."""
        return UNPROTECTED_RULE if self.totals_open else self

    @property
    def explanation(self) -> str:
        """Explain the rule to readers of the figures in plain words."""
        if not self.protects:
            return "The figures are shown without protection."
        exception = " of a breakdown" if self.totals_open else ""
        totals = "Totals are exact. " if self.totals_open else ""
        hidden = f"; figures below {self.hide_below}{exception} are not shown" if self.hide_below else ""
        return (
            f"{totals}Every count{exception} has been randomly rounded to a multiple of {self.base}, up or down, "
            f"so that no small number can be known{hidden}. Percentages, intervals, gaps and trends are calculated "
            "from the rounded counts."
        )


PERSONS_RULE = Rule()
ORGANISATIONS_RULE = Rule(
    base=3,
    far_share=0,
    hold_back=4,
    largest_small=2,
    largest_small_change=2,
    width=1,
    totals_open=True,
    hide_below=3,
    smallest_denominator=1,
)
UNPROTECTED_RULE = Rule(
    base=1,
    far_share=0,
    hold_back=1,
    largest_small=0,
    largest_small_change=0,
    width=0,
    hide_below=0,
    smallest_denominator=1,
)


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

    def explain(self, disclosure_class: DisclosureClass) -> str:
        """Explain how the measures of a class are protected, in plain words."""
        rule = self.rule(disclosure_class)
        if disclosure_class is DisclosureClass.PUBLISHED and not rule.protects:
            return "The figures are shown as their publishers give them, with the publishers' own protection."
        return rule.explanation
