"""Measures: what is counted, by which definitions, how often, and how figures add up."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.areas import Scheme
from schema.codes import AreaCode, ReferenceCode, Slug, Text
from schema.disclosure import DisclosureClass
from schema.logic_model import Basis, LogicModelColumn
from schema.periods import PeriodCode, PeriodType


class MeasureKind(StrEnum):
    """How the figures of a measure combine over time, organisations and categories."""

    FLOW = "flow"
    STOCK = "stock"
    CUMULATIVE = "cumulative"
    DISTINCT = "distinct"
    PROPORTION = "proportion"
    RATE = "rate"
    MEAN = "mean"
    GAP = "gap"
    MILESTONE = "milestone"
    EVIDENCE = "evidence"
    DERIVED = "derived"


RATIO_KINDS = frozenset({MeasureKind.PROPORTION, MeasureKind.RATE, MeasureKind.MEAN})
UNCOUNTED_KINDS = frozenset({MeasureKind.MILESTONE, MeasureKind.EVIDENCE})
"""Kinds that are returned as items or entries, so that they have no figures."""

LAST_PERIOD_KINDS = frozenset({MeasureKind.STOCK, MeasureKind.CUMULATIVE})
"""Kinds of which only the last period of a longer one counts."""


class Aim(StrEnum):
    """The change of a measure that the plan wants."""

    INCREASE = "increase"
    DECREASE = "decrease"
    ACHIEVE = "achieve"


class Collection(StrEnum):
    """The origin of the figures of a series."""

    PARTNERS = "partners"
    PUBLISHED = "published"
    DERIVED = "derived"


class Overlap(StrEnum):
    """`disjoint` if two organisations never count the same person or employer, otherwise `unknown`."""

    DISJOINT = "disjoint"
    UNKNOWN = "unknown"


class GeographyBasis(StrEnum):
    """The basis on which a count belongs to an area."""

    RESIDENCE = "residence"
    WORKPLACE = "workplace"
    SERVICE_LOCATION = "service-location"


class Operation(StrEnum):
    """How a derived series is calculated from other measures.

    `sum` adds. `union` counts distinct people or employers, so its value has bounds. `difference` subtracts the second
    of two proportions from the first. If one `contains` the other, it is the whole and the other its part.
    """

    SUM = "sum"
    UNION = "union"
    DIFFERENCE = "difference"


class PlanReference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passage of the plan that requires a measure."""

    code: ReferenceCode
    text: Annotated[str, Meta(description="The plan's exact words.")]


class Direction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The direction of improvement, with its basis."""

    aim: Aim
    basis: Basis


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The publication that a published series comes from."""

    publisher: Text
    title: Text
    identifier: Annotated[str | None, Meta(description="The publisher's code for it.")] = None
    statistical_status: Slug | None = None
    verified: bool
    note: Text | None = None


class Formula(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The formula of a derived series."""

    operation: Operation
    measures: Annotated[list[Slug], Meta(min_length=2)]


class Cadence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The periods for which a measure is returned."""

    period_type: PeriodType
    months: Annotated[int | None, Meta(description="The length of a `months-ending` period.")] = None
    basis: Basis
    note: Text | None = None


class Companion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The form of a published series that is read with the measure, but does not measure the same.

    Such a series has a kind, a unit and a cadence of its own. It has no direction, baseline or target, so that its
    verdicts are neutral: `higher` and `lower`.
    """

    kind: MeasureKind
    unit: Annotated[Slug, Meta(examples=["referrals"])]
    cadence: Cadence
    area: Annotated[
        AreaCode | None, Meta(description="The area to read it for; null for the area of the programme.")
    ] = None
    basis: Basis
    note: Text | None = None


class Series(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One definition of a measure. Values of different series are never joined or compared."""

    slug: Slug
    title: Text
    headline: bool
    collection: Collection
    definition: Text
    numerator: Text
    denominator: Text | None = None
    geography_basis: GeographyBasis
    source: Source | None = None
    formula: Formula | None = None
    valid_from: date | None = None
    supersedes: Slug | None = None
    resets: Annotated[
        PeriodType | None, Meta(description="The period type at whose start a cumulative series starts again.")
    ] = None
    companion: Annotated[
        Companion | None, Meta(description="Set for a published series of another form than the measure's.")
    ] = None


class LongerReturn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A longer period than the cadence's for which every duty of a distinct measure owes a return of its own.

    Distinct people of a year cannot be calculated from those of its quarters. A return for a longer period is accepted
    even if it is not owed.
    """

    period_type: PeriodType
    basis: Basis
    note: Text | None = None


class Baseline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The value of a measure in a period before the change that the plan wants, in the unit of the measure.

    A figure is compared with it if its period has the same length. Returns for the period are accepted, even before
    the programme's window, but nobody owes them.
    """

    period: PeriodCode
    value: float
    basis: Basis


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The target of a measure for the end of a period, in the unit of the measure."""

    period: PeriodCode
    value: float
    basis: Basis


class PerPopulation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a count of a measure is also stated: as a rate of so many residents.

    The population is another measure of the plan, a published count of residents such as the mid-year estimates. It is
    no outcome: it needs no passage of the plan, and is left out where a reader names no measure.
    """

    population: Annotated[Slug, Meta(description="The measure that has the residents.")]
    per: Annotated[int, Meta(ge=1, description="The number of residents of whom the rate is stated.", examples=[1000])]
    unit: Annotated[Slug, Meta(examples=["referrals-per-1000-residents-16-64"])]
    label: Annotated[Text, Meta(examples=["Referrals per 1,000 residents aged 16 to 64"])]
    age_dimension: Annotated[Slug, Meta(description="Its categories are bands such as `16-24` and `65-plus`.")]
    ages: Annotated[
        list[Slug],
        Meta(
            description=(
                "The bands whose residents are the denominator of a count that is not broken down by age. Their "
                "counts alone are standardised. Empty for residents of all ages."
            )
        ),
    ] = []
    basis: Basis
    note: Text | None = None


class Measure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A quantity that all organisations return by the same definitions."""

    slug: Slug
    label: Annotated[str, Meta(description="A short name for lists and charts.")]
    title: Annotated[str, Meta(description="The plan's exact words.")]
    theme: Slug
    column: LogicModelColumn
    nodes: Annotated[list[Slug], Meta(description="The items of the logic model that it measures.")]
    plan_references: Annotated[
        list[PlanReference], Meta(description="Empty only for a population by which other measures are divided.")
    ]
    kind: MeasureKind
    unit: Annotated[Slug, Meta(examples=["referrals"])]
    direction: Direction
    disclosure_class: DisclosureClass
    cadence: Cadence
    longer_returns: Annotated[
        list[LongerReturn], Meta(description="Longer periods for which a distinct count is owed as well.")
    ] = []
    area_family: Slug
    overlap: Annotated[
        Overlap, Meta(description="`unknown` if two organisations can count the same person or employer.")
    ] = Overlap.UNKNOWN
    counts_events: Annotated[
        bool,
        Meta(
            description="True for a flow of events that happen by chance, such as deaths: changes are tested (Poisson)."
        ),
    ] = False
    schemes: list[Scheme] = []
    series: Annotated[list[Series], Meta(min_length=1)]
    contains: Annotated[
        list[Slug], Meta(description="Measures whose counts are part of the counts of this measure.")
    ] = []
    shares_denominator: list[Slug] = []
    stages: Annotated[list[Slug], Meta(description="The stages of a milestone, in order.")] = []
    domains: Annotated[list[Slug], Meta(description="The domains of an evidence measure.")] = []
    baseline: Baseline | None = None
    targets: list[Target] = []
    owner: Slug | None = None
    per_population: PerPopulation | None = None
    caveats: list[Text] = []
