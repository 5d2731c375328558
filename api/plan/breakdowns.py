"""Breakdowns as keys: `age-band=25-34;sex=female`, with the empty key for the total."""

from collections.abc import Mapping
from itertools import product

from schema.plan import Plan

TOTAL_KEY = ""  # the key of the empty breakdown


def format_breakdown_key(breakdown: Mapping[str, str]) -> str:
    """Return `age-band=25-34;sex=female` for `{"sex": "female", "age-band": "25-34"}`."""
    return ";".join(f"{dimension}={breakdown[dimension]}" for dimension in sorted(breakdown))


def parse_breakdown_key(key: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in key.split(";")) if key else {}


def list_breakdown_keys(plan: Plan) -> list[str]:
    """Return the key of every breakdown by which the plan collects some measure, the total first."""
    categories = {d.slug: [c.code for c in d.categories] for d in plan.dimensions}
    schemes = {tuple(sorted(scheme.dimensions)) for measure in plan.measures for scheme in measure.schemes}
    keys = [TOTAL_KEY]
    for dimensions in sorted(schemes):
        crossed = product(*(categories[d] for d in dimensions))
        keys.extend(format_breakdown_key(dict(zip(dimensions, codes, strict=True))) for codes in crossed)
    return keys
