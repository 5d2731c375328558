"""The cells that a duty accepts, from its schema, and the labels of its codes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

from .name_matching import find_by_label, find_nearest, normalise_name

if TYPE_CHECKING:
    from ._generated.models import Dimension, ReturnSchema

BreakdownItems = frozenset[tuple[str, str]]
DEFAULT_NAMES = frozenset({"", "headline", "main"})
"""Series and services that the name of a return leaves out."""


class ReturnKey(NamedTuple):
    """The measure, series, service and period of a row."""

    measure: str
    series: str
    service: str
    period: str

    def __str__(self) -> str:
        names = [name for name in (self.series, self.service) if name not in DEFAULT_NAMES]
        return " ".join(["/".join([self.measure, *names]), self.period])


@dataclass(frozen=True, slots=True)
class ReturnForm:
    """The areas, breakdowns and number columns of a duty."""

    areas: frozenset[str]
    breakdowns: frozenset[BreakdownItems]
    cells: frozenset[tuple[str, BreakdownItems]]
    number_columns: tuple[str, ...]

    @classmethod
    def from_schema(cls, schema: ReturnSchema) -> ReturnForm | None:
        """Return None for a return that has no observations, such as milestones or evidence."""
        items = _get_nested(schema.properties.to_dict(), "observations", "items")
        rules = items.get("allOf")
        if not isinstance(rules, list):
            return None
        properties = _get_nested(items, "properties")
        branches = cast(list[object], _get_nested(cast(list[object], rules)[0]).get("anyOf", []))
        cells = {
            (area, breakdown)
            for branch in branches
            for area in _list_areas(branch)
            for breakdown in _list_breakdowns(branch)
        }
        return cls(
            areas=frozenset(area for area, _ in cells),
            breakdowns=frozenset(breakdown for _, breakdown in cells),
            cells=frozenset(cells),
            number_columns=tuple(name for name in ("value", "numerator", "denominator") if name in properties),
        )


def _get_nested(document: object, *names: str) -> dict[str, object]:
    for name in names:
        document = cast(dict[str, object], document).get(name) if isinstance(document, dict) else None
    return cast(dict[str, object], document) if isinstance(document, dict) else {}


def _list_areas(branch: object) -> list[str]:
    return cast(list[str], _get_nested(branch, "properties", "area").get("enum", []))


def _list_breakdowns(branch: object) -> list[BreakdownItems]:
    breakdowns = cast(list[dict[str, str]], _get_nested(branch, "properties", "breakdown").get("enum", []))
    return [frozenset(breakdown.items()) for breakdown in breakdowns]


@dataclass(slots=True)
class Labels:
    """The labels of categories and the names of areas, to suggest a code for a word."""

    dimensions: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    areas: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def from_plan(cls, dimensions: Iterable[Dimension], areas: Mapping[str, str]) -> Labels:
        labels = {
            dimension.slug: {category.code: category.label for category in dimension.categories}
            for dimension in dimensions
        }
        return cls(labels, dict(areas))

    def resolve_area(self, word: str, codes: Collection[str]) -> list[str]:
        """Return the code with this name; all of them, if several areas have it. Areas of the duty come first."""
        matches = find_by_label(word, self.areas)
        return [code for code in matches if code in codes] or matches

    def resolve_category(self, dimension: str, word: str) -> list[str]:
        """Return the code of the category with this code or label."""
        return find_by_label(word, self.dimensions[dimension])

    def find_nearest_code(self, word: str, codes: Iterable[str], labels: Mapping[str, str]) -> str | None:
        """Return the code whose own text or label is most similar to the word; None for a word that is another code."""
        codes = list(codes)
        code_by_name = {normalise_name(labels[code]): code for code in codes if code in labels}
        code_by_name |= {normalise_name(code): code for code in codes}
        nearest = find_nearest(normalise_name(word), code_by_name)
        return code_by_name[nearest] if nearest else None
