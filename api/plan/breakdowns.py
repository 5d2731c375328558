"""Breakdowns as keys: `age-band=25-34;sex=female`, with the empty key for the total."""

from collections.abc import Mapping, Sequence
from itertools import product

from schema.plan import Plan

TOTAL_KEY = ""  # the key of the empty breakdown


def format_breakdown_key(breakdown: Mapping[str, str]) -> str:
    """Return `age-band=25-34;sex=female` for `{"sex": "female", "age-band": "25-34"}`."""
    return ";".join(f"{dimension}={breakdown[dimension]}" for dimension in sorted(breakdown))


def parse_breakdown_key(key: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in key.split(";")) if key else {}


def cross_categories(categories: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the key of each combination of the categories of these dimensions, in their order."""
    parts = [[f"{dimension}={code}" for code in codes] for dimension, codes in categories.items()]
    order = sorted(range(len(parts)), key=list(categories).__getitem__)
    return [";".join([combination[index] for index in order]) for combination in product(*parts)]


def list_breakdown_keys(plan: Plan) -> list[str]:
    """Return the key of every breakdown by which the plan collects some measure, the total first."""
    categories = {d.slug: [c.code for c in d.categories] for d in plan.dimensions}
    schemes = {tuple(sorted(scheme.dimensions)) for measure in plan.measures for scheme in measure.schemes}
    keys = [TOTAL_KEY]
    for dimensions in sorted(schemes):
        keys += cross_categories({dimension: categories[dimension] for dimension in dimensions})
    return keys
