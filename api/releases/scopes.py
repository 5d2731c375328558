"""Scopes: the figures that are audited together, because they are linked in areas, breakdowns and periods.

Counts of a flow add up to longer periods, so its months and quarters share a scope with their year. A stock on one
day says nothing certain about another day, so each of its periods is a scope. The same applies to a count of distinct
people. A cumulative count is the sum of its increments since it was last reset, so its periods share a scope.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct

from api.plan.catalogue import Catalogue
from api.plan.periods import list_periods
from api.releases.scope_members import PROTECTED_KINDS, SUMMED_KINDS, ScopeMember, find_joined_measures, list_members
from api.releases.scope_shapes import list_scope_areas, make_shape
from api.statistics import periods
from api.statistics.disclosure.lattice import ScopeShape
from schema.disclosure import DisclosureClass
from schema.measures import Collection, Measure, MeasureKind
from schema.periods import Period, PeriodType

LONGER_PERIOD_TYPES = {
    PeriodType.MONTH: (PeriodType.FINANCIAL_QUARTER, PeriodType.FINANCIAL_HALF, PeriodType.FINANCIAL_YEAR),
    PeriodType.FINANCIAL_QUARTER: (PeriodType.FINANCIAL_HALF, PeriodType.FINANCIAL_YEAR),
    PeriodType.FINANCIAL_HALF: (PeriodType.FINANCIAL_YEAR,),
    PeriodType.CALENDAR_QUARTER: (PeriodType.CALENDAR_YEAR,),
}
"""The longer periods that are released as well, once they are over; the longest last."""


class AuditScope(Struct, frozen=True, kw_only=True):
    """The members in order, the whole first, and the shape of their cells."""

    key: str
    disclosure_class: DisclosureClass
    members: tuple[ScopeMember, ...]
    shape: ScopeShape
    collected_periods: dict[str, Period]
    """The periods of returns, by code, in time order."""

    @property
    def measures(self) -> list[str]:
        return [member.measure.slug for member in self.members]


def list_released_periods(
    measure: Measure, catalogue: Catalogue, returned: Iterable[Period], *, today: date
) -> tuple[list[Period], list[Period]]:
    """Return the collected periods that are over, and the longer ones. They do not depend on what was returned.

    The exception is a snapshot, which has no calendar: its periods are those with a return.
    """
    cadence = measure.cadence
    if cadence.period_type is PeriodType.SNAPSHOT:
        collected = sorted(set(returned), key=lambda period: period.end)
    else:
        collected = list_periods(catalogue.plan.window, cadence.period_type, months=cadence.months)
    ended = [period for period in collected if period.end < today]
    types = LONGER_PERIOD_TYPES.get(cadence.period_type, ()) if measure.kind in SUMMED_KINDS else ()
    longer = [
        period
        for type_ in types
        for period in list_periods(catalogue.plan.window, type_)
        if period.end < today and set(periods.divide_period(period, cadence.period_type)) <= set(ended)
    ]
    return ended, longer


def list_scopes(
    catalogue: Catalogue,
    returned: Mapping[tuple[str, str], Sequence[Period]],
    *,
    today: date,
    excluded_measures: Iterable[str] = (),
) -> list[AuditScope]:
    """Return every scope of a release made today, in plan order. `returned` has the returned periods by series."""
    excluded = set(excluded_measures)
    joined = find_joined_measures(catalogue)
    parts = {slug for slugs in joined.values() for slug in slugs}
    scopes: list[AuditScope] = []
    for measure in catalogue.plan.measures:
        for series in measure.series:
            if series.collection is not Collection.PARTNERS or measure.kind not in PROTECTED_KINDS:
                continue
            if series.headline and measure.slug in parts:
                continue
            members = list_members(measure, series, joined.get(measure.slug, []), catalogue)
            # A scope has all of its members while one of them is released, so that the audit covers past releases.
            if {member.measure.slug for member in members} <= excluded or not list_scope_areas(measure, catalogue):
                continue
            scopes += _split_into_scopes(members, catalogue, returned.get(members[0].key, ()), today=today)
    return scopes


def _split_into_scopes(
    members: Sequence[ScopeMember], catalogue: Catalogue, returned: Iterable[Period], *, today: date
) -> Iterator[AuditScope]:
    whole = members[0].measure
    ended, longer = list_released_periods(whole, catalogue, returned, today=today)
    for span, collected in _group_linked_periods(members[0], catalogue, ended).items():
        parts_by_period: dict[str, tuple[str, ...]] = {period.code: (period.code,) for period in collected}
        if whole.kind is MeasureKind.CUMULATIVE:
            steps = [collected[0].code, *(f"since {before.code}" for before in collected[:-1])]
            parts_by_period = {period.code: tuple(steps[: i + 1]) for i, period in enumerate(collected)}
        for period in longer:
            inner = periods.divide_period(period, whole.cadence.period_type)
            if set(inner) <= set(collected):
                parts_by_period[period.code] = tuple(part.code for part in inner)
        yield AuditScope(
            key=f"{members[0].measure.slug}/{members[0].series.slug} {span}",
            disclosure_class=whole.disclosure_class,
            members=tuple(members),
            shape=make_shape(members, catalogue, parts_by_period),
            collected_periods={period.code: period for period in collected},
        )


def _group_linked_periods(
    member: ScopeMember, catalogue: Catalogue, ended: Sequence[Period]
) -> dict[str, list[Period]]:
    """Group linked periods: those of a year for a flow, those between two resets for a cumulative count."""
    kind, cadence = member.measure.kind, member.measure.cadence.period_type
    type_: PeriodType | None = None
    if kind in SUMMED_KINDS and cadence in LONGER_PERIOD_TYPES:
        type_ = LONGER_PERIOD_TYPES[cadence][-1]
    elif kind is MeasureKind.CUMULATIVE:
        if member.series.resets is None:
            return {"to-date": list(ended)} if ended else {}
        type_ = member.series.resets
    if type_ is None:
        return {period.code: [period] for period in ended}
    spans = periods.list_periods_between(type_, *_widen_window(catalogue))
    groups: dict[str, list[Period]] = {}
    for period in ended:
        code = next((span.code for span in spans if periods.contains(span, period)), period.code)
        groups.setdefault(code, []).append(period)
    return groups


def _widen_window(catalogue: Catalogue) -> tuple[date, date]:
    window = catalogue.plan.window
    return window.start.replace(year=window.start.year - 1, month=1, day=1), date(window.end.year + 1, 12, 31)


def iterate_series_periods(scopes: Iterable[AuditScope]) -> Iterator[tuple[tuple[str, str], Period]]:
    """Yield each series of these scopes with each of its periods."""
    for scope in scopes:
        for member in scope.members:
            for code in scope.shape.periods:
                yield member.key, periods.parse(code)


def find_regrouped_measures(audited: Iterable[tuple[str, Sequence[str]]], scopes: Sequence[AuditScope]) -> set[str]:
    """Return the measures that were audited with other measures than now, so that an audit would miss their history.

    `audited` has the keys and measures of all audit histories. A measure that has only lost or gained a series keeps
    its history.
    """
    old: defaultdict[str, set[str]] = defaultdict(set)
    new: defaultdict[str, set[str]] = defaultdict(set)
    for key, measures in audited:
        for measure in measures:
            old[measure].add(_parse_series(key))
    for scope in scopes:
        for measure in scope.measures:
            new[measure].add(_parse_series(scope.key))
    return {measure for measure, keys in new.items() if old[measure] - keys and keys - old[measure]}


def _parse_series(key: str) -> str:
    """Return the measure and series of the first member of the scope with this key."""
    return key.rpartition(" ")[0]
