"""The milestones and the evidence of a measure on its page."""

from collections.abc import Sequence

from msgspec import Struct

from api.spelling.figure_words import shorten_period
from schema.released_figures import ReleasedEntry


class EntryView(Struct, frozen=True, kw_only=True):
    """A milestone item or an entry of evidence in words."""

    title: str
    url: str | None
    kind: str  # the stage of a milestone, or the domain of evidence
    day: str
    period: str


def describe_entries(entries: Sequence[ReleasedEntry]) -> list[EntryView]:
    """Return the entries, the newest first."""
    return [
        EntryView(
            title=entry.title,
            url=entry.url,
            kind=(entry.stage or entry.domain or "").replace("-", " "),
            day=f"{entry.date.day} {entry.date:%B %Y}",
            period=shorten_period(entry.period.label),
        )
        for entry in sorted(entries, key=lambda entry: entry.date, reverse=True)
    ]
