"""Organisations, the roles that they play, and the returns that they owe."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from schema.codes import AreaCode, Slug, Text
from schema.logic_model import Basis


class Identifier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organisation's name in another register."""

    scheme: Annotated[Slug, Meta(examples=["ods"])]
    value: Text
    verified: bool


class Organisation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organisation with a part in the plan."""

    slug: Slug
    name: Text
    kind: Annotated[Slug, Meta(examples=["nhs-trust"])]
    plan_name: Annotated[
        str | None, Meta(description="The plan's exact words for the organisation; null if the plan does not name it.")
    ]
    basis: Basis
    identifiers: list[Identifier] = []
    open_set: Annotated[
        bool, Meta(description="True if the plan names a class of organisations without its members.")
    ] = False
    member_of: Slug | None = None
    valid_from: date | None = None
    valid_to: Annotated[date | None, Meta(description="Its last day in the programme.")] = None
    successors: list[Slug] = []
    reads_after_leaving: Annotated[
        bool,
        Meta(description="False if it may not read its own returns after `valid_to`. It can write nothing."),
    ] = True
    note: Text | None = None


class Binding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organisation that plays a role from a day on, until its last day or the day of the next binding."""

    organisation: Slug
    valid_from: Annotated[date, Meta(description="It owes each period that ends on this day or later.")]
    valid_to: Annotated[
        date | None,
        Meta(description="Its last day in the role, as `end-binding` records it. It owes no period that ends later."),
    ] = None


class Role(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role for which the plan names no organisation."""

    slug: Slug
    title: Text
    bound_to: Annotated[
        Slug | None,
        Meta(description="The organisation that plays the role for the whole programme; null if there is none."),
    ] = None
    bindings: Annotated[
        list[Binding],
        Meta(description="The organisations that play the role one after another, as `bind-role` records them."),
    ] = []
    note: Text | None = None


class Duty(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A duty to return a series. `holder` is an organisation or a role."""

    holder: Slug
    measure: Slug
    series: Slug
    service: Annotated[Slug, Meta(description="The contract or service that the return covers.")] = "main"
    area: AreaCode
    valid_from: date | None = None
    valid_to: date | None = None
    publish_alone: Annotated[
        bool, Meta(description="True if cells with only this holder's figures can be released.")
    ] = False
    required: Annotated[
        bool, Meta(description="False if the return is optional. An optional return is never missing.")
    ] = True
    basis: Basis


class SelfReview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Permission for reviewers to decide on returns of their own organisation, with its reason."""

    reason: Text
    basis: Basis
