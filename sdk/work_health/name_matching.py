"""Comparison of names that people spell in different ways."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ._spelling.names import find_by_name, find_similar

_NOTE = re.compile(r"\s*\[\s*notes?\b[^\]]*\]", re.IGNORECASE)


def normalise_name(name: str) -> str:
    """Return the name in the form for comparison: without regard to case, spaces and underscores.

    A reference to a note, such as `sex [note 1]`, is not part of a name.
    """
    return re.sub(r"[\s_-]+", "-", _NOTE.sub("", name).strip().casefold())


def find_by_label(word: str, labels: Mapping[str, str]) -> list[str]:
    """Return the codes whose own text or label is this word in any spelling."""
    return find_by_name(word, {code: (code, label) for code, label in labels.items()})


def find_nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the most similar known name, or None if no name is similar."""
    return next(iter(find_similar(name, known)), None)
