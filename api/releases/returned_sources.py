"""Who has returned what, and how exactly. It depends on no count."""

from collections.abc import Mapping

from msgspec import Struct

SourcesByPeriod = Mapping[str, frozenset[str]]
"""The organisations that contribute to each collected period."""


class ReturnedSources(Struct, frozen=True, kw_only=True):
    """Who has returned what, by series and period. It depends on no count."""

    services: Mapping[tuple[tuple[str, str], str], Mapping[str, frozenset[str]]]
    """The services of each organisation that has returned the period."""
    lacking_at_end: frozenset[tuple[tuple[str, str], str]]
    """Longer periods of stocks whose last period lacks a source that counts at their end."""
    bases: Mapping[tuple[tuple[str, str], str], Mapping[str, tuple[int, ...]]] = {}
    """To what the returns of each organisation for the period declare that their counts are rounded."""

    def list_bases(self, series: tuple[str, str], organisations_by_period: SourcesByPeriod) -> list[int]:
        """Return the bases of all returns of these organisations."""
        return [
            base
            for code, organisations in organisations_by_period.items()
            for organisation, bases in self.bases.get((series, code), {}).items()
            if organisation in organisations
            for base in bases
        ]
