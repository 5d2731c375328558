"""The different texts of each column of an export, and the column that most likely has texts of a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from .name_matching import normalise_name

MIN_RECOGNISED_SHARE = 0.5
"""A column is one of areas, categories or numbers if this share of its different cells is."""


def list_distinct(body: Iterable[Sequence[str]], index: int) -> list[str]:
    return list(dict.fromkeys(row[index].strip() for row in body if index < len(row) and row[index].strip()))


def choose_column(cells: Mapping[str, list[str]], is_known: Callable[[str], bool], *, prefers: str) -> str | None:
    """Return the column with the largest share of known cells; of equal ones, that with the preferred name."""
    shares = {
        name: sum(map(is_known, texts)) / len(texts) + (0.01 if prefers in normalise_name(name) else 0)
        for name, texts in cells.items()
        if texts
    }
    best = max(shares, key=lambda name: shares[name], default=None)
    return best if best is not None and shares[best] >= MIN_RECOGNISED_SHARE else None
