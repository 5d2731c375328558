"""Suggest the nearest known codes for one that is not known."""

import difflib
from collections.abc import Iterable


def find_nearest_codes(code: str, known: Iterable[str]) -> list[str]:
    """Up to three known codes that look like `code`, the likeliest first."""
    return difflib.get_close_matches(code, list(known), n=3, cutoff=0.5)


def suggest_codes(code: str, known: Iterable[str]) -> str | None:
    """A sentence that offers the nearest codes, if any is near."""
    found = find_nearest_codes(code, known)
    return f"Did you mean {' or '.join(found)}?" if found else None
