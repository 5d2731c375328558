"""The plan of the example programme. It adds what the partners have not stated yet, so that pages show it.

The file of the bundled plan stays as the partners wrote it. Nothing of a plan that states it is replaced.
"""

from datetime import date

from msgspec.structs import replace

from schema.logic_model import Basis
from schema.measures import Baseline, Measure, Target
from schema.organisations import Duty
from schema.plan import Plan

SANDBOX_PROGRAMME = "work-and-health-2025-2028-sandbox"
"""The sandbox of the bundled plan, to write into: the guides begin with its example returns."""
EXAMPLE_PROGRAMME = "work-and-health-2025-2028-example"
"""A sandbox that is filled with invented returns and releases, to look at. Only the bundled plan has one."""
EXAMPLE_REMARK = "example: all values are invented"
START = date(2024, 4, 1)
"""One year before the bundled plan, so that the example has a whole year to compare with."""
BASELINES = {
    "health-to-employment-referrals": Baseline(period="FY2023-24-Q4", value=160, basis=Basis.PROPOSED),
    "ips-engagements": Baseline(period="FY2023-24-Q4", value=270, basis=Basis.PROPOSED),
    "economic-inactivity-ill-health": Baseline(period="R12-2023-12", value=10.4, basis=Basis.PROPOSED),
}
TARGETS = {"health-to-employment-referrals": [Target(period="FY2027-28-Q4", value=450, basis=Basis.PROPOSED)]}
EVIDENCE_MEASURE = "lived-experience-involvement"
EVIDENCE_HOLDERS = ("nottingham-city-council", "nottingham-cvs", "nottinghamshire-healthcare")


def complete_plan(plan: Plan) -> Plan:
    """Return the plan with invented baselines, a target, duties of evidence, and an earlier start."""
    return replace(
        plan,
        window=replace(plan.window, start=min(plan.window.start, START)),
        measures=[_complete_measure(measure) for measure in plan.measures],
        duties=[_complete_duty(duty) for duty in plan.duties],
    )


def _complete_measure(measure: Measure) -> Measure:
    return replace(
        measure,
        baseline=measure.baseline or BASELINES.get(measure.slug),
        targets=measure.targets or TARGETS.get(measure.slug, []),
    )


def _complete_duty(duty: Duty) -> Duty:
    is_owed = duty.required or (duty.measure == EVIDENCE_MEASURE and duty.holder in EVIDENCE_HOLDERS)
    return replace(duty, required=is_owed)
