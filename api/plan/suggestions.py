"""Suggest known codes that are similar to an unknown one."""

import difflib
from collections.abc import Iterable


def find_nearest_codes(code: str, known: Iterable[str]) -> list[str]:
    """Return up to three known codes that are similar to `code`, the most similar first."""
    return difflib.get_close_matches(code, list(known), n=3, cutoff=0.5)


def suggest_codes(code: str, known: Iterable[str]) -> str | None:
    """Return a question that suggests similar codes, or None if no known code is similar."""
    nearest = find_nearest_codes(code, known)
    return f"Did you mean {' or '.join(nearest)}?" if nearest else None
