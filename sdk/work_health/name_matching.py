"""Comparison of names that people spell in different ways."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ._spelling.names import find_similar


def normalise_name(name: str) -> str:
    """Return the name in the form for comparison: without regard to case, spaces and underscores."""
    return re.sub(r"[\s_-]+", "-", name.strip().casefold())


def find_nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the most similar known name, or None if no name is similar."""
    return next(iter(find_similar(name, known)), None)
