"""What is answered about a programme: its plan, read in different ways."""

from typing import Annotated

from msgspec import Meta, Struct

from schema.areas import Area, Dimension, Family
from schema.codes import AreaCode, Slug
from schema.logic_model import Link, MeasureLink, Node, UnmodelledActivity
from schema.measures import Measure
from schema.organisations import Organisation, Role
from schema.periods import Period
from schema.plan import Calendar, Document, Theme, Window


class Programme(Struct, frozen=True, kw_only=True):
    """A delivery plan with its owner and window."""

    slug: Slug
    title: str
    sandbox: Annotated[bool, Meta(description="True for a copy in which to try things out.")]
    owner: Slug
    area: AreaCode
    document: Document
    window: Window
    calendar: Calendar
    themes: list[Theme]
    plan_version: Annotated[int, Meta(description="Counts the loadings of the plan file that changed it.")]


class ProgrammePage(Struct, frozen=True, kw_only=True):
    """The programmes that this server carries."""

    items: list[Programme]


class LogicModel(Struct, frozen=True, kw_only=True):
    """What is meant to lead to what."""

    programme: Slug
    plan_version: int
    nodes: list[Node]
    links: list[Link]
    measure_links: list[MeasureLink]
    unmodelled_activities: list[UnmodelledActivity]


class LogicModelGaps(Struct, frozen=True, kw_only=True):
    """Where the plan's logic model does not join up. Shown, never filled in."""

    programme: Slug
    plan_version: int
    nodes_without_measure: Annotated[list[Slug], Meta(description="Outputs and outcomes that nothing measures.")]
    nodes_without_origin: Annotated[list[Slug], Meta(description="Items past the inputs that nothing leads to.")]
    nodes_without_effect: Annotated[list[Slug], Meta(description="Items before the impacts that lead to nothing.")]
    outcomes_without_activity: Annotated[
        list[Slug], Meta(description="Outcomes that no activity leads to, even by way of other items.")
    ]
    outcomes_without_output: Annotated[
        list[Slug], Meta(description="Outcomes that no output leads to, even by way of other items.")
    ]
    activities_without_output: Annotated[list[Slug], Meta(description="Activities that lead to no output.")]
    measures_without_node: Annotated[
        list[Slug], Meta(description="Measures that the plan asks for and no item of its logic model stands for.")
    ]
    measures_without_origin: Annotated[
        list[Slug], Meta(description="Those of them that no activity of the logic model leads to either.")
    ]
    nodes_without_reference: Annotated[
        list[Slug], Meta(description="Outputs and outcomes that no bullet under *Measuring impact* asks for.")
    ]
    inputs_without_use: Annotated[list[Slug], Meta(description="Inputs that lead to no activity.")]
    unmodelled_activities: Annotated[
        list[UnmodelledActivity], Meta(description="What the text says will be done and the model does not show.")
    ]


class MeasurePage(Struct, frozen=True, kw_only=True):
    """Measures, in the order of the plan."""

    programme: Slug
    plan_version: int
    items: list[Measure]


class OrganisationPage(Struct, frozen=True, kw_only=True):
    """Organisations, and the roles that the plan leaves unnamed."""

    programme: Slug
    plan_version: int
    items: list[Organisation]
    roles: list[Role]


class DimensionPage(Struct, frozen=True, kw_only=True):
    """The ways to break a measure down."""

    programme: Slug
    plan_version: int
    items: list[Dimension]


class AreaPage(Struct, frozen=True, kw_only=True):
    """Areas and the families in which they nest."""

    programme: Slug
    plan_version: int
    families: list[Family]
    items: list[Area]


class PeriodPage(Struct, frozen=True, kw_only=True):
    """The periods of one type that lie within the programme's window."""

    programme: Slug
    items: list[Period]
