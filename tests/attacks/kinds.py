"""Attacks on measures of each kind, each in its own programme.

This module states independently of the software how figures add up: a longer period contains its months, a count to
date is a sum of increments, and a part is contained in its whole. The distinct people of a town are at least those of
its largest quarter and at most the sum of its quarters.
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
    """Return a measure of the harbour's plan, changed to count people by sex and quarter."""
    original = next(measure for measure in HARBOUR_PLAN.measures if measure.slug == slug)
    return replace(original, schemes=[BY_SEX], disclosure_class=HARBOUR_PLAN.measures[0].disclosure_class, **changes)


class KindCase(Struct, frozen=True, kw_only=True):
    """Linked measures, and how their figures are sums over a cross of people.

    The axes of the cross are `when`, `place`, `sex` and the parts, in this order; there may be no parts.
    """

    measures: list[Measure]
    window: tuple
    periods: dict[str, tuple[str, ...]]
    """For each published period, the codes of `when` that it contains."""
    parts: dict[str, dict[str, str]]
    """For each measure, or the numerator of a proportion, its part of the cross."""
    overlapping: bool = False
    """True if a person may be counted in two quarters. The town is then a place of the cross."""

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
        """Return the periods to submit: all of a count to date, otherwise those that contain no other period."""
        to_date = self.measures[0].kind is MeasureKind.CUMULATIVE
        return [code for code, contained in self.periods.items() if to_date or contained == (code,)]

    def to_cell(self, area: str, breakdown: dict[str, str], period: str) -> dict:
        return breakdown | self._to_place(area) | {"when": self.periods[period]}

    def _to_place(self, area: str) -> dict[str, str]:
        return {} if area == TOWN and not self.overlapping else {"place": area}

    @property
    def cells(self) -> list[dict]:
        """Return every cell that counts people, displayed or not.

        They include the parts and their complements, and the increments of counts to date.
        """
        parts = [{}, *({name: code} for name in self.features for code in ("in", "out"))]
        spans = [
            {"when": contained}
            for contained in dict.fromkeys([*self.periods.values(), *((code,) for code in self.base_periods)])
        ]
        chosen = product(spans, (TOWN, *QUARTER_AREAS), ({}, *({"sex": sex} for sex in SEXES)), parts)
        return [self._to_place(area) | breakdown | span | part for span, area, breakdown, part in chosen]

    @property
    def inequalities(self) -> list[tuple]:
        if not self.overlapping:
            return []
        base_cells = [{"when": (when,), "sex": sex} for when, sex in product(self.base_periods, SEXES)]
        within_town = [
            ((1, cell | {"place": place}), (-1, cell | {"place": TOWN}))
            for cell in base_cells
            for place in QUARTER_AREAS
        ]
        covered = [
            ((1, cell | {"place": TOWN}), *((-1, cell | {"place": place}) for place in QUARTER_AREAS))
            for cell in base_cells
        ]
        return [*within_town, *covered]

    def build_plan(self) -> Plan:
        duty = HARBOUR_PLAN.duties[0]
        return replace(
            HARBOUR_PLAN,
            slug="harbour-kinds",
            measures=self.measures,
            duties=[
                replace(duty, holder=holder, measure=measure.slug, series=measure.series[0].slug, publish_alone=True)
                for holder, measure in product(PROVIDERS, self.measures)
            ],
            areas=[area for area in HARBOUR_PLAN.areas if area.code in (TOWN, *QUARTER_AREAS)],
            dimensions=[
                replace(dimension, categories=dimension.categories[:2])
                for dimension in HARBOUR_PLAN.dimensions
                if dimension.slug == "sex"
            ],
            window=replace(HARBOUR_PLAN.window, start=self.window[0], end=self.window[1]),
            calendar=replace(HARBOUR_PLAN.calendar, closes_days=None),
            disclosure=Policy(),
        )

    def build_returns(self, table) -> list[dict]:
        return [
            {
                "measure": measure.slug,
                "period": period,
                "observations": self._build_observations(measure, table, period),
            }
            for measure, period in product(self.measures, self.collected_periods)
        ]

    def _build_observations(self, measure: Measure, table, period: str) -> list[dict]:
        observations = []
        for area, breakdown in product((TOWN, *QUARTER_AREAS), ({}, *({"sex": sex} for sex in SEXES))):
            cell = self.to_cell(area, breakdown, period)
            numerator = count_people(table, cell | self.parts[measure.slug], self.dimensions)
            if measure.kind is MeasureKind.PROPORTION:
                figure = {"numerator": numerator, "denominator": count_people(table, cell, self.dimensions)}
            else:
                figure = {"value": numerator}
            observations.append({"area": area, "breakdown": breakdown} | figure)
        return observations

    async def read_figures(self, press: ReleaseClient, release: int) -> list[tuple]:
        """Return each figure of a release as (cell, displayed number, stated bounds)."""
        figures = []
        for measure, grouped in product(self.measures, ({}, {"group_by": "sex"})):
            for figure in await press.read_figures(
                measure=measure.slug, period=list(self.periods), within=TOWN, release=str(release), **grouped
            ):
                cell = self.to_cell(figure["area"], figure["breakdown"], figure["period"]["code"])
                if measure.kind is not MeasureKind.PROPORTION:
                    bounds = (figure["lower_bound"], figure["upper_bound"])
                    figures.append((cell | self.parts[measure.slug], figure["value"], bounds))
                    continue
                for name, part in (("denominator", {}), ("numerator", self.parts[measure.slug])):
                    figures.append(
                        (cell | part, figure[name], (figure[f"{name}_lower_bound"], figure[f"{name}_upper_bound"]))
                    )
        return figures

    async def publish_and_attack(self, application, history, *, may_be_refused=False) -> list[list[tuple]]:
        """Publish the history, which has one table for each provider, and return what the public and each provider learn.

        A refused release discloses nothing; the releases before it are attacked.
        """
        async with application.owner.begin() as transaction:
            await queries_loading.load_plan(transaction, self.build_plan(), sandbox=False, now=application.now)
        press = ReleaseClient(application, "harbour-kinds")
        published = []
        for number, tables in enumerate(history, 1):
            for organisation, table in zip(PROVIDERS, tables, strict=True):
                await press.submit_and_approve(organisation, *self.build_returns(table))
            job = await press.publish()
            if may_be_refused and {failure["code"] for failure in job["failures"]} == {"exposed"}:
                break
            assert job["state"] == "published", job["failures"]
            published.append(await self.read_figures(press, number))
        if not published:
            return [[], [], []]
        history = history[: len(published)]
        shown = [value for release in published for _, value, _ in release]
        assert any(value is not None for value in shown), "no value is displayed"
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
