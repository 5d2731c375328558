"""Measures of each kind in a programme of their own, and what an attacker makes of them.

What adds up to what is written here anew: a longer period holds its months, a count to date is a sum of increments, a
part lies in its whole, and different people of a town are at least those of its largest quarter, at most all of them.
"""

from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from api.plan import queries_loading
from schema.disclosure import Policy
from schema.plan import Kind, Measure, Plan, Scheme
from tests.attacks.http_releases import PROVIDERS, count, found, rule_of
from tests.fixtures.example_plan import EAST, PLAN, TOWN, WEST
from tests.fixtures.release_client import Press

PLACES, SEXES = (EAST, WEST), ("female", "male")
BY_SEX = Scheme(dimensions=["sex"], exclusive=True, exhaustive=True, finest_level="quarter")


def like(slug: str, /, **changes: object) -> Measure:
    """A measure like one of the harbour's, of people by sex and quarter."""
    one = next(measure for measure in PLAN.measures if measure.slug == slug)
    return replace(one, schemes=[BY_SEX], disclosure_class=PLAN.measures[0].disclosure_class, **changes)


class Case(Struct, frozen=True, kw_only=True):
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
    def when(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(code for codes in self.periods.values() for code in codes))

    @property
    def places(self) -> tuple[str, ...]:
        return (TOWN, *PLACES) if self.overlapping else PLACES

    @property
    def features(self) -> list[str]:
        return list(dict.fromkeys(name for part in self.parts.values() for name in part))

    @property
    def dimensions(self) -> dict[str, tuple[str, ...]]:
        cross = {"when": self.when, "place": self.places, "sex": SEXES}
        return cross | dict.fromkeys(self.features, ("in", "out"))

    @property
    def collected(self) -> list[str]:
        """A count to date is collected of each of its periods; of others, those that hold themselves alone."""
        to_date = self.measures[0].kind is Kind.CUMULATIVE
        return [code for code, held in self.periods.items() if to_date or held == (code,)]

    def cell(self, area: str, breakdown: dict[str, str], period: str) -> dict:
        return breakdown | self._within(area) | {"when": self.periods[period]}

    def _within(self, area: str) -> dict[str, str]:
        return {} if area == TOWN and not self.overlapping else {"place": area}

    @property
    def cells(self) -> list[dict]:
        """Whatever is a count of people, shown or not: the parts, and those who are in none; and of counts to date, how
        many came in each period.
        """
        parts = [{}, *({name: code} for name in self.features for code in ("in", "out"))]
        spans = [{"when": held} for held in dict.fromkeys([*self.periods.values(), *((code,) for code in self.when)])]
        chosen = product(spans, (TOWN, *PLACES), ({}, *({"sex": sex} for sex in SEXES)), parts)
        return [self._within(area) | breakdown | span | part for span, area, breakdown, part in chosen]

    @property
    def holds(self) -> list[tuple]:
        if not self.overlapping:
            return []
        every = [{"when": (when,), "sex": sex} for when, sex in product(self.when, SEXES)]
        inside = [((1, one | {"place": place}), (-1, one | {"place": TOWN})) for one in every for place in PLACES]
        covered = [((1, one | {"place": TOWN}), *((-1, one | {"place": place}) for place in PLACES)) for one in every]
        return [*inside, *covered]

    def programme(self) -> Plan:
        duty = PLAN.duties[0]
        return replace(
            PLAN,
            slug="harbour-kinds",
            measures=self.measures,
            duties=[
                replace(duty, holder=holder, measure=one.slug, series=one.series[0].slug, publish_alone=True)
                for holder, one in product(PROVIDERS, self.measures)
            ],
            areas=[area for area in PLAN.areas if area.code in (TOWN, *PLACES)],
            dimensions=[replace(one, categories=one.categories[:2]) for one in PLAN.dimensions if one.slug == "sex"],
            window=replace(PLAN.window, start=self.window[0], end=self.window[1]),
            calendar=replace(PLAN.calendar, closes_days=None),
            disclosure=Policy(),
        )

    def returns(self, table) -> list[dict]:
        return [
            {"measure": one.slug, "period": period, "observations": self._observations(one, table, period)}
            for one, period in product(self.measures, self.collected)
        ]

    def _observations(self, one: Measure, table, period: str) -> list[dict]:
        found = []
        for area, breakdown in product((TOWN, *PLACES), ({}, *({"sex": sex} for sex in SEXES))):
            cell = self.cell(area, breakdown, period)
            inside = count(table, cell | self.parts[one.slug], self.dimensions)
            if one.kind is Kind.PROPORTION:
                figure = {"numerator": inside, "denominator": count(table, cell, self.dimensions)}
            else:
                figure = {"value": inside}
            found.append({"area": area, "breakdown": breakdown} | figure)
        return found

    async def answers(self, press: Press, release: int) -> list[tuple]:
        """Every figure of a release: its cell, the number shown, the bounds stated."""
        read = []
        for one, grouped in product(self.measures, ({}, {"group_by": "sex"})):
            for figure in await press.figures(
                measure=one.slug, period=list(self.periods), within=TOWN, release=str(release), **grouped
            ):
                cell = self.cell(figure["area"], figure["breakdown"], figure["period"]["code"])
                if one.kind is not Kind.PROPORTION:
                    bounds = (figure["lower_bound"], figure["upper_bound"])
                    read.append((cell | self.parts[one.slug], figure["value"], bounds))
                    continue
                for name, part in (("denominator", {}), ("numerator", self.parts[one.slug])):
                    read.append((cell | part, figure[name], (figure[f"{name}_low"], figure[f"{name}_high"])))
        return read

    async def attacked(self, world, history, *, may_be_refused=False) -> list[list[tuple]]:
        """What the public, and each provider, finds in releases of these people, one table for each provider.

        A release that is refused is safe; those before it are attacked.
        """
        async with world.owner.begin() as transaction:
            await queries_loading.load(transaction, self.programme(), sandbox=False, now=world.now)
        press = Press(world, "harbour-kinds")
        published = []
        for number, tables in enumerate(history, 1):
            for organisation, table in zip(PROVIDERS, tables, strict=True):
                await press.returned(organisation, *self.returns(table))
            made = await press.publish()
            if may_be_refused and {one["code"] for one in made["failures"]} == {"exposed"}:
                break
            assert made["state"] == "published", made["failures"]
            published.append(await self.answers(press, number))
        if not published:
            return [[], [], []]
        history = history[: len(published)]
        shown = [value for release in published for _, value, _ in release]
        assert any(value is not None for value in shown), "nothing is shown at all"
        rule = await rule_of(press)
        return [
            found(
                history,
                published,
                rule,
                provider=reader,
                dimensions=self.dimensions,
                every=self.cells,
                holds=self.holds,
            )
            for reader in (None, 0, 1)
        ]
