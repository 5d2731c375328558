"""Submissions by partners: returns with observations, items, entries or figures."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.codes import AreaCode, Slug, Text, Word
from schema.intervals import Confidence, IntervalMethod
from schema.periods import PeriodCode
from schema.verdicts import Tendency, TrendVerdict

# PostgreSQL's bigint has room for more. A count of people beyond this is a mistake, and many JSON readers round it.
MAX_COUNT = 2**53 - 1
MAX_NOTE_CHARACTERS = 2000
MAX_RETURNS = 1000  # in one submission
MAX_ENTRIES = 10_000  # of evidence, and items of milestones, in all returns of one submission
Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)]
Note = Annotated[str, Meta(max_length=MAX_NOTE_CHARACTERS, pattern="^[^\\x00]*$")]
# The characters of RFC 3986, so no control characters, and no `@` before the path, so no name and password.
# `$` alone would match before a line feed at the end.
WEB_ADDRESS_PATTERN = (
    "^https?://[A-Za-z0-9._~!$&'()*+,;=:%\\[\\]-]+([/?#][A-Za-z0-9._~!$&'()*+,;=:%\\[\\]/?#@-]*)?$(?!\\n)"
)
WebAddress = Annotated[
    str, Meta(pattern=WEB_ADDRESS_PATTERN, max_length=2000, examples=["https://www.nottinghaminsight.org.uk/"])
]


class Status(StrEnum):
    """Why there is no number (GSS shorthand)."""

    CONFIDENTIAL = "c"
    NOT_AVAILABLE = "x"
    NOT_APPLICABLE = "z"
    NONE_RECORDED = "w"


class ReturnKind(StrEnum):
    """`data` has figures; `nil` states that there was nothing to count; `withdrawn` withdraws the return."""

    DATA = "data"
    NIL = "nil"
    WITHDRAWN = "withdrawn"


class ReviewState(StrEnum):
    """The review state of a revision.

    A newer revision supersedes one that is not approved. The approval of a newer revision supersedes an approved one.
    """

    PENDING = "pending"
    QUERIED = "queried"
    APPROVED = "approved"
    SUPERSEDED = "superseded"
    REDACTED = "redacted"


class Observation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cell: an area and a breakdown, with a count, a numerator and denominator, or a status."""

    area: Annotated[
        Word,
        Meta(
            description="A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, the finer "
            "area not known*. A submission may have a name instead that only one area has.",
            examples=["E06000018"],
        ),
    ]
    breakdown: Annotated[
        dict[Slug, Word],
        Meta(
            description="Dimension to category; empty for the total. A submission may have the label of a category "
            "instead of its code.",
            max_length=2,
            examples=[{"sex": "female", "age-band": "25-34"}],
        ),
    ] = {}
    value: Count | None = None
    numerator: Count | None = None
    denominator: Count | None = None
    lower: Annotated[Count | None, Meta(description="With status `c`: the count is at least this.")] = None
    upper: Annotated[Count | None, Meta(description="With status `c`: the count is at most this.")] = None
    status: Status | None = None
    note: Note | None = None


class MilestoneItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One item that is to be achieved, and the stage that it has reached."""

    item: Annotated[
        Slug, Meta(description="Your own code for the item, the same in each return.", examples=["jsna-research-1"])
    ]
    title: Annotated[Text, Meta(examples=["Barriers to work for carers"])]
    stage: Annotated[Slug, Meta(description="One of the measure's `stages`.")]
    date: Annotated[date, Meta(description="The day on which the item reached the stage.")]
    url: Annotated[WebAddress | None, Meta(description="The evidence.")] = None


class EvidenceEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One piece of evidence that the measure asks for."""

    domain: Annotated[Slug, Meta(description="One of the measure's `domains`.")]
    title: Text
    date: date
    url: WebAddress | None = None
    people: Annotated[Count | None, Meta(description="How many people took part, if known.")] = None


# A text, because a number would lose the publisher's digits: `25.0` is not `25`.
DecimalText = Annotated[
    str,
    Meta(
        pattern="^-?[0-9]{1,15}(\\.[0-9]{1,17})?$",
        description="A decimal number with exactly the digits that its publisher gives.",
        examples=["25.0"],
    ),
]


class Marker(StrEnum):
    """A marker that annotates a number (GSS shorthand). It never replaces the number."""

    PROVISIONAL = "p"
    REVISED = "r"
    ESTIMATED = "e"
    LOW_RELIABILITY = "u"
    BREAK = "b"
    LOW = "low"


class FigureLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The confidence limits of a figure, in its unit. They are not a half-width."""

    lower: DecimalText
    upper: DecimalText
    confidence: Confidence = Confidence.P95
    method: Annotated[
        IntervalMethod,
        Meta(description="`published` if the publisher gives the limits, otherwise the method that calculated them."),
    ] = IntervalMethod.PUBLISHED


class PublisherTrend(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The recent trend as the publisher states it, by its own method and on its own data."""

    tendency: Tendency
    verdict: Annotated[TrendVerdict | None, Meta(description="Null if the publisher does not judge the direction.")] = (
        None
    )


class PublisherFigure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One figure of a published statistic, for an area and a breakdown, or the reason why there is none.

    The figure is stored as published and never rolled up.
    """

    area: Annotated[AreaCode, Meta(description="Any area of the plan, including the comparators.")]
    breakdown: Annotated[
        dict[Slug, Slug], Meta(description="Dimension to category; empty for the total.", max_length=2)
    ] = {}
    value: Annotated[DecimalText | None, Meta(description="In the measure's unit: 25.3 is 25.3 per cent.")] = None
    limits: Annotated[list[FigureLimits], Meta(max_length=2, description="At most one of each confidence.")] = []
    numerator: DecimalText | None = None
    denominator: DecimalText | None = None
    status: Status | None = None
    markers: Annotated[list[Marker], Meta(max_length=6)] = []
    note: Note | None = None
    trend: Annotated[
        PublisherTrend | None, Meta(description="The publisher's own trend up to this figure, if it states one.")
    ] = None


MAX_ROUNDING_BASE = 1000
RoundingBase = Annotated[
    int,
    Meta(
        ge=1,
        le=MAX_ROUNDING_BASE,
        description=(
            "The counts are rounded to the nearest multiple of this. Sums are then checked within the tolerance that "
            "follows, and figures have bounds."
        ),
        examples=[5],
    ),
]


class NewReturn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The return of one organisation for one measure and period. It replaces the current revision as a whole."""

    measure: Slug
    period: PeriodCode
    series: Annotated[
        Slug | None, Meta(description="The definition that is counted. Optional if partners return only one.")
    ] = None
    service: Slug = "main"
    kind: ReturnKind = ReturnKind.DATA
    observations: list[Observation] = []
    items: Annotated[list[MilestoneItem], Meta(max_length=1000, description="For a milestone measure.")] = []
    entries: Annotated[list[EvidenceEntry], Meta(max_length=1000, description="For an evidence measure.")] = []
    figures: Annotated[
        list[PublisherFigure], Meta(max_length=10_000, description="For a published series, sent by its publisher.")
    ] = []
    base_revision: Annotated[
        Annotated[int, Meta(ge=0, le=2**31 - 1)] | None,
        Meta(
            description=(
                "The number of the revision that this return was made from, or 0 for none. If another revision is "
                "current, the submission is rejected with the differences."
            ),
        ),
    ] = None
    note: Annotated[Note | None, Meta(description="Only your organisation and reviewers can read it.")] = None
    rounded_to: RoundingBase | None = None


class Justification(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a figure is right although a check questions it."""

    finding: Annotated[str, Meta(description="The finding's `id`.", examples=["3f9a1c20b7d4"])]
    text: Annotated[Text, Meta(examples=["Two providers joined in July; the caseload did double."])]


class NewSubmission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request with one or more returns. All of them are accepted, or none."""

    returns: Annotated[list[NewReturn], Meta(min_length=1, max_length=MAX_RETURNS)]
    organisation: Annotated[
        Slug | None, Meta(description="The organisation that submits. Optional: a key belongs to one organisation.")
    ] = None
    confirm_withdrawals: Annotated[
        bool,
        Meta(
            description=(
                "Current cells that the new return does not contain are withdrawn. Set this to true to withdraw more "
                "than a tenth of a return's cells."
            )
        ),
    ] = False
    justifications: Annotated[list[Justification], Meta(max_length=1000)] = []
    note: Note | None = None


class Withdrawal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The withdrawal of a return, with its reason."""

    reason: Text
    base_revision: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
