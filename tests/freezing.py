"""What a release freezes and protects, without a database: returns to the harbour in short, and plans that differ."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

import numpy as np
from msgspec.structs import replace

from api.outcomes import rules as questions
from api.outcomes.asked import Order
from api.outcomes.completeness import completeness
from api.outcomes.rules import Asked
from api.outcomes.standing import StandingCells, StandingRevision
from api.plan import calendar
from api.plan.catalogue import TOTAL, Catalogue, breakdown_key
from api.releases import figures, freezing, protection, scopes, shown
from api.releases.figures import Before, Earlier, Snapshot
from api.releases.freezing import Frozen
from api.releases.protection import Done, Kept, Work
from api.releases.scopes import AuditScope
from api.releases.shown import Shown
from api.reviews.leeway import Leeway
from api.statistics import periods
from api.statistics.disclosure.lattice import Node, Shape, nodes_of
from schema.disclosure import DisclosureClass
from schema.plan import Duty, Measure, Plan
from schema.releases import Figure, Release, ReleaseReport
from schema.submissions import ReturnKind
from tests.harbour import EAST, HERE, NOW, PLAN, TOWN, WEST

UNKNOWN = "E06999999-unknown"
PLACES = {"town": TOWN, "east": EAST, "west": WEST, "nowhere": UNKNOWN}
SHORT = {code: name for name, code in PLACES.items()}
LATER = date(2027, 6, 1)
"""A day on which the whole of the harbour's window is over."""


def measure(like: str, /, **changes: object) -> Measure:
    return replace(next(one for one in PLAN.measures if one.slug == like), **changes)


def plan_of(*measures: Measure, duties: Iterable[str] = (), **changes: object) -> Plan:
    """The harbour's plan with these measures alone. Duties: `quay learners`, `quay/evening learners alone`."""
    return replace(PLAN, measures=list(measures), duties=[_duty(text, measures) for text in duties], **changes)


def _duty(text: str, measures: Iterable[Measure]) -> Duty:
    who, slug, *alone = text.split()
    holder, _, service = who.partition("/")
    [series] = [s.slug for m in measures if m.slug == slug for s in m.series if s.headline]
    template = PLAN.duties[0]
    return replace(
        template,
        holder=f"{holder}-college" if holder in ("quay", "pier") else holder,
        measure=slug,
        series=series,
        service=service or "main",
        publish_alone=bool(alone),
    )


def scopes_of(here: Catalogue = HERE, *, on: date = LATER, **more: object) -> dict[str, AuditScope]:
    return {scope.key: scope for scope in scopes.scopes(here, more.pop("returned", {}), today=on, **more)}


def standing(*rows: str, here: Catalogue = HERE) -> tuple[list[StandingRevision], StandingCells]:
    """Rows such as `quay learners 2026-01 town sex=female 12`, `quay/evening … nil`, `… 8/10`, `… c`, `… c:1-4`."""
    revisions: dict[tuple[str, str, str], StandingRevision] = {}
    cells: list[tuple[int, str, str, str]] = []
    for row in rows:
        who, slug, period, *what = row.split()
        holder, _, service = who.partition("/")
        revision = revisions.setdefault(
            (who, slug, period),
            StandingRevision(
                id=len(revisions) + 1,
                measure=slug,
                series=next(s.slug for s in here.measures[slug].series if s.headline),
                organisation=f"{holder}-college" if holder in ("quay", "pier") else holder,
                service=service or "main",
                period=periods.parse(period),
                kind=ReturnKind.NIL if what == ["nil"] else ReturnKind.DATA,
                approved=True,
                first_recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
            ),
        )
        if what != ["nil"]:
            area, *breakdown, figure = what
            cells.append((revision.id, PLACES[area], breakdown_key(dict(p.split("=") for p in breakdown)), figure))

    def numbers(part) -> np.ndarray:
        return np.array([part(figure) for *_, figure in cells], dtype=np.float64)

    def cut(figure: str, sign: str, index: int) -> int | None:
        return int(figure.removeprefix("c:").split(sign)[index]) if sign in figure else None

    return list(revisions.values()), StandingCells(
        revision=np.array([number for number, *_ in cells], dtype=np.int64),
        area=np.array([here.ids.areas[area] for _, area, _, _ in cells], dtype=np.int64),
        breakdown=np.array([here.ids.breakdowns[key] for _, _, key, _ in cells], dtype=np.int64),
        value=numbers(lambda figure: int(figure) if figure.isdigit() else None),
        numerator=numbers(lambda figure: cut(figure, "/", 0)),
        denominator=numbers(lambda figure: cut(figure, "/", 1)),
        lower=numbers(lambda figure: cut(figure, "-", 0)),
        upper=numbers(lambda figure: cut(figure, "-", 1)),
        hidden=np.array([figure.startswith("c") for *_, figure in cells], dtype=np.bool_),
    )


def frozen(
    scope: AuditScope, *rows: str, here: Catalogue = HERE, shape: Shape | None = None
) -> tuple[Frozen, tuple[Node, ...]]:
    lattice = nodes_of(shape or scope.shape)
    returns, cells = standing(*rows, here=here)
    return freezing.frozen(scope, lattice, here, returns, cells), lattice.nodes


def named(node: Node) -> str:
    """`2026-01 town sex=female`, of a part `passes: 2026-01 town`."""
    part = f"{node.part}: " if node.part else ""
    return part + " ".join([node.period, SHORT.get(node.place, node.place), *(f"{d}={c}" for d, c in node.breakdown)])


def counts(scope: AuditScope, *rows: str, here: Catalogue = HERE, organisation: str | None = None) -> dict[str, object]:
    """Of each node the true count over all, `c` where somebody returned it as confidential, `?` where unknown."""
    found, nodes = frozen(scope, *rows, here=here)
    own = found.own if organisation is None else found.own[[found.organisations.index(organisation)]]
    return {
        named(node): "c" if hidden else "?" if unknown else int(count)
        for node, count, unknown, hidden in zip(nodes, own.sum(axis=0), found.unknown, found.hidden, strict=True)
    }


def work(scope: AuditScope, *rows: str, here: Catalogue = HERE, earlier: tuple[Kept, ...] = (), **more: object) -> Work:
    """As the publisher makes it."""
    shape = protection.shape_of(scope.shape, earlier)
    found, _ = frozen(scope, *rows, here=here, shape=shape)
    organisations = sorted({*found.organisations, *(o for one in earlier for o in one.frozen.organisations)})
    made = Work(
        key=scope.key,
        measures=tuple(scope.measures),
        rule=here.plan.disclosure.rule(scope.disclosure_class),
        shape=shape,
        frozen=found,
        group=dict(zip(organisations, scopes.groups(here, organisations, [one.group for one in earlier]), strict=True)),
        earlier=earlier,
    )
    return replace(made, **more)


def done(scope: AuditScope, *rows: str, **more: object) -> Done:
    result = protection.protected(work(scope, *rows, **more))
    assert isinstance(result, Done), result
    return result


def values(kept: Kept) -> dict[str, int | str]:
    """Of each node what is shown, or `c`."""
    nodes = nodes_of(kept.shape).nodes
    rows = zip(nodes, kept.display.shown.tolist(), kept.display.value.tolist(), strict=False)
    return {named(node): value if shown else "c" for node, shown, value in rows}


def only(found: Mapping[str, object], *words: str) -> dict[str, object]:
    """Those whose name holds all these words; the words are left out."""
    return {
        " ".join(w for w in name.split() if w not in words): value
        for name, value in found.items()
        if set(words) <= set(name.split())
    }


FROZEN_AT = datetime(2026, 4, 30, 12, tzinfo=UTC)
"""When releases are made here: January to March are over and their first quarter with them."""


def snapshot(
    *rows: str,
    here: Catalogue = HERE,
    number: int = 1,
    earlier: Mapping[str, tuple[Kept, ...]] | None = None,
    without: Iterable[str] = (),
    frozen_at: datetime = FROZEN_AT,
) -> tuple[Snapshot, dict[str, tuple[Kept, ...]]]:
    """A release of all scopes as the publisher makes it, and what the next one is to go on from."""
    returns, _ = standing(*rows, here=here)
    by_series: dict[tuple[str, str], list[StandingRevision]] = {}
    for one in returns:
        by_series.setdefault((one.measure, one.series), []).append(one)
    periods_of = {key: [one.period for one in its] for key, its in by_series.items()}
    today = calendar.today(frozen_at)
    every = scopes.scopes(here, periods_of, today=today, without=without)
    chain = dict(earlier or {})
    found = {scope.key: done(scope, *rows, here=here, earlier=chain.get(scope.key, ())) for scope in every}
    for key, result in found.items():
        if not result.report.carried:
            chain[key] = (*chain.get(key, ()), result.kept)
    wanted = {(key, period.code): period for key, period in figures.spans(every)}
    for one in here.plan.measures:
        for series in one.series:
            key = (one.slug, series.slug)
            over, longer = scopes.released_periods(one, here, periods_of.get(key, []), today=today)
            wanted |= {(key, period.code): period for period in (*over, *longer)}
    coverage = {}
    for (key, code), period in wanted.items():
        one = here.measures[key[0]]
        series = next(s for s in one.series if s.slug == key[1])
        whole = Asked(measure=one, series=series, period=None, areas=[here.plan.area], breakdowns=[TOTAL])
        coverage[key, code] = completeness(questions.at(whole, period, here, by_series), here, Leeway())
    made = Snapshot(
        catalogue=here,
        number=number,
        frozen_at=frozen_at,
        scopes=every,
        kept=lambda key: found[key].kept,
        coverage=coverage,
        without=frozenset(without),
    )
    return made, chain


def told(made: Snapshot) -> dict[tuple[str, str], dict[tuple[str, str, str], Shown]]:
    """What a release shows of each series, by period, area and breakdown."""
    found: dict[tuple[str, str], dict[tuple[str, str, str], Shown]] = {}
    for scope, member in [(one, member) for one in made.scopes for member in one.members]:
        rule = made.catalogue.plan.disclosure.rule(scope.disclosure_class)
        its = shown.told(scope, member, made.kept(scope.key), rule, Order(made.catalogue))
        for code in scope.shape.periods:
            cells = zip(its.places, its.of(code, made.coverage[member.key, code]), strict=True)
            found.setdefault(member.key, {}).update({(code, *place): one for place, one in cells})
    return found


def before(found: Iterable[Figure]) -> Before:
    """The figures of the last release."""
    every = {figures.place_of(one): Earlier(position=at, figure=one) for at, one in enumerate(found)}
    return lambda key, period: {where: one for where, one in every.items() if where[:3] == (*key, period)}


def all_figures(made: Snapshot, earlier: Iterable[Figure] = ()) -> list[Figure]:
    return [one for batch in figures.batches(made, before(earlier)) for one in batch.figures]


def released(*rows: str, earlier: Iterable[Figure] = (), **more: object) -> list[Figure]:
    made, _ = snapshot(*rows, **more)
    return all_figures(made, earlier)


RELEASE = Release(
    programme="harbour-skills-2026",
    number=3,
    published_at=NOW,
    frozen_at=NOW,
    plan_version=1,
    notes=None,
    policy=PLAN.disclosure,
    explanations={one.value: PLAN.disclosure.rule(one).explanation for one in DisclosureClass},
    report=ReleaseReport(scopes=[], figures=0, shown=0, changes=0),
    sha256="",
    citation="",
    withdrawn_at=None,
    withdrawal_reason=None,
)
