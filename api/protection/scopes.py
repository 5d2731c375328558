"""Scopes: the counts of a provider that are protected together, because they are linked.

A scope is a series with the measures joined to it, in one period. The figures of a longer period are calculated from
displayed counts, so they need no scope, except for distinct people, who may have a return of their own for it. A
cumulative count is the sum of its increments since it was last reset, so its periods between two resets share a scope.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from api.figures.returns_data import SelectedRevision
from api.plan.catalogue import Catalogue, find_disclosure_class
from api.plan.periods import LONGER_PERIOD_TYPES, list_own_period_types, list_periods
from api.plan.scope_members import PROTECTED_KINDS, ScopeMember, find_joined_measures, list_members
from api.plan.scope_shapes import list_scope_areas, make_shape
from api.statistics import periods
from api.statistics.disclosure.lattice import ScopeShape
from schema.disclosure import DisclosureClass
from schema.measures import LAST_PERIOD_KINDS, Collection, Measure, MeasureKind
from schema.periods import Period, PeriodType


class AuditScope(Struct, frozen=True, kw_only=True):
    """The members in order, the whole first, and the shape of their cells."""

    key: str
    members: tuple[ScopeMember, ...]
    shape: ScopeShape
    collected_periods: dict[str, Period]
    """The periods of returns, by code, in time order."""


class SeriesScopes(Struct, frozen=True, kw_only=True):
    """All scopes of a series and the measures joined to it."""

    key: str
    disclosure_class: DisclosureClass
    members: tuple[ScopeMember, ...]
    scopes: tuple[AuditScope, ...]
    periods: dict[str, tuple[tuple[AuditScope, str], ...]]
    """Each released period with the scopes, and their periods, whose displayed counts it is calculated from.

    A longer period of distinct people also has the scopes of its own returns, and of those for the periods inside it.
    """

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
    longer = [
        period
        for type_ in LONGER_PERIOD_TYPES.get(cadence.period_type, ())
        for period in list_periods(catalogue.plan.window, type_)
        if period.end < today and set(periods.divide_period(period, cadence.period_type)) <= set(ended)
    ]
    return ended, longer


def group_returned_periods(returns: Iterable[SelectedRevision]) -> dict[tuple[str, str], list[Period]]:
    """Return the periods of the counted returns, by series."""
    periods_by_series: dict[tuple[str, str], list[Period]] = {}
    for revision in returns:
        if revision.is_counted:
            periods_by_series.setdefault((revision.measure, revision.series), []).append(revision.period)
    return periods_by_series


def list_series_scopes(
    catalogue: Catalogue,
    returned: Mapping[tuple[str, str], Sequence[Period]],
    *,
    today: date,
    excluded_measures: Iterable[str] = (),
) -> list[SeriesScopes]:
    """Return every scope of a release made today, in plan order. `returned` has the returned periods by series."""
    excluded = set(excluded_measures)
    joined = find_joined_measures(catalogue)
    parts = {slug for slugs in joined.values() for slug in slugs}
    series_scopes: list[SeriesScopes] = []
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
            series_scopes.append(_make_series_scopes(members, catalogue, returned.get(members[0].key, ()), today=today))
    return series_scopes


def _make_series_scopes(
    members: Sequence[ScopeMember], catalogue: Catalogue, returned: Iterable[Period], *, today: date
) -> SeriesScopes:
    whole, key = members[0].measure, "/".join(members[0].key)
    ended, longer = list_released_periods(whole, catalogue, returned, today=today)
    own = [period for period in longer if period.type in list_own_period_types(whole)]
    scopes: dict[str, AuditScope] = {}
    for span, collected in _group_linked_periods(members[0], catalogue, [*ended, *own]).items():
        increments = [collected[0].code, *(f"since {before.code}" for before in collected[:-1])]
        scope = AuditScope(
            key=f"{key} {span}",
            members=tuple(members),
            shape=make_shape(
                members, catalogue, {period.code: tuple(increments[: i + 1]) for i, period in enumerate(collected)}
            ),
            collected_periods={period.code: period for period in collected},
        )
        scopes |= dict.fromkeys(scope.collected_periods, scope)
    return SeriesScopes(
        key=key,
        disclosure_class=find_disclosure_class(whole, members[0].series),
        members=tuple(members),
        scopes=tuple({scope.key: scope for scope in scopes.values()}.values()),
        periods={code: ((scope, code),) for code, scope in scopes.items()}
        | {
            period.code: tuple((scopes[part.code], part.code) for part in _list_parts(whole, period, own))
            for period in longer
        },
    )


def _list_parts(measure: Measure, period: Period, own: Sequence[Period]) -> list[Period]:
    """Return the periods whose counts a longer one is calculated from: of a stock, the last one.

    `own` are the longer periods with returns of their own.
    """
    parts = list(periods.divide_period(period, measure.cadence.period_type))
    if measure.kind in LAST_PERIOD_KINDS:
        return parts[-1:]
    return [*(longer for longer in own if periods.contains(period, longer)), *parts]


def _group_linked_periods(
    member: ScopeMember, catalogue: Catalogue, ended: Sequence[Period]
) -> dict[str, list[Period]]:
    """Group the periods of a cumulative count between two resets. Any other period is a group of its own."""
    if member.measure.kind is not MeasureKind.CUMULATIVE:
        return {period.code: [period] for period in ended}
    if member.series.resets is None:
        return {"to-date": list(ended)} if ended else {}
    spans = periods.list_periods_between(member.series.resets, *_widen_window(catalogue))
    groups: dict[str, list[Period]] = {}
    for period in ended:
        code = next((span.code for span in spans if periods.contains(span, period)), period.code)
        groups.setdefault(code, []).append(period)
    return groups


def _widen_window(catalogue: Catalogue) -> tuple[date, date]:
    window = catalogue.plan.window
    return window.start.replace(year=window.start.year - 1, month=1, day=1), date(window.end.year + 1, 12, 31)


def exclude_periods(
    series_scopes: Iterable[SeriesScopes], displayed: Set[tuple[tuple[str, str], str]]
) -> list[SeriesScopes]:
    """Return the scopes without these periods of series, and without the longer periods that contain one of them."""
    remaining: list[SeriesScopes] = []
    for one in series_scopes:
        excluded = {code for code in one.periods if any((member.key, code) in displayed for member in one.members)}
        scopes = {scope.key: scope for scope in one.scopes if excluded.isdisjoint(scope.collected_periods)}
        released = {
            code: parts
            for code, parts in one.periods.items()
            if code not in excluded and all(scope.key in scopes for scope, _ in parts)
        }
        remaining.append(replace(one, scopes=tuple(scopes.values()), periods=released))
    return remaining


def iterate_series_periods(series_scopes: Iterable[SeriesScopes]) -> Iterator[tuple[tuple[str, str], Period]]:
    """Yield each series with each of its released periods."""
    for scopes in series_scopes:
        for member in scopes.members:
            for code in scopes.periods:
                yield member.key, periods.parse(code)


def find_regrouped_measures(
    protected: Iterable[tuple[str, Sequence[str]]], series_scopes: Sequence[SeriesScopes]
) -> set[str]:
    """Return the measures that were protected with other measures than now, so that their draws would be lost.

    `protected` has the keys of series, and their measures, of all earlier releases. A measure that has only lost or
    gained a series keeps its draws.
    """
    old: defaultdict[str, set[str]] = defaultdict(set)
    new: defaultdict[str, set[str]] = defaultdict(set)
    for key, measures in protected:
        for measure in measures:
            old[measure].add(key)
    for scopes in series_scopes:
        for measure in scopes.measures:
            new[measure].add(scopes.key)
    return {measure for measure, keys in new.items() if old[measure] - keys and keys - old[measure]}
