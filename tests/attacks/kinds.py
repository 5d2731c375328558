"""Measures of each kind in a programme of their own, and what an attacker makes of them.

What adds up to what is written here anew: a longer period holds its months, a count to date is a sum of increments, a
part lies in its whole, and different people of a town are at least those of its largest quarter, at most all of them.
"""

from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from api.plan import queries_loading
from schema.areas import Scheme
from schema.disclosure import Policy
from schema.measures import Measure, MeasureKind
from schema.plan import Plan
from tests.attacks.http_releases import PROVIDERS, count_people, find_disclosures, read_rule
from tests.fixtures.example_plan import EAST, HARBOUR_PLAN, TOWN, WEST
from tests.fixtures.release_client import ReleaseClient

QUARTER_AREAS, SEXES = (EAST, WEST), ("female", "male")
BY_SEX = Scheme(dimensions=["sex"], exclusive=True, exhaustive=True, finest_level="quarter")


def make_measure(slug: str, /, **changes: object) -> Measure:
    """A measure like one of the harbour's, of people by sex and quarter."""
    one = next(measure for measure in HARBOUR_PLAN.measures if measure.slug == slug)
    return replace(one, schemes=[BY_SEX], disclosure_class=HARBOUR_PLAN.measures[0].disclosure_class, **changes)


class KindCase(Struct, frozen=True, kw_only=True):
    """Measures that hang together, and how their figures are sums over a cross of people.

    Its axes are `when`, `place`, `sex` and the parts, in this order, as far as they are there.
    """

    measures: list[Measure]
    window: tuple
    periods: dict[str, tuple[str, ...]]
    """Of each period that is published, those of `when` that it holds."""
    parts: dict[str, dict[str, str]]
    """Of each measure, or of the numerators of a proportion, which part of the cross it is."""
    overlapping: bool = False
    """Whether somebody may be in two quarters: then the town is a place of the cross like others."""

    @property
    def base_periods(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(code for codes in self.periods.values() for code in codes))

    @property
    def places(self) -> tuple[str, ...]:
        return (TOWN, *QUARTER_AREAS) if self.overlapping else QUARTER_AREAS

    @property
    def features(self) -> list[str]:
        return list(dict.fromkeys(name for part in self.parts.values() for name in part))

    @property
    def dimensions(self) -> dict[str, tuple[str, ...]]:
        cross = {"when": self.base_periods, "place": self.places, "sex": SEXES}
        return cross | dict.fromkeys(self.features, ("in", "out"))

    @property
    def collected_periods(self) -> list[str]:
        """A count to date is collected of each of its periods; of others, those that hold themselves alone."""
        to_date = self.measures[0].kind is MeasureKind.CUMULATIVE
        return [code for code, held in self.periods.items() if to_date or held == (code,)]

    def to_cell(self, area: str, breakdown: dict[str, str], period: str) -> dict:
        return breakdown | self._to_place(area) | {"when": self.periods[period]}

    def _to_place(self, area: str) -> dict[str, str]:
        return {} if area == TOWN and not self.overlapping else {"place": area}

    @property
    def cells(self) -> list[dict]:
        """Whatever is a count of people, shown or not: the parts, and those who are in none; and of counts to date, how
        many came in each period.
        """
        parts = [{}, *({name: code} for name in self.features for code in ("in", "out"))]
        spans = [
            {"when": held} for held in dict.fromkeys([*self.periods.values(), *((code,) for code in self.base_periods)])
        ]
        chosen = product(spans, (TOWN, *QUARTER_AREAS), ({}, *({"sex": sex} for sex in SEXES)), parts)
        return [self._to_place(area) | breakdown | span | part for span, area, breakdown, part in chosen]

    @property
    def inequalities(self) -> list[tuple]:
        if not self.overlapping:
            return []
        every = [{"when": (when,), "sex": sex} for when, sex in product(self.base_periods, SEXES)]
        inside = [
            ((1, one | {"place": place}), (-1, one | {"place": TOWN})) for one in every for place in QUARTER_AREAS
        ]
        covered = [
            ((1, one | {"place": TOWN}), *((-1, one | {"place": place}) for place in QUARTER_AREAS)) for one in every
        ]
        return [*inside, *covered]

    def build_plan(self) -> Plan:
        duty = HARBOUR_PLAN.duties[0]
        return replace(
            HARBOUR_PLAN,
            slug="harbour-kinds",
            measures=self.measures,
            duties=[
                replace(duty, holder=holder, measure=one.slug, series=one.series[0].slug, publish_alone=True)
                for holder, one in product(PROVIDERS, self.measures)
            ],
            areas=[area for area in HARBOUR_PLAN.areas if area.code in (TOWN, *QUARTER_AREAS)],
            dimensions=[
                replace(one, categories=one.categories[:2]) for one in HARBOUR_PLAN.dimensions if one.slug == "sex"
            ],
            window=replace(HARBOUR_PLAN.window, start=self.window[0], end=self.window[1]),
            calendar=replace(HARBOUR_PLAN.calendar, closes_days=None),
            disclosure=Policy(),
        )

    def build_returns(self, table) -> list[dict]:
        return [
            {"measure": one.slug, "period": period, "observations": self._build_observations(one, table, period)}
            for one, period in product(self.measures, self.collected_periods)
        ]

    def _build_observations(self, one: Measure, table, period: str) -> list[dict]:
        found = []
        for area, breakdown in product((TOWN, *QUARTER_AREAS), ({}, *({"sex": sex} for sex in SEXES))):
            cell = self.to_cell(area, breakdown, period)
            inside = count_people(table, cell | self.parts[one.slug], self.dimensions)
            if one.kind is MeasureKind.PROPORTION:
                figure = {"numerator": inside, "denominator": count_people(table, cell, self.dimensions)}
            else:
                figure = {"value": inside}
            found.append({"area": area, "breakdown": breakdown} | figure)
        return found

    async def read_figures(self, press: ReleaseClient, release: int) -> list[tuple]:
        """Every figure of a release: its cell, the number shown, the bounds stated."""
        read = []
        for one, grouped in product(self.measures, ({}, {"group_by": "sex"})):
            for figure in await press.read_figures(
                measure=one.slug, period=list(self.periods), within=TOWN, release=str(release), **grouped
            ):
                cell = self.to_cell(figure["area"], figure["breakdown"], figure["period"]["code"])
                if one.kind is not MeasureKind.PROPORTION:
                    bounds = (figure["lower_bound"], figure["upper_bound"])
                    read.append((cell | self.parts[one.slug], figure["value"], bounds))
                    continue
                for name, part in (("denominator", {}), ("numerator", self.parts[one.slug])):
                    read.append((cell | part, figure[name], (figure[f"{name}_low"], figure[f"{name}_high"])))
        return read

    async def publish_and_attack(self, application, history, *, may_be_refused=False) -> list[list[tuple]]:
        """What the public, and each provider, finds in releases of these people, one table for each provider.

        A release that is refused is safe; those before it are attacked.
        """
        async with application.owner.begin() as transaction:
            await queries_loading.load_plan(transaction, self.build_plan(), sandbox=False, now=application.now)
        press = ReleaseClient(application, "harbour-kinds")
        published = []
        for number, tables in enumerate(history, 1):
            for organisation, table in zip(PROVIDERS, tables, strict=True):
                await press.submit_and_approve(organisation, *self.build_returns(table))
            made = await press.publish()
            if may_be_refused and {one["code"] for one in made["failures"]} == {"exposed"}:
                break
            assert made["state"] == "published", made["failures"]
            published.append(await self.read_figures(press, number))
        if not published:
            return [[], [], []]
        history = history[: len(published)]
        shown = [value for release in published for _, value, _ in release]
        assert any(value is not None for value in shown), "nothing is shown at all"
        rule = await read_rule(press)
        return [
            find_disclosures(
                history,
                published,
                rule,
                provider=reader,
                dimensions=self.dimensions,
                cells=self.cells,
                inequalities=self.inequalities,
            )
            for reader in (None, 0, 1)
        ]
