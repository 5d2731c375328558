"""A delivery plan. A plan file (`schema/plans/*.yaml`) is one `Plan`."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from schema.areas import Area, Dimension, Family
from schema.codes import AreaCode, Slug, Text
from schema.disclosure import Policy
from schema.logic_model import Basis, Link, MeasureLink, Node, UnmodelledActivity
from schema.measures import Measure
from schema.organisations import Duty, Organisation, Role, SelfReview


class Window(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The days that the programme covers."""

    start: date
    end: date
    basis: Basis
    note: Text | None = None


class Calendar(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The deadlines of returns, in days after the last day of the period, London time."""

    due_days: Annotated[int, Meta(ge=0, description="Days until the return is due.")]
    late_after_days: Annotated[int, Meta(ge=0, description="Days until the return is late.")]
    closes_days: Annotated[int, Meta(ge=0)] | None = None
    """Days until the period closes to returns. Absent if it never closes."""
    basis: Basis


class Theme(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the plan's delivery themes."""

    slug: Slug
    title: Text


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The published plan from which the file was written."""

    title: Text
    publisher: Text


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A delivery plan with everything that it defines."""

    slug: Slug
    title: Text
    owner: Annotated[Slug, Meta(description="The organisation that owns the plan.")]
    document: Document
    area: Annotated[AreaCode, Meta(description="The area that the plan is for.")]
    window: Window
    calendar: Calendar
    self_review: Annotated[
        SelfReview | None, Meta(description="If absent, no reviewer can approve a return of their own organisation.")
    ] = None
    disclosure: Annotated[
        Policy, Meta(description="The protection of released figures. If absent, the default policy applies.")
    ] = Policy()
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
