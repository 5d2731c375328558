"""Finer bands than those of the plan."""

from __future__ import annotations

from collections.abc import Iterable

from ._spelling.bands import Band, read_band


def find_containing_band(text: str, codes: Iterable[str]) -> str | None:
    """Return the code of the band that contains a whole finer band or a single age, or None if none does."""
    band = Band(int(text), int(text)) if text.isdecimal() else read_band(text)
    if band is None:
        return None
    return next((code for code in codes if (ours := read_band(code)) and _contains(ours, band)), None)


def _contains(outer: Band, inner: Band) -> bool:
    return outer.low <= inner.low and (outer.high is None or (inner.high is not None and inner.high <= outer.high))
