"""The types of codes, texts and instants that every other struct uses."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

Slug = Annotated[
    str,
    Meta(
        pattern="^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=80,
        description="A kebab-case code. It never changes once it is in use.",
    ),
]
AreaCode = Annotated[
    str,
    Meta(
        pattern="^[A-Z][0-9]{8}(-unknown)?$",
        description=(
            "A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, "
            "the finer area not known*."
        ),
        examples=["E06000018"],
    ),
]
Word = Annotated[str, Meta(min_length=1, max_length=80, pattern="^[^\\x00]*$")]
"""A code, or a name that has only one code."""
ReferenceCode = Annotated[
    str,
    Meta(
        pattern="^[!-~\u00a1-\u00ac\u00ae-\u024f\u2010-\u2015]+$",  # letters, digits and signs that print; no blank
        max_length=40,
        description="The plan's own code for a passage: 1 to 40 printable characters without a space.",
        examples=["M2.2"],
    ),
]
Text = Annotated[str, Meta(min_length=1, max_length=2000, pattern="^[^\\x00]*$")]  # PostgreSQL cannot store a NUL
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 with an offset.")]
