"""Generated from api/spelling/bands.py by tools/share_spelling.py; do not edit."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_CLOSED = re.compile(r"(?:aged?\s*)?(\d{1,4})\s*(?:[-\u2010-\u2015\u2212]|to)\s*(\d{1,4})(?:\s*years?)?", re.IGNORECASE)
_OPEN = re.compile(r"(?:aged?\s*)?(\d{1,4})\s*(?:\+|[- ]?plus|(?:and|or) (?:over|more|older|above))", re.IGNORECASE)
_UNDER = re.compile(r"(?:under|below|<)\s*(\d{1,4})", re.IGNORECASE)


class Band(NamedTuple):
    """A band of whole numbers. Both ends belong to it; `high` is None for a band without an upper end."""

    low: int
    high: int | None


def read_band(text: str) -> Band | None:
    """Return the band that a text means, such as `16-24`, `16 to 24`, `65+`, `65-plus` and `under 18`."""
    plain = text.strip()
    if closed := _CLOSED.fullmatch(plain):
        band = Band(int(closed[1]), int(closed[2]))
        return band if band.low <= int(closed[2]) else None
    if open_band := _OPEN.fullmatch(plain):
        return Band(int(open_band[1]), None)
    if under := _UNDER.fullmatch(plain):
        return Band(0, int(under[1]) - 1) if int(under[1]) else None
    return None


def find_same_band(text: str, codes: Iterable[str]) -> str | None:
    """Return the code with exactly the band that the text means, if there is one."""
    band = read_band(text)
    return None if band is None else next((code for code in codes if read_band(code) == band), None)


def explain_band(text: str, codes: Iterable[str]) -> str | None:
    """Return how a band that is not among the codes relates to them, or None if the text or the codes are no bands."""
    band = read_band(text)
    overlapping = [code for code in codes if band and (other := read_band(code)) and _overlap(band, other)]
    if band is None or not overlapping:
        return None
    if len(overlapping) > 1:
        return f"{text} overlaps {' and '.join(overlapping)}. Send people in each of these bands."
    whole = overlapping[0]
    if _contains(read_band(whole) or band, band):
        return f"{text} is a part of {whole}. Add up the bands that make {whole}, and send their sum."
    return f"{text} is wider than {whole}. Send people in {whole}, and in the bands next to it."


def _overlap(first: Band, second: Band) -> bool:
    return (first.high is None or second.low <= first.high) and (second.high is None or first.low <= second.high)


def _contains(outer: Band, inner: Band) -> bool:
    return outer.low <= inner.low and (outer.high is None or (inner.high is not None and inner.high <= outer.high))
