"""The delivery plan: what is meant to lead to what, what is counted, by whom, and how it may be added up.

A plan file (`schema/plans/*.yaml`) is one `Plan`. The same structs are what the API answers with.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.codes import AreaCode, Slug, Text
from schema.disclosure import DisclosureClass, Policy
from schema.periods import PeriodCode, PeriodType


class Basis(StrEnum):
    """Where a statement comes from: the plan's own words, a reading of them, or a setting needed to work."""

    STATED = "stated"
    INFERRED = "inferred"
    PROPOSED = "proposed"


class LogicModelColumn(StrEnum):
    """The columns of a logic model, in their order."""

    INPUT = "input"
    ACTIVITY = "activity"
    OUTPUT = "output"
    OUTCOME = "outcome"
    IMPACT = "impact"


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


class Window(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The days that the programme covers."""

    start: date
    end: date
    basis: Basis
    note: Text | None = None


class Calendar(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a return is due, counted in days after the last day of its period, London time."""

    due_days: Annotated[int, Meta(ge=0, description="Days until the return is due.")]
    late_after_days: Annotated[int, Meta(ge=0, description="Days until which it still counts as timely.")]
    closes_days: Annotated[int, Meta(ge=0)] | None = None
    """Days until the period closes to returns; absent where it never does."""
    basis: Basis


class Theme(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the plan's delivery themes."""

    slug: Slug
    title: Text


class Node(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item of the logic model."""

    slug: Slug
    code: Annotated[str, Meta(max_length=20, examples=["A2.2"])]
    column: LogicModelColumn
    group: Slug | None = None
    title: Annotated[str, Meta(description="The plan's exact words.")]


class Link(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An arrow of the logic model, with the sentence of the plan that supports it."""

    source: Annotated[Slug, Meta(description="The node that leads.")]
    target: Annotated[Slug, Meta(description="The node that it leads to.")]
    basis: Basis
    quote: Annotated[str, Meta(description="The plan's exact words.")]
    note: Text | None = None


class MeasureLink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A measure that hangs on the logic model without an output or outcome node of its own."""

    source: Annotated[Slug | None, Meta(description="The node that leads to it; null where the plan names none.")]
    measure: Slug
    basis: Basis
    quote: Annotated[str, Meta(description="The plan's exact words.")]


class UnmodelledActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that the plan's text says will be done and its logic model does not show."""

    slug: Slug
    label: Text
    quote: Annotated[str, Meta(description="The plan's exact words.")]


class Category(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One code of a dimension."""

    code: Slug
    label: Text
    parent: Annotated[Slug | None, Meta(description="The broader code that this one is part of.")] = None
    mappings: Annotated[dict[str, str], Meta(description="The same category in other systems, by system.")] = {}


class Dimension(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way to break a measure down. The total is the absence of the dimension, never a code."""

    slug: Slug
    label: Text
    description: Text | None = None
    categories: Annotated[list[Category], Meta(min_length=1)]
    ordered: Annotated[
        bool, Meta(description="The categories stand in order, the worst off first; `unknown` stands outside it.")
    ] = False


class Area(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place with a GSS code."""

    code: AreaCode
    name: Text
    level: Annotated[Slug, Meta(examples=["ward"])]
    parent: Annotated[AreaCode | None, Meta(description="The area of the family that contains it.")] = None
    families: Annotated[list[Slug], Meta(min_length=1)]
    valid_from: date | None = None
    valid_to: date | None = None
    successors: list[AreaCode] = []


class Family(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Areas that nest in each other without overlap."""

    slug: Slug
    label: Text
    levels: Annotated[list[Slug], Meta(min_length=1, description="From the widest to the finest.")]


class Identifier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organisation's name in another register."""

    scheme: Annotated[Slug, Meta(examples=["ods"])]
    value: Text
    verified: bool


class Organisation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organisation that has a part in the plan."""

    slug: Slug
    name: Text
    kind: Annotated[Slug, Meta(examples=["nhs-trust"])]
    plan_name: Annotated[
        str | None, Meta(description="The plan's exact words for it; null where the plan does not name it.")
    ]
    basis: Basis
    identifiers: list[Identifier] = []
    open_set: Annotated[
        bool, Meta(description="True where the plan names a class of organisations and not its members.")
    ] = False
    member_of: Slug | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    successors: list[Slug] = []
    note: Text | None = None


class Role(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part that the plan needs somebody to play and leaves unnamed."""

    slug: Slug
    title: Text
    bound_to: Annotated[
        Slug | None, Meta(description="The organisation that the programme's owner has named; null until then.")
    ] = None
    note: Text | None = None


class PlanReference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place of the plan that asks for a measure."""

    code: Annotated[str, Meta(pattern="^(M[1-9]\\.[1-9]|O[1-9]|OC[1-9])$", examples=["M2.2"])]
    text: Annotated[str, Meta(description="The plan's exact words.")]


class Direction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which way is better, and who says so."""

    aim: Aim
    basis: Basis


class Scheme(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A breakdown that is collected: by area and at most two dimensions."""

    dimensions: Annotated[list[Slug], Meta(min_length=1, max_length=2)]
    exclusive: Annotated[bool, Meta(description="Nobody is in two categories.")]
    exhaustive: Annotated[bool, Meta(description="Everybody is in a category, `unknown` included.")]
    finest_level: Annotated[Slug, Meta(description="The finest area level at which it is collected.")]


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


class Duty(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who returns what. `holder` is an organisation or a role."""

    holder: Slug
    measure: Slug
    series: Slug
    service: Annotated[Slug, Meta(description="The contract or service that is reported on.")] = "main"
    area: AreaCode
    valid_from: date | None = None
    valid_to: date | None = None
    publish_alone: Annotated[bool, Meta(description="Whether cells that this holder alone feeds may be released.")] = (
        False
    )
    required: Annotated[
        bool, Meta(description="False where the plan only admits the return: it may be sent and is never missing.")
    ] = True
    basis: Basis


class SelfReview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That reviewers may decide on returns of their own organisation, and why."""

    reason: Text
    basis: Basis


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The published plan that the file was written from."""

    title: Text
    publisher: Text


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One delivery plan, whole."""

    slug: Slug
    title: Text
    owner: Annotated[Slug, Meta(description="The organisation that owns the plan.")]
    document: Document
    area: Annotated[AreaCode, Meta(description="The area that the plan is for.")]
    window: Window
    calendar: Calendar
    self_review: Annotated[
        SelfReview | None, Meta(description="Absent: nobody approves a return of the own organisation.")
    ] = None
    disclosure: Annotated[Policy, Meta(description="How what is released is protected; absent for what is usual.")] = (
        Policy()
    )
    themes: Annotated[list[Theme], Meta(min_length=1)]
    nodes: Annotated[list[Node], Meta(min_length=1)]
    links: list[Link]
    measure_links: list[MeasureLink] = []
    unmodelled_activities: list[UnmodelledActivity] = []
    families: Annotated[list[Family], Meta(min_length=1)]
    areas: Annotated[list[Area], Meta(min_length=1)]
    dimensions: list[Dimension]
    organisations: Annotated[list[Organisation], Meta(min_length=1)]
    roles: list[Role] = []
    measures: Annotated[list[Measure], Meta(min_length=1)]
    duties: list[Duty]
