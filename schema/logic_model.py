"""The logic model: its items, the arrows between them, and the words of the plan that support each arrow."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.codes import Slug, Text


class Basis(StrEnum):
    """The origin of a statement: the plan's words, a reading of them, or a setting that the software needs."""

    STATED = "stated"
    INFERRED = "inferred"
    PROPOSED = "proposed"


class LogicModelColumn(StrEnum):
    """The columns of a logic model, in order."""

    INPUT = "input"
    ACTIVITY = "activity"
    OUTPUT = "output"
    OUTCOME = "outcome"
    IMPACT = "impact"


class Node(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item of the logic model."""

    slug: Slug
    code: Annotated[str, Meta(max_length=20, examples=["A2.2"])]
    column: LogicModelColumn
    group: Slug | None = None
    title: Annotated[str, Meta(description="The plan's exact words.")]


class Link(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link of the logic model, with the sentence of the plan that supports it."""

    source: Annotated[Slug, Meta(description="The node at which the link starts.")]
    target: Annotated[Slug, Meta(description="The node at which the link ends.")]
    basis: Basis
    quote: Annotated[str, Meta(description="The plan's exact words.")]
    note: Text | None = None


class MeasureLink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link from the logic model to a measure that has no output or outcome node."""

    source: Annotated[Slug | None, Meta(description="The node that leads to the measure; null if the plan names none.")]
    measure: Slug
    basis: Basis
    quote: Annotated[str, Meta(description="The plan's exact words.")]


class UnmodelledActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An activity in the text of the plan that its logic model does not have."""

    slug: Slug
    label: Text
    quote: Annotated[str, Meta(description="The plan's exact words.")]
