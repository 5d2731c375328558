"""The suite's own proof, with nothing but the answers of a server: each protection, switched off by the policy in the
programme's file, lets an attack succeed that fails, on the same data, while it is on.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from api.plan import queries_loading
from schema.areas import Scheme
from schema.disclosure import PERSONS_RULE, Policy, PolicyDecision
from schema.plan import Plan
from tests.attacks.http_releases import AREAS, PROVIDERS, find_disclosures, read_figures, read_rule, to_people
from tests.fixtures.example_plan import EAST, HARBOUR_PLAN, TOWN
from tests.fixtures.release_client import ReleaseClient, make_learners_return, make_pass_rate_return

OWNER = "harbour-council"
DECISION = PolicyDecision(
    by="The harbour's board", on=date(2026, 9, 1), reason="To see what it is for.", assessment="DPIA 1"
)
HELD, PASSED = "on-roll", "pass-rate"
DIMENSIONS = {"place": AREAS, "sex": ("female", "male")}
COUNTS, SHARES, RATES = "2026-05", "2026-03", "2026-04"


def programme(slug: str, switch: Mapping[str, object]) -> Plan:
    """The harbour in short: a stock and a proportion by two sexes and quarter; single providers may be shown."""
    by_sex = Scheme(dimensions=["sex"], exclusive=True, exhaustive=True, finest_level="quarter")
    measures = [replace(one, schemes=[by_sex]) for one in HARBOUR_PLAN.measures if one.slug in (HELD, PASSED)]
    duties = [
        replace(duty, publish_alone=True)
        for duty in HARBOUR_PLAN.duties
        if duty.measure in (HELD, PASSED) and duty.holder in PROVIDERS
    ]
    return replace(
        HARBOUR_PLAN,
        slug=slug,
        measures=measures,
        duties=duties,
        dimensions=[
            replace(one, categories=one.categories[:2]) for one in HARBOUR_PLAN.dimensions if one.slug == "sex"
        ],
        window=replace(HARBOUR_PLAN.window, start=date(2026, 3, 1), end=date(2026, 5, 31)),
        calendar=replace(HARBOUR_PLAN.calendar, closes_days=None),
        disclosure=Policy(persons=replace(PERSONS_RULE, **switch), decision=DECISION if switch else None),
    )


@pytest.fixture
async def presses(application, request) -> list[ReleaseClient]:
    """A programme with the protection on, and one with it off."""
    application.now = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
    plans = [programme("harbour-on", {}), programme("harbour-off", request.param)]
    async with application.owner.begin() as transaction:
        for plan in plans:
            await queries_loading.load_plan(transaction, plan, sandbox=False, now=application.now)
    return [ReleaseClient(application, plan.slug, owner=OWNER) for plan in plans]


def off(**switch):
    return pytest.mark.parametrize("presses", [switch], indirect=True, ids=switch)


def table(*rows) -> np.ndarray:
    """Women and men of the quarters."""
    return np.array((*rows, (0, 0), (0, 0))[:3])


def of_two_sexes(returned: dict) -> dict:
    cells = [cell for cell in returned["observations"] if cell["breakdown"].get("sex") != "unknown"]
    return returned | {"observations": cells}


async def published(press, history) -> list:
    """The figures of release after release."""
    releases = []
    for number, tables in enumerate(history, 1):
        for organisation, one in zip(PROVIDERS, tables, strict=True):
            returned = make_learners_return(COUNTS, to_people(one, DIMENSIONS)) | {"measure": HELD}
            await press.submit_and_approve(organisation, of_two_sexes(returned))
        made = await press.publish()
        assert made["state"] == "published", made["failures"]
        releases.append(await read_figures(press, number, COUNTS, HELD))
    return releases


async def both(presses, history, **how) -> list[list[tuple]]:
    """What is found with the protection on, even by one who is told which are few; and off, by one who is not."""
    on, without = presses
    protected, bare = await published(on, history), await published(without, history)
    rule = await read_rule(on)
    return [
        find_disclosures(history, protected, rule, knows_small_cells=True, dimensions=DIMENSIONS, **how),
        find_disclosures(
            history, bare, await read_rule(without), knows_small_cells=False, dimensions=DIMENSIONS, **how
        ),
    ]


@off(audit_providers=False)
async def test_a_provider_subtracts_its_own_returns(presses):
    """8 women and 8 men of a quarter are 16: shown as 10, 10 and 15, so that each is 8 or 9. Who returned 7 of the 8
    women knows that there are one or two more."""
    mine, others = table((7, 0), (20, 20)), table((1, 8), (20, 20))
    on, without = await both(presses, [[mine, others]], provider=0)
    assert on == []
    assert ("certain", 0, {"place": EAST, "sex": "female"}, (1, 2), 1) in without


@off(hide_from=1)
async def test_a_zero_that_shows_gives_a_group_away(presses):
    """All twenty people of a quarter are women: that there is no man among them is known of each of them."""
    history = [[table((10, 0), (20, 20)), table((10, 0), (20, 20))]]
    on, without = await both(presses, history)
    assert on == []
    assert ("exact", 0, {"place": EAST, "sex": "male"}, (0, 0), 0) in without


@off(hold_back=1)
async def test_without_hold_back_a_few_late_returns_show(presses):
    """Three more women and three more men: each figure moves by 5, and the total by 5, so that it is 3 or 4 of each."""
    history = [[table((25, 25)), table((25, 25))], [table((28, 25)), table((25, 28))]]
    on, without = await both(presses, history)
    assert on == []
    assert ("certain", 1, {"place": EAST, "sex": "female"}, (3, 4), 3) in without


@off(shift=False)
async def test_without_shift_a_provider_finds_the_others_by_varying_its_own(presses):
    """The others returned 3, and do not change it. Own returns of 7, 15 and 24 make 10, 18 and 27: rounded afresh each
    time, 10, 20 and 25 leave nothing but 3; shifted, 10, 20 and 30 tell of the own increments alone."""
    history = [[table((own, 40), (20, 20)), table((3, 40), (20, 20))] for own in (7, 15, 24)]
    on, without = await both(presses, history, provider=0, others_stand_still=True, changes=False)
    assert on == []
    assert ("exact", 2, {"place": EAST, "sex": "female"}, (3, 3), 3) in without


async def ratios(press, period, tables) -> list:
    for organisation, (passed, failed) in zip(PROVIDERS, tables, strict=True):
        examined = to_people(passed + failed, DIMENSIONS)
        await press.submit_and_approve(
            organisation, of_two_sexes(make_pass_rate_return(period, to_people(passed, DIMENSIONS), examined))
        )
    made = await press.publish()
    assert made["state"] == "published", made["failures"]
    return [await read_figures(press, 1, period, PASSED)]


@off(protect_complements=False)
async def test_who_is_not_in_the_part_is_a_small_count_too(presses):
    """8 of 12 women and 8 of 12 men: shown as 10 of 10, and 15 of 25, so that 2 to 4 of each did not pass."""
    tables = [(table((8, 8)), table((4, 4))), (table((0, 0)), table((0, 0)))]
    history = [[np.stack(parts, axis=-1) for parts in tables]]
    said = []
    for press in presses:
        read = await ratios(press, SHARES, tables)
        said.append(
            find_disclosures(
                history,
                read,
                await read_rule(press),
                knows_small_cells=press is presses[0],
                dimensions=DIMENSIONS | {"part": ("in", "out")},
            )
        )
    on, without = said
    assert on == []
    assert ("certain", 0, {"sex": "female", "part": "out"}, (2, 4), 4) in without


@off(rates_from_displayed=False)
async def test_a_percentage_of_true_counts_gives_them_away(presses):
    """8 of 200, of which a provider returned 5: 4.0 % leaves nothing but 8, and so 3 of the others."""
    tables = [(table((5, 0)), table((95, 0))), (table((3, 0)), table((97, 0)))]
    candidates = []
    for press in presses:
        await ratios(press, RATES, tables)
        [figure] = await press.figures(measure=PASSED, period=RATES, area=TOWN)
        rule = await read_rule(press)

        def said(passed, examined, figure=figure, rule=rule):
            if rule["rates_from_displayed"]:
                passed, examined = figure["numerator"], figure["denominator"]
            return round(100 * passed / examined, 1) == figure["value"]

        bounds = msgspec.convert(
            [figure[f"{part}_{end}"] for part in ("numerator", "denominator") for end in ("low", "high")],
            list[int],
            strict=False,
        )
        least, most, fewest, all_ = bounds
        pairs = [(x, n) for x in range(least, most + 1) for n in range(fewest, all_ + 1) if said(x, n)]
        candidates.append({passed - 5 for passed, _ in pairs})
    assert candidates == [{3, 4, 5, 6, 7}, {3}]
