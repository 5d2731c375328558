"""Comparison of names that people spell in different ways."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


def normalise_name(name: str) -> str:
    """Return the name in the form for comparison: without regard to case, spaces and underscores."""
    return re.sub(r"[\s_-]+", "-", name.strip().casefold())


def find_nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the most similar known name, or None if no name is similar."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None
