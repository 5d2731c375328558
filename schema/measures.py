"""Measures: what is counted, by which definitions, how often, and how figures add up."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.areas import Scheme
from schema.codes import Slug, Text
from schema.disclosure import DisclosureClass
from schema.logic_model import Basis, LogicModelColumn
from schema.periods import PeriodCode, PeriodType


class MeasureKind(StrEnum):
    """How a measure's figures combine over time, organisations and categories."""

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


class Aim(StrEnum):
    """The way the plan wants a measure to move."""

    INCREASE = "increase"
    DECREASE = "decrease"
    ACHIEVE = "achieve"


class Collection(StrEnum):
    """Where a series' figures come from."""

    PARTNERS = "partners"
    PUBLISHED = "published"
    DERIVED = "derived"


class Overlap(StrEnum):
    """Whether the people or employers that two organisations count may be the same ones."""

    DISJOINT = "disjoint"
    UNKNOWN = "unknown"


class GeographyBasis(StrEnum):
    """What puts a count into an area."""

    RESIDENCE = "residence"
    WORKPLACE = "workplace"
    SERVICE_LOCATION = "service-location"


class Operation(StrEnum):
    """How a derived series is made of others.

    `sum` adds; `union` counts distinct members, so gives bounds; `difference` is the first of two proportions less the
    second, and a measure that `contains` the other is the whole that it is part of.
    """

    SUM = "sum"
    UNION = "union"
    DIFFERENCE = "difference"


class PlanReference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place of the plan that asks for a measure."""

    code: Annotated[str, Meta(pattern="^(M[1-9]\\.[1-9]|O[1-9]|OC[1-9])$", examples=["M2.2"])]
    text: Annotated[str, Meta(description="The plan's exact words.")]


class Direction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which way is better, and who says so."""

    aim: Aim
    basis: Basis


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a published series is published."""

    publisher: Text
    title: Text
    identifier: Annotated[str | None, Meta(description="The publisher's own code for it.")] = None
    statistical_status: Slug | None = None
    verified: bool
    note: Text | None = None


class Formula(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a derived series is made."""

    operation: Operation
    measures: Annotated[list[Slug], Meta(min_length=2)]


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
    resets: Annotated[PeriodType | None, Meta(description="A cumulative series starts again at each of these.")] = None


class Cadence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The periods for which a measure is returned."""

    period_type: PeriodType
    months: Annotated[int | None, Meta(description="The length of a `months-ending` period.")] = None
    basis: Basis
    note: Text | None = None


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the programme wants a measure to have reached at the end of a period, in the measure's unit."""

    period: PeriodCode
    value: float
    basis: Basis


class Measure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A quantity that everybody who holds a piece of it returns in the same way."""

    slug: Slug
    label: Annotated[str, Meta(description="A short name of ours.")]
    title: Annotated[str, Meta(description="The plan's exact words.")]
    theme: Slug
    column: LogicModelColumn
    nodes: Annotated[list[Slug], Meta(description="The items of the logic model that it measures.")]
    plan_references: Annotated[list[PlanReference], Meta(min_length=1)]
    kind: MeasureKind
    unit: Annotated[Slug, Meta(examples=["referrals"])]
    direction: Direction
    disclosure_class: DisclosureClass
    cadence: Cadence
    area_family: Slug
    overlap: Annotated[
        Overlap, Meta(description="Whether two organisations may count the same person or employer.")
    ] = Overlap.UNKNOWN
    schemes: list[Scheme] = []
    series: Annotated[list[Series], Meta(min_length=1)]
    contains: Annotated[list[Slug], Meta(description="Measures whose counts are part of this one's.")] = []
    shares_denominator: list[Slug] = []
    stages: Annotated[list[Slug], Meta(description="The stages of a milestone, in their order.")] = []
    domains: Annotated[list[Slug], Meta(description="The domains of an evidence measure.")] = []
    baseline: float | None = None
    targets: list[Target] = []
    owner: Slug | None = None
    caveats: list[Text] = []
