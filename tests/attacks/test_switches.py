"""Proof that the attacks detect a missing protection, from a server's responses only.

If the policy in the programme's file switches a protection off, an attack succeeds that fails on the same data while
the protection is on.
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
    by="The harbour's board", on=date(2026, 9, 1), reason="To test the effect of a protection.", assessment="DPIA 1"
)
ON_ROLL, PASS_RATE = "on-roll", "pass-rate"
DIMENSIONS = {"place": AREAS, "sex": ("female", "male")}
COUNTS, SHARES, RATES = "2026-05", "2026-03", "2026-04"


def build_plan(slug: str, switch: Mapping[str, object]) -> Plan:
    """Return a small harbour plan: a stock and a proportion by two sexes and quarter, each with `publish_alone`."""
    by_sex = Scheme(dimensions=["sex"], exclusive=True, exhaustive=True, finest_level="quarter")
    measures = [
        replace(measure, schemes=[by_sex]) for measure in HARBOUR_PLAN.measures if measure.slug in (ON_ROLL, PASS_RATE)
    ]
    duties = [
        replace(duty, publish_alone=True)
        for duty in HARBOUR_PLAN.duties
        if duty.measure in (ON_ROLL, PASS_RATE) and duty.holder in PROVIDERS
    ]
    return replace(
        HARBOUR_PLAN,
        slug=slug,
        measures=measures,
        duties=duties,
        dimensions=[
            replace(dimension, categories=dimension.categories[:2])
            for dimension in HARBOUR_PLAN.dimensions
            if dimension.slug == "sex"
        ],
        window=replace(HARBOUR_PLAN.window, start=date(2026, 3, 1), end=date(2026, 5, 31)),
        calendar=replace(HARBOUR_PLAN.calendar, closes_days=None),
        disclosure=Policy(persons=replace(PERSONS_RULE, **switch), decision=DECISION if switch else None),
    )


@pytest.fixture
async def presses(application, request) -> list[ReleaseClient]:
    """Return clients of a programme with the protection on and of one with it off."""
    application.now = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
    plans = [build_plan("harbour-on", {}), build_plan("harbour-off", request.param)]
    async with application.owner.begin() as transaction:
        for plan in plans:
            await queries_loading.load_plan(transaction, plan, sandbox=False, now=application.now)
    return [ReleaseClient(application, plan.slug, owner=OWNER) for plan in plans]


def switched_off(**switch):
    return pytest.mark.parametrize("presses", [switch], indirect=True, ids=switch)


def table(*rows) -> np.ndarray:
    """Return a cross of quarter and sex: each row is the women and men of a quarter."""
    return np.array((*rows, (0, 0), (0, 0))[:3])


def remove_unknown_sex(returned: dict) -> dict:
    cells = [cell for cell in returned["observations"] if cell["breakdown"].get("sex") != "unknown"]
    return returned | {"observations": cells}


async def publish_history(press, history) -> list:
    """Publish the history and return the figures of each release."""
    releases = []
    for number, tables in enumerate(history, 1):
        for organisation, people in zip(PROVIDERS, tables, strict=True):
            returned = make_learners_return(COUNTS, to_people(people, DIMENSIONS)) | {"measure": ON_ROLL}
            await press.submit_and_approve(organisation, remove_unknown_sex(returned))
        job = await press.publish()
        assert job["state"] == "published", job["failures"]
        releases.append(await read_figures(press, number, COUNTS, ON_ROLL))
    return releases


async def publish_and_attack_both(presses, history, **options) -> list[list[tuple]]:
    """Return the disclosures with the protection on and off.

    With the protection on, the attacker also knows which counts of the first release are small.
    """
    on, unprotected = presses
    protected, unprotected_releases = await publish_history(on, history), await publish_history(unprotected, history)
    rule = await read_rule(on)
    return [
        find_disclosures(history, protected, rule, knows_small_cells=True, dimensions=DIMENSIONS, **options),
        find_disclosures(
            history,
            unprotected_releases,
            await read_rule(unprotected),
            knows_small_cells=False,
            dimensions=DIMENSIONS,
            **options,
        ),
    ]


@switched_off(audit_providers=False)
async def test_audit_of_providers_stops_subtraction_of_own_returns(presses):
    """8 women and 8 men of a quarter make 16, displayed as 10, 10 and 15: each count is 8 or 9. A provider that returned
    7 of the 8 women knows that the others returned 1 or 2."""
    mine, others = table((7, 0), (20, 20)), table((1, 8), (20, 20))
    on, unprotected = await publish_and_attack_both(presses, [[mine, others]], provider=0)
    assert on == []
    assert ("certain", 0, {"place": EAST, "sex": "female"}, (1, 2), 1) in unprotected


@switched_off(hide_from=1)
async def test_hidden_zeros_stop_disclosure_about_a_whole_group(presses):
    """All 20 people of a quarter are women. A displayed zero for men reveals the sex of each."""
    history = [[table((10, 0), (20, 20)), table((10, 0), (20, 20))]]
    on, unprotected = await publish_and_attack_both(presses, history)
    assert on == []
    assert ("exact", 0, {"place": EAST, "sex": "male"}, (0, 0), 0) in unprotected


@switched_off(hold_back=1)
async def test_hold_back_hides_small_late_changes(presses):
    """3 women and 3 men are added. Each figure and the total rise by 5, so 3 or 4 of each were added."""
    history = [[table((25, 25)), table((25, 25))], [table((28, 25)), table((25, 28))]]
    on, unprotected = await publish_and_attack_both(presses, history)
    assert on == []
    assert ("certain", 1, {"place": EAST, "sex": "female"}, (3, 4), 3) in unprotected


@switched_off(shift=False)
async def test_shift_stops_a_provider_from_probing_with_its_own_counts(presses):
    """The others return 3 each time. With own returns of 7, 15 and 24 the totals are 10, 18 and 27. Rounded again each
    time, 10, 20 and 25 are possible only with 3; shifted, 10, 20 and 30 reflect only the provider's own increments."""
    history = [[table((own, 40), (20, 20)), table((3, 40), (20, 20))] for own in (7, 15, 24)]
    on, unprotected = await publish_and_attack_both(presses, history, provider=0, others_unchanged=True, changes=False)
    assert on == []
    assert ("exact", 2, {"place": EAST, "sex": "female"}, (3, 3), 3) in unprotected


async def publish_ratios(press, period, tables) -> list:
    for organisation, (passed, failed) in zip(PROVIDERS, tables, strict=True):
        examined = to_people(passed + failed, DIMENSIONS)
        await press.submit_and_approve(
            organisation, remove_unknown_sex(make_pass_rate_return(period, to_people(passed, DIMENSIONS), examined))
        )
    job = await press.publish()
    assert job["state"] == "published", job["failures"]
    return [await read_figures(press, 1, period, PASS_RATE)]


@switched_off(protect_complements=False)
async def test_complement_of_a_part_is_protected(presses):
    """8 of 12 women and 8 of 12 men pass, displayed as 10 of 10 and 15 of 25: 2 to 4 of each did not pass."""
    tables = [(table((8, 8)), table((4, 4))), (table((0, 0)), table((0, 0)))]
    history = [[np.stack(parts, axis=-1) for parts in tables]]
    disclosures = []
    for press in presses:
        releases = await publish_ratios(press, SHARES, tables)
        disclosures.append(
            find_disclosures(
                history,
                releases,
                await read_rule(press),
                knows_small_cells=press is presses[0],
                dimensions=DIMENSIONS | {"part": ("in", "out")},
            )
        )
    on, unprotected = disclosures
    assert on == []
    assert ("certain", 0, {"sex": "female", "part": "out"}, (2, 4), 4) in unprotected


@switched_off(rates_from_displayed=False)
async def test_rates_from_displayed_counts_hide_the_true_counts(presses):
    """8 of 200 is 4.0 %, which only 8 gives. A provider that returned 5 of them knows that the others returned 3."""
    tables = [(table((5, 0)), table((95, 0))), (table((3, 0)), table((97, 0)))]
    candidates = []
    for press in presses:
        await publish_ratios(press, RATES, tables)
        [figure] = await press.read_figures(measure=PASS_RATE, period=RATES, area=TOWN)
        rule = await read_rule(press)

        def is_possible(passed, examined, figure=figure, rule=rule):
            if rule["rates_from_displayed"]:
                passed, examined = figure["numerator"], figure["denominator"]
            return round(100 * passed / examined, 1) == figure["value"]

        bounds = msgspec.convert(
            [
                figure[f"{part}_{bound}"]
                for part in ("numerator", "denominator")
                for bound in ("lower_bound", "upper_bound")
            ],
            list[int],
            strict=False,
        )
        numerator_low, numerator_high, denominator_low, denominator_high = bounds
        pairs = [
            (passed, examined)
            for passed in range(numerator_low, numerator_high + 1)
            for examined in range(denominator_low, denominator_high + 1)
            if is_possible(passed, examined)
        ]
        candidates.append({passed - 5 for passed, _ in pairs})
    assert candidates == [{3, 4, 5, 6, 7}, {3}]
