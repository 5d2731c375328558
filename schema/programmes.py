"""Responses about a programme: its plan in different views."""

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
    sandbox: Annotated[bool, Meta(description="True for a copy for trying things out.")]
    owner: Slug
    area: AreaCode
    document: Document
    window: Window
    calendar: Calendar
    themes: list[Theme]
    plan_version: Annotated[
        int, Meta(description="The number of the plan version. Each load of a changed file adds 1.")
    ]


class ProgrammePage(Struct, frozen=True, kw_only=True):
    """The programmes of this server."""

    items: list[Programme]


class LogicModel(Struct, frozen=True, kw_only=True):
    """The logic model of a plan: its nodes and links."""

    programme: Slug
    plan_version: int
    nodes: list[Node]
    links: list[Link]
    measure_links: list[MeasureLink]
    unmodelled_activities: list[UnmodelledActivity]


class LogicModelGaps(Struct, frozen=True, kw_only=True):
    """The gaps of the plan's logic model. They are listed, not filled."""

    programme: Slug
    plan_version: int
    nodes_without_measure: Annotated[list[Slug], Meta(description="Outputs and outcomes that nothing measures.")]
    nodes_without_origin: Annotated[list[Slug], Meta(description="Items after the inputs without an incoming link.")]
    nodes_without_effect: Annotated[list[Slug], Meta(description="Items before the impacts without an outgoing link.")]
    outcomes_without_activity: Annotated[
        list[Slug], Meta(description="Outcomes that no activity leads to, even through other items.")
    ]
    outcomes_without_output: Annotated[
        list[Slug], Meta(description="Outcomes that no output leads to, even through other items.")
    ]
    activities_without_output: Annotated[list[Slug], Meta(description="Activities that lead to no output.")]
    measures_without_node: Annotated[
        list[Slug], Meta(description="Measures that the plan requires but that have no item in its logic model.")
    ]
    measures_without_origin: Annotated[
        list[Slug], Meta(description="Measures without an item that no activity of the logic model leads to.")
    ]
    nodes_without_reference: Annotated[
        list[Slug], Meta(description="Outputs and outcomes that no bullet under *Measuring impact* mentions.")
    ]
    inputs_without_use: Annotated[list[Slug], Meta(description="Inputs that lead to no activity.")]
    unmodelled_activities: Annotated[
        list[UnmodelledActivity],
        Meta(description="Activities in the text of the plan that the logic model does not have."),
    ]


class MeasurePage(Struct, frozen=True, kw_only=True):
    """Measures, in the order of the plan."""

    programme: Slug
    plan_version: int
    items: list[Measure]


class OrganisationPage(Struct, frozen=True, kw_only=True):
    """Organisations, and the roles for which the plan names no organisation."""

    programme: Slug
    plan_version: int
    items: list[Organisation]
    roles: list[Role]


class DimensionPage(Struct, frozen=True, kw_only=True):
    """The dimensions by which measures are broken down."""

    programme: Slug
    plan_version: int
    items: list[Dimension]


class AreaPage(Struct, frozen=True, kw_only=True):
    """Areas and their families."""

    programme: Slug
    plan_version: int
    families: list[Family]
    items: list[Area]


class PeriodPage(Struct, frozen=True, kw_only=True):
    """The periods of one type that lie within the programme's window."""

    programme: Slug
    items: list[Period]
