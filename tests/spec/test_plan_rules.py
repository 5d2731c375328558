"""What makes a plan file a plan, and what may change between two versions of it. No database."""

import re
from pathlib import Path

import msgspec
import pytest

from api.plan import checks, filters, periods, queries_loading, version_changes
from api.plan.gaps import find_gaps
from schema.disclosure import DisclosureClass
from schema.logic_model import LogicModelColumn
from schema.measures import MeasureKind
from schema.periods import PeriodType
from schema.plan import Plan, Window
from tests.fixtures.example_plan import HARBOUR_PLAN_FILE, make_catalogue

NOTTINGHAM = Path(__file__).parent.parent.parent / "schema" / "plans" / "work-and-health-2025-2028.yaml"
WITHOUT_NODE = ["enrolments", "prospectus", "learner-voice"]
HARBOUR_JSON = msgspec.json.encode(msgspec.yaml.decode(HARBOUR_PLAN_FILE.read_bytes()))


def harbour() -> dict:
    return msgspec.json.decode(HARBOUR_JSON)  # JSON has no references, so that no part is shared


def changed(change) -> Plan:
    raw = harbour()
    change(raw)
    return msgspec.convert(raw, Plan)


def by(items: list, key: str, value: str) -> dict:
    return next(item for item in items if item[key] == value)


def measure(raw: dict, slug: str) -> dict:
    return by(raw["measures"], "slug", slug)


def test_both_plans_hold_together():
    for file in (HARBOUR_PLAN_FILE, NOTTINGHAM):
        checks.check_plan(queries_loading.read_plan(file))


def test_each_dimension_of_the_delivery_plan_has_those_of_whom_it_is_not_known():
    """Two groups alone can block a small measure (docs/disclosure-control.md)."""
    dimensions = queries_loading.read_plan(NOTTINGHAM).dimensions
    assert {category.label for one in dimensions for category in one.categories if category.code == "unknown"} == {
        "Not known"
    }
    assert [one.slug for one in dimensions if "unknown" not in {category.code for category in one.categories}] == []


def named(words: str, line: str) -> bool:
    """A message names all of what is wrong, in whatever sentence."""
    return {*words.replace(":", " ").split()} <= {*re.split(r"[\s:;,.]+(?=\s|$)|\s", line)}


# What the fault names, in the one line that tells it; what makes it.
FAULTS = {
    "theme 'skills' 2": lambda p: p["themes"].append({"slug": "skills", "title": "Again"}),
    "'M1.1' 2": lambda p: measure(p, "on-roll")["plan_references"][0].update(code="M1.1"),
    "learners 'sex=*' 2": lambda p: measure(p, "learners")["schemes"].append(
        {"dimensions": ["sex"], "exclusive": True, "exhaustive": True, "finest_level": "town"}
    ),
    "jobs learners outcome output": lambda p: p["links"].append(
        {"source": "jobs", "target": "learners", "basis": "inferred", "quote": "Back."}
    ),
    "jobs 'ghost'": lambda p: p["links"].append(
        {"source": "ghost", "target": "jobs", "basis": "inferred", "quote": "Boo."}
    ),
    "learners → more → learners": lambda p: (
        p["nodes"].append({"slug": "more", "code": "O2", "column": "output", "title": "More"}),
        p["links"].extend(
            {"source": a, "target": b, "basis": "inferred", "quote": "Round."}
            for a, b in (("learners", "more"), ("more", "learners"))
        ),
    ),
    "measure learners: 'ghost'": lambda p: p.update(
        measure_links=[{"source": "ghost", "measure": "learners", "basis": "stated", "quote": "Boo."}]
    ),
    "owner: 'nobody'": lambda p: p.update(owner="nobody"),
    "E05999991: 'E06000000'": lambda p: by(p["areas"], "code", "E05999991").update(parent="E06000000"),
    "E05999991: 'street' level": lambda p: by(p["areas"], "code", "E05999991").update(level="street"),
    "E05999992 E05999991 level": lambda p: by(p["areas"], "code", "E05999992").update(parent="E05999991"),
    "E05999991: 'county' family": lambda p: p["areas"][1].update(families=["town", "county"]),
    "sex: 'all' total": lambda p: p["dimensions"][0]["categories"].append({"code": "all", "label": "All"}),
    "sex: 'nobody' categories": lambda p: p["dimensions"][0]["categories"][0].update(parent="nobody"),
    "organisation quay-college": lambda p: p["organisations"][1].update(valid_from="2026-02-01", valid_to="2026-01-01"),
    "job-club: 'nobody' organisation": lambda p: p["roles"][0].update(bound_to="nobody"),
    "learners: 'arts' theme": lambda p: measure(p, "learners").update(theme="arts"),
    "learners: 'county' family": lambda p: measure(p, "learners").update(area_family="county"),
    "learners headline series": lambda p: measure(p, "learners")["series"][0].update(headline=False),
    "learners: 'age' dimension": lambda p: measure(p, "learners")["schemes"][0].update(dimensions=["age"]),
    "learners: milestone stages": lambda p: measure(p, "learners").update(stages=["begun"]),
    "learners: evidence domains": lambda p: measure(p, "learners").update(kind="evidence"),
    "pass-rate: headline: proportion denominator": lambda p: measure(p, "pass-rate")["series"][0].pop("denominator"),
    "learners: headline: published source": lambda p: measure(p, "learners")["series"][0].update(
        collection="published"
    ),
    "learners: headline: derived formula": lambda p: measure(p, "learners")["series"][0].update(collection="derived"),
    "learners: headline: 'ghosts'": lambda p: measure(p, "learners")["series"][0].update(
        formula={"operation": "sum", "measures": ["on-roll", "ghosts"]}
    ),
    "learners: headline: gap `difference`": lambda p: measure(p, "learners")["series"][0].update(
        collection="derived", formula={"operation": "difference", "measures": ["on-roll", "members"]}
    ),
    "learners: headline: `difference` measures": lambda p: measure(p, "learners").update(
        kind="gap",
        series=[
            measure(p, "learners")["series"][0]
            | {
                "collection": "derived",
                "formula": {"operation": "difference", "measures": ["on-roll", "members", "visits"]},
            }
        ],
    ),
    "on-roll: 'learners' counted": lambda p: (
        measure(p, "learners")["series"][0].update(
            collection="derived", formula={"operation": "sum", "measures": ["visits", "members"]}
        ),
        measure(p, "on-roll").update(
            series=[
                measure(p, "on-roll")["series"][0]
                | {"collection": "derived", "formula": {"operation": "sum", "measures": ["learners", "members"]}}
            ]
        ),
    ),
    "learners: target: '2026'": lambda p: measure(p, "learners").update(
        targets=[
            {"period": "2026-12", "value": 3, "basis": "stated"},
            {"period": "2026", "value": 3, "basis": "stated"},
        ]
    ),
    "learners: headline: cumulative resets": lambda p: measure(p, "learners")["series"][0].update(
        resets="financial-year"
    ),
    "nobody learners: 'nobody' role": lambda p: p["duties"][0].update(holder="nobody"),
    "quay-college learners: 'second'": lambda p: p["duties"][0].update(series="second"),
    "quay-college on-roll: 'headline' derived": lambda p: measure(p, "on-roll")["series"][0].update(
        collection="derived", formula={"operation": "sum", "measures": ["learners", "members"]}
    ),
    "window": lambda p: p["window"].update(end="2025-01-01"),
    "calendar: timely due": lambda p: p["calendar"].update(late_after_days=5),
    "disclosure: decision persons.hide_to": lambda p: p.update(disclosure={"persons": {"hide_to": 4}}),
    "calendar: closes timely": lambda p: p["calendar"].update(closes_days=12),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_plan_that_does_not_hold_together_is_refused(fault):
    with pytest.raises(checks.InvalidPlan) as refusal:
        checks.check_plan(changed(FAULTS[fault]))
    assert [line for line in str(refusal.value).splitlines() if named(fault, line)]


def test_every_fault_is_named_not_just_the_first():
    def spoil(p: dict) -> None:
        p["owner"] = "nobody"
        p["window"]["end"] = "2025-01-01"

    with pytest.raises(checks.InvalidPlan) as refusal:
        checks.check_plan(changed(spoil))
    assert len(str(refusal.value).splitlines()) == 2


@pytest.mark.parametrize("content", ["slug: [", "slug: x", "[]", "\ud800".encode("utf-8", "surrogatepass")])
def test_a_file_that_is_no_plan_is_refused_with_its_name(tmp_path, content):
    file = tmp_path / "plan.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(checks.InvalidPlan, match="plan.yaml"):
        queries_loading.read_plan(file)


IN_USE = version_changes.CodesInUse(
    series=frozenset({("learners", "headline")}),
    organisations=frozenset({"quay-college"}),
    areas=frozenset({"E05999991"}),
    categories=frozenset({("sex", "female")}),
)
FORBIDDEN = {
    "learners kind": lambda p: measure(p, "learners").update(kind="stock"),
    "learners numerator": lambda p: measure(p, "learners")["series"][0].update(numerator="Others."),
    "learners period_type": lambda p: measure(p, "learners")["cadence"].update(period_type="financial-quarter"),
    "learners scheme sex": lambda p: measure(p, "learners")["schemes"][0].update(exhaustive=False),
    "learners scheme need": lambda p: measure(p, "learners")["schemes"][1].update(exclusive=True),
    "learners": lambda p: (
        p["measures"].remove(measure(p, "learners")),
        p.update(duties=[d for d in p["duties"] if d["measure"] != "learners"]),
    ),
    "area E05999991": lambda p: by(p["areas"], "code", "E05999991").update(name="Elsewhere"),
    "female of sex": lambda p: p["dimensions"][0]["categories"][0].update(label="Girls"),
    "organisation quay-college": lambda p: p["organisations"].remove(by(p["organisations"], "slug", "quay-college")),
}


@pytest.mark.parametrize("change", FORBIDDEN)
def test_a_code_in_use_keeps_its_meaning(change):
    with pytest.raises(version_changes.NewSeriesRequired) as refusal:
        version_changes.check_change(changed(lambda _: None), changed(FORBIDDEN[change]), IN_USE)
    assert named(change, str(refusal.value))


def test_what_is_not_in_use_may_change():
    nothing = version_changes.CodesInUse(
        series=frozenset(), organisations=frozenset(), areas=frozenset(), categories=frozenset()
    )
    for change in FORBIDDEN.values():
        version_changes.check_change(changed(lambda _: None), changed(change), nothing)


DECISION = {"by": "The board", "on": "2026-05-01", "reason": "Named recipients.", "assessment": "DPIA 7"}
LAXER = {
    "learners none persons hide_to": (lambda p: measure(p, "learners").update(disclosure_class="none")),
    "learners organisations persons": lambda p: measure(p, "learners").update(disclosure_class="organisations"),
    "quay-college learners `publish_alone`": (lambda p: p["duties"][0].update(publish_alone=True)),
    "persons width": lambda p: p.update(disclosure=policy(persons={"hide_to": 9})),
    "disclosure breakdowns": lambda p: p.update(disclosure=policy(breakdowns=2, persons=STRICT)),
}
STRICT = {"hide_to": 9, "width": 6}


def policy(version: int = 2, **more) -> dict:
    return {"version": version, "breakdowns": 1, **more}


def strict(change=lambda _: None):
    """A plan that is stricter than usual, changed."""

    def edit(p: dict) -> None:
        p["disclosure"] = policy(version=1, persons=STRICT)
        change(p)

    return changed(edit)


@pytest.mark.parametrize("change", LAXER)
def test_what_has_returns_is_not_protected_less_without_a_decision(change):
    def decided(p: dict) -> None:
        LAXER[change](p)
        p["disclosure"] |= {"decision": DECISION, "version": 2}

    with pytest.raises(version_changes.PolicyDecisionRequired) as refusal:
        version_changes.check_change(strict(), strict(LAXER[change]), IN_USE)
    assert named(change, str(refusal.value))
    version_changes.check_change(strict(), strict(decided), IN_USE)
    nothing = version_changes.CodesInUse(
        series=frozenset(), organisations=frozenset(), areas=frozenset(), categories=frozenset()
    )
    version_changes.check_change(strict(), strict(LAXER[change]), nothing)


def test_a_decision_that_stood_already_does_not_cover_the_next_change():
    def stood(p: dict) -> None:
        p["disclosure"] |= {"decision": DECISION}

    def laxer(p: dict) -> None:
        measure(p, "learners").update(disclosure_class="none")
        p["disclosure"] |= {"decision": DECISION, "version": 2}

    with pytest.raises(version_changes.PolicyDecisionRequired):
        version_changes.check_change(strict(stood), strict(laxer), IN_USE)


def test_another_policy_has_another_version():
    stricter = strict(lambda p: p.update(disclosure=policy(version=1, persons=STRICT | {"hide_to": 11})))
    with pytest.raises(version_changes.PolicyDecisionRequired, match="version"):
        version_changes.check_change(strict(), stricter, IN_USE)
    raised = strict(lambda p: p.update(disclosure=policy(version=2, persons=STRICT | {"hide_to": 11})))
    version_changes.check_change(strict(), raised, IN_USE)
    new = strict(
        lambda p: p["measures"].append(
            measure(p, "learners") | {"slug": "pupils", "plan_references": [{"code": "M1.8", "text": "Pupils"}]}
        )
    )
    version_changes.check_change(strict(), new, IN_USE)
    assert version_changes.describe_changes(strict(), raised) == ["changed disclosure"]


def test_changes_are_told_one_by_one():
    def edit(p: dict) -> None:
        p["themes"][0]["title"] = "Better skills"
        p["roles"].append({"slug": "mentor", "title": "Mentor"})
        p["links"].pop()

    assert version_changes.describe_changes(changed(lambda _: None), changed(edit)) == [
        "added role mentor",
        "changed theme skills",
        "dropped link jobs → wealth",
    ]
    assert "added programme" in version_changes.describe_changes(None, changed(lambda _: None))


def test_gaps_are_read_off_the_links():
    def open_holes(p: dict) -> None:
        p["links"] = [link for link in p["links"] if link["source"] != "courses"]
        p["measures"].remove(measure(p, "pass-rate"))
        p["measure_links"] = [
            {"source": "courses", "measure": "members", "basis": "stated", "quote": "Courses have members."}
        ]

    gaps = find_gaps(changed(open_holes), version=1)
    assert gaps.nodes_without_measure == ["jobs"]
    assert gaps.nodes_without_origin == ["learners"]
    assert gaps.nodes_without_effect == ["courses"]
    assert gaps.outcomes_without_activity == ["jobs"]
    assert gaps.outcomes_without_output == []
    assert gaps.activities_without_output == ["courses"]
    assert gaps.measures_without_node == ["members", "visits", *WITHOUT_NODE]
    assert gaps.measures_without_origin == ["visits", *WITHOUT_NODE]
    assert gaps.nodes_without_reference == ["jobs"]
    assert gaps.inputs_without_use == []


#   filter                                              measures
FILTERS = [
    ({}, ["learners", "on-roll", "pass-rate", "members", "visits", *WITHOUT_NODE]),
    ({"theme": "skills", "kind": MeasureKind.STOCK}, ["on-roll"]),
    ({"column": LogicModelColumn.OUTCOME}, ["pass-rate"]),
    ({"disclosure_class": DisclosureClass.PUBLISHED}, []),
    ({"organisation": "job-club"}, ["learners"]),
    ({"organisation": "harbour-council"}, []),
    ({"reference": "OC1"}, ["pass-rate"]),
]


@pytest.mark.parametrize(("conditions", "expected"), FILTERS)
def test_measures_are_filtered(conditions, expected):
    found = filters.filter_measures(make_catalogue(changed(lambda _: None)), **conditions)
    assert [m.slug for m in found] == expected


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ({"theme": "skill"}, "skills"),
        ({"organisation": "xyz"}, ", quay-college"),
        ({"reference": "M1.9"}, r"M1\.[1-8]"),
    ],
)
def test_an_unknown_filter_is_refused_with_the_nearest(conditions, told):
    with pytest.raises(filters.UnknownCode, match=told):
        filters.filter_measures(make_catalogue(changed(lambda _: None)), **conditions)


def test_areas_are_filtered():
    here = make_catalogue(changed(lambda _: None))
    assert [a.code for a in filters.filter_areas(here, level="town")] == ["E06999999", "E06999998"]
    assert len(filters.filter_areas(here, within="E06999999")) == 4
    with pytest.raises(filters.UnknownCode, match="town"):
        filters.filter_areas(here, level="twon")
    with pytest.raises(filters.UnknownCode, match="E06999999"):
        filters.filter_areas(here, within="E06999990")


@pytest.mark.parametrize(
    ("period_type", "months", "number"),
    [
        (PeriodType.FINANCIAL_QUARTER, None, 4),
        (PeriodType.MONTH, None, 12),
        (PeriodType.MONTHS_ENDING, 12, 1),
        (PeriodType.MONTHS_ENDING, None, 0),
        (PeriodType.SNAPSHOT, None, 0),
    ],
)
def test_periods_lie_wholly_in_the_window(period_type, months, number):
    window = msgspec.convert({"start": "2026-01-01", "end": "2026-12-31", "basis": "stated"}, Window)
    assert len(periods.list_periods(window, period_type, months=months)) == number


def test_an_unclear_period_offers_what_it_could_be():
    assert "FY2025-26-Q1 or CY2025-Q1" in str(
        periods.UnclearPeriod.from_candidates("2025-Q1", ("FY2025-26-Q1", "CY2025-Q1"))
    )
    assert re.search(r"^'Q1' .*\bCY2025\b", str(periods.UnclearPeriod.from_candidates("Q1", ())))


def test_numbers_lead_back_to_their_codes():
    here = make_catalogue(changed(lambda _: None))
    for codes, numbers in (
        (here.organisation_slugs, here.ids.organisations),
        (here.series_slugs, here.ids.series),
        (here.area_codes, here.ids.areas),
        (here.breakdown_keys, here.ids.breakdowns),
    ):
        assert codes == {number: code for code, number in numbers.items()}
