"""Checks of a plan file, and rules for a change between two of its versions. No database."""

import re
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from api.plan import change_summary, checks, filters, periods, populations, queries_loading, version_changes
from api.plan.catalogue import adapt_measure
from api.plan.gaps import find_gaps
from schema.disclosure import DisclosureClass
from schema.logic_model import LogicModelColumn
from schema.measures import Measure, MeasureKind, Series
from schema.periods import PeriodType
from schema.plan import Plan, Window
from tests.fixtures.example_plan import HARBOUR_PLAN, HARBOUR_PLAN_FILE, make_catalogue

NOTTINGHAM = Path(__file__).parent.parent.parent / "schema" / "plans" / "work-and-health-2025-2028.yaml"
WITHOUT_NODE = ["enrolments", "prospectus", "learner-voice"]
HARBOUR_JSON = msgspec.json.encode(msgspec.yaml.decode(HARBOUR_PLAN_FILE.read_bytes()))


def load_harbour() -> dict:
    return msgspec.json.decode(HARBOUR_JSON)  # a fresh copy, because tests change it


def change_plan(change) -> Plan:
    raw = load_harbour()
    change(raw)
    return msgspec.convert(raw, Plan)


def find_by(items: list, key: str, value: str) -> dict:
    return next(item for item in items if item[key] == value)


def find_measure(raw: dict, slug: str) -> dict:
    return find_by(raw["measures"], "slug", slug)


def test_both_plans_are_valid():
    for file in (HARBOUR_PLAN_FILE, NOTTINGHAM):
        checks.check_plan(queries_loading.read_plan(file))


def test_each_dimension_of_the_delivery_plan_has_the_code_unknown():
    """Check this, because with two groups only a small measure can be blocked (docs/disclosure-control.md)."""
    dimensions = queries_loading.read_plan(NOTTINGHAM).dimensions
    assert {
        category.label for dimension in dimensions for category in dimension.categories if category.code == "unknown"
    } == {"Not known"}
    assert [
        dimension.slug
        for dimension in dimensions
        if "unknown" not in {category.code for category in dimension.categories}
    ] == []


def has_words(words: str, line: str) -> bool:
    """Return True if the line contains all these words, in any order."""
    return {*words.replace(":", " ").split()} <= {*re.split(r"[\s:;,.]+(?=\s|$)|\s", line)}


COMPANION = {
    "kind": "distinct",
    "unit": "referrals",
    "cadence": {"period_type": "months-ending", "months": 12, "basis": "proposed"},
    "basis": "proposed",
}


def add_companion(p: dict, **changes: object) -> None:
    """Add a published series of another form to the learners, who are a monthly flow of people."""
    series = find_measure(p, "learners")["series"]
    series.append(
        series[0]
        | {
            "slug": "nationwide",
            "headline": False,
            "collection": "published",
            "source": {"publisher": "The office", "title": "Learners", "verified": True},
            "companion": COMPANION | changes,
        }
    )


def test_companion_has_a_form_of_its_own_and_no_direction():
    [*_, series] = find_series(change_plan(add_companion))
    measure = adapt_measure(*series)
    assert (measure.kind, measure.unit, measure.cadence.months) == ("distinct", "referrals", 12)
    assert (measure.direction.aim, measure.disclosure_class, measure.baseline, measure.targets) == (
        "achieve",
        "published",
        None,
        [],
    )
    first, *_ = find_series(change_plan(add_companion))
    assert adapt_measure(*first) is first[0]


def find_series(plan: Plan) -> list[tuple[Measure, Series]]:
    [learners] = [measure for measure in plan.measures if measure.slug == "learners"]
    return [(learners, series) for series in learners.series]


def test_form_of_a_companion_in_use_cannot_change():
    in_use = msgspec.structs.replace(IN_USE, series=frozenset({("learners", "nationwide")}))
    version_changes.check_change(change_plan(add_companion), change_plan(add_companion), in_use)
    for changes in ({"unit": "people"}, {"kind": "stock"}, {"cadence": COMPANION["cadence"] | {"months": 6}}):
        with pytest.raises(version_changes.NewSeriesRequired):
            version_changes.check_change(
                change_plan(add_companion), change_plan(lambda p, c=changes: add_companion(p, **c)), in_use
            )


def declare_population(raw: dict, slug: str = "learners", **changes: object) -> None:
    """Add residents by age to the plan, and state a measure per 1,000 of them."""
    codes = ("16-24", "25-plus", "unknown")
    raw["dimensions"].append({"slug": "age", "label": "Age", "categories": [{"code": c, "label": c} for c in codes]})
    [series] = load_harbour()["measures"][0]["series"]
    source = {"publisher": "Harbour", "title": "Estimates", "verified": True}
    scheme = {"dimensions": ["age"], "exclusive": True, "exhaustive": True, "finest_level": "town"}
    raw["measures"].append(
        load_harbour()["measures"][1]
        | {
            "slug": "residents",
            "plan_references": [],
            "nodes": [],
            "schemes": [scheme],
            "series": [series | {"collection": "published", "source": source}],
        }
    )
    find_measure(raw, slug)["per_population"] = {
        "population": "residents",
        "per": 1000,
        "unit": "learners-per-1000",
        "label": "Learners per 1,000 residents",
        "age_dimension": "age",
        "ages": ["16-24"],
        "basis": "proposed",
    } | changes


def test_population_is_no_outcome_of_the_plan():
    plan = change_plan(declare_population)
    checks.check_plan(plan)
    assert find_gaps(plan, version=1).measures_without_node == find_gaps(HARBOUR_PLAN, version=1).measures_without_node
    assert populations.list_populations(plan) == {"residents"}
    [learners] = [measure for measure in plan.measures if measure.slug == "learners"]
    assert populations.list_forms(learners) == ["per_population"]


# Words in the line that reports the fault, and the change that makes the fault.
FAULTS = {
    "theme 'skills' 2": lambda p: p["themes"].append({"slug": "skills", "title": "Again"}),
    "'M1.1' 2": lambda p: find_measure(p, "on-roll")["plan_references"][0].update(code="M1.1"),
    "learners 'sex=*' 2": lambda p: find_measure(p, "learners")["schemes"].append(
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
    "E05999991: 'E06000000'": lambda p: find_by(p["areas"], "code", "E05999991").update(parent="E06000000"),
    "E05999991: 'street' level": lambda p: find_by(p["areas"], "code", "E05999991").update(level="street"),
    "E05999992 E05999991 level": lambda p: find_by(p["areas"], "code", "E05999992").update(parent="E05999991"),
    "E05999991: 'county' family": lambda p: p["areas"][1].update(families=["town", "county"]),
    "sex: 'all' total": lambda p: p["dimensions"][0]["categories"].append({"code": "all", "label": "All"}),
    "sex: 'nobody' categories": lambda p: p["dimensions"][0]["categories"][0].update(parent="nobody"),
    "organisation quay-college": lambda p: p["organisations"][1].update(valid_from="2026-02-01", valid_to="2026-01-01"),
    "job-club: 'nobody' organisation": lambda p: p["roles"][0].update(bound_to="nobody"),
    "learners: 'arts' theme": lambda p: find_measure(p, "learners").update(theme="arts"),
    "learners: 'county' family": lambda p: find_measure(p, "learners").update(area_family="county"),
    "learners headline series": lambda p: find_measure(p, "learners")["series"][0].update(headline=False),
    "learners: 'age' dimension": lambda p: find_measure(p, "learners")["schemes"][0].update(dimensions=["age"]),
    "on-roll: baseline '2025'": lambda p: find_measure(p, "on-roll").update(
        baseline={"period": "2025", "value": 40, "basis": "stated"}
    ),
    "on-roll: counts events": lambda p: find_measure(p, "on-roll").update(counts_events=True),
    "learners: passage plan": lambda p: find_measure(p, "learners").update(plan_references=[]),
    "learners: 'on-roll' published stock": lambda p: declare_population(p, population="on-roll"),
    "learners: 'residents' scheme 'sex'": lambda p: declare_population(p, age_dimension="sex"),
    "learners: 'height' dimension": lambda p: declare_population(p, age_dimension="height"),
    "learners: 'old' category": lambda p: declare_population(p, ages=["16-24", "old"]),
    "learners: 'unknown' band": lambda p: declare_population(p, ages=["unknown"]),
    "pass-rate: proportion count": lambda p: declare_population(p, "pass-rate"),
    "learners: milestone stages": lambda p: find_measure(p, "learners").update(stages=["begun"]),
    "learners: evidence domains": lambda p: find_measure(p, "learners").update(kind="evidence"),
    "pass-rate: headline: proportion denominator": lambda p: find_measure(p, "pass-rate")["series"][0].pop(
        "denominator"
    ),
    "learners: headline: published source": lambda p: find_measure(p, "learners")["series"][0].update(
        collection="published"
    ),
    "learners: headline: derived formula": lambda p: find_measure(p, "learners")["series"][0].update(
        collection="derived"
    ),
    "learners: headline: 'ghosts'": lambda p: find_measure(p, "learners")["series"][0].update(
        formula={"operation": "sum", "measures": ["on-roll", "ghosts"]}
    ),
    "learners: headline: gap `difference`": lambda p: find_measure(p, "learners")["series"][0].update(
        collection="derived", formula={"operation": "difference", "measures": ["on-roll", "members"]}
    ),
    "learners: headline: `difference` measures": lambda p: find_measure(p, "learners").update(
        kind="gap",
        series=[
            find_measure(p, "learners")["series"][0]
            | {
                "collection": "derived",
                "formula": {"operation": "difference", "measures": ["on-roll", "members", "visits"]},
            }
        ],
    ),
    "on-roll: 'learners' counted": lambda p: (
        find_measure(p, "learners")["series"][0].update(
            collection="derived", formula={"operation": "sum", "measures": ["visits", "members"]}
        ),
        find_measure(p, "on-roll").update(
            series=[
                find_measure(p, "on-roll")["series"][0]
                | {"collection": "derived", "formula": {"operation": "sum", "measures": ["learners", "members"]}}
            ]
        ),
    ),
    "learners: target: '2026'": lambda p: find_measure(p, "learners").update(
        targets=[
            {"period": "2026-12", "value": 3, "basis": "stated"},
            {"period": "2026", "value": 3, "basis": "stated"},
        ]
    ),
    "learners: headline: cumulative resets": lambda p: find_measure(p, "learners")["series"][0].update(
        resets="financial-year"
    ),
    "learners: headline: companion published": lambda p: find_measure(p, "learners")["series"][0].update(
        companion=COMPANION
    ),
    "learners: nationwide: companion: 'E99999999' area": lambda p: add_companion(p, area="E99999999"),
    "learners: nationwide: proportion denominator": lambda p: add_companion(p, kind="proportion"),
    "dimension colour: supersedes: 'hue' another dimension": lambda p: find_by(
        p["dimensions"], "slug", "colour"
    ).update(supersedes="hue"),
    "nobody learners: 'nobody' role": lambda p: p["duties"][0].update(holder="nobody"),
    "quay-college learners: 'second'": lambda p: p["duties"][0].update(series="second"),
    "quay-college on-roll: 'headline' derived": lambda p: find_measure(p, "on-roll")["series"][0].update(
        collection="derived", formula={"operation": "sum", "measures": ["learners", "members"]}
    ),
    "window": lambda p: p["window"].update(end="2025-01-01"),
    "calendar: late_after_days due_days": lambda p: p["calendar"].update(late_after_days=5),
    "disclosure: decision persons.hide_below": lambda p: p.update(disclosure={"persons": {"hide_below": 0}}),
    "calendar: closes_days late_after_days": lambda p: p["calendar"].update(closes_days=12),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_invalid_plan_is_refused_with_the_fault(fault):
    with pytest.raises(checks.InvalidPlan) as refusal:
        checks.check_plan(change_plan(FAULTS[fault]))
    assert [line for line in str(refusal.value).splitlines() if has_words(fault, line)]


def test_refusal_lists_every_fault():
    def spoil(p: dict) -> None:
        p["owner"] = "nobody"
        p["window"]["end"] = "2025-01-01"

    with pytest.raises(checks.InvalidPlan) as refusal:
        checks.check_plan(change_plan(spoil))
    assert len(str(refusal.value).splitlines()) == 2


@pytest.mark.parametrize("content", ["slug: [", "slug: x", "[]", "\ud800".encode("utf-8", "surrogatepass")])
def test_unreadable_plan_file_is_refused_with_its_name(tmp_path, content):
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
    "learners kind": lambda p: find_measure(p, "learners").update(kind="stock"),
    "learners numerator": lambda p: find_measure(p, "learners")["series"][0].update(numerator="Others."),
    "learners period_type": lambda p: find_measure(p, "learners")["cadence"].update(period_type="financial-quarter"),
    "learners scheme sex": lambda p: find_measure(p, "learners")["schemes"][0].update(exhaustive=False),
    "learners scheme need": lambda p: find_measure(p, "learners")["schemes"][1].update(exclusive=True),
    "learners": lambda p: (
        p["measures"].remove(find_measure(p, "learners")),
        p.update(duties=[d for d in p["duties"] if d["measure"] != "learners"]),
    ),
    "area E05999991": lambda p: find_by(p["areas"], "code", "E05999991").update(name="Elsewhere"),
    "female of sex": lambda p: p["dimensions"][0]["categories"][0].update(label="Girls"),
    "organisation quay-college": lambda p: p["organisations"].remove(
        find_by(p["organisations"], "slug", "quay-college")
    ),
    "learners rounding base hold_back": (lambda p: find_measure(p, "learners").update(disclosure_class="none")),
    "learners rounding totals_open": (lambda p: find_measure(p, "learners").update(disclosure_class="organisations")),
    "learners rounding: width": lambda p: p.update(disclosure={"version": 2, "persons": {"width": 5}}),
}


@pytest.mark.parametrize("change", FORBIDDEN)
def test_code_in_use_cannot_change_its_meaning(change):
    with pytest.raises(version_changes.NewSeriesRequired) as refusal:
        version_changes.check_change(change_plan(lambda _: None), change_plan(FORBIDDEN[change]), IN_USE)
    assert has_words(change, str(refusal.value))


def test_unused_code_may_change():
    unused_codes = version_changes.CodesInUse(
        series=frozenset(), organisations=frozenset(), areas=frozenset(), categories=frozenset()
    )
    for change in FORBIDDEN.values():
        version_changes.check_change(change_plan(lambda _: None), change_plan(change), unused_codes)


DECISION = {"by": "The board", "on": "2026-05-01", "reason": "Named recipients.", "assessment": "DPIA 7"}
LAXER = {
    "learners persons hide_below": lambda p: p.update(disclosure=make_policy(persons=STRICT | {"hide_below": 10})),
    "learners smallest_denominator": lambda p: p.update(
        disclosure=make_policy(persons=STRICT | {"smallest_denominator": 20})
    ),
    "quay-college learners `publish_alone`": (lambda p: p["duties"][0].update(publish_alone=True)),
    "disclosure breakdowns": lambda p: p.update(disclosure=make_policy(breakdowns=2, persons=STRICT)),
}
STRICT = {"hide_below": 12, "smallest_denominator": 30, "width": 6}


def make_policy(version: int = 2, **fields) -> dict:
    return {"version": version, "breakdowns": 1, **fields}


def change_strict_plan(change=lambda _: None):
    """Return a plan with a stricter policy and this change."""

    def edit(p: dict) -> None:
        p["disclosure"] = make_policy(version=1, persons=STRICT)
        change(p)

    return change_plan(edit)


@pytest.mark.parametrize("change", LAXER)
def test_less_protection_of_a_measure_in_use_needs_a_decision(change):
    def with_decision(p: dict) -> None:
        LAXER[change](p)
        p["disclosure"] |= {"decision": DECISION, "version": 2}

    with pytest.raises(version_changes.PolicyDecisionRequired) as refusal:
        version_changes.check_change(change_strict_plan(), change_strict_plan(LAXER[change]), IN_USE)
    assert has_words(change, str(refusal.value))
    version_changes.check_change(change_strict_plan(), change_strict_plan(with_decision), IN_USE)
    unused = version_changes.CodesInUse(
        series=frozenset(), organisations=frozenset(), areas=frozenset(), categories=frozenset()
    )
    version_changes.check_change(change_strict_plan(), change_strict_plan(LAXER[change]), unused)


def test_earlier_decision_does_not_cover_the_next_change():
    def with_earlier_decision(p: dict) -> None:
        p["disclosure"] |= {"decision": DECISION}

    def with_less_protection(p: dict) -> None:
        p["disclosure"] |= {"persons": STRICT | {"hide_below": 0}, "decision": DECISION, "version": 2}

    with pytest.raises(version_changes.PolicyDecisionRequired):
        version_changes.check_change(
            change_strict_plan(with_earlier_decision), change_strict_plan(with_less_protection), IN_USE
        )


def test_changed_policy_needs_another_version():
    stricter = change_strict_plan(
        lambda p: p.update(disclosure=make_policy(version=1, persons=STRICT | {"hide_below": 15}))
    )
    with pytest.raises(version_changes.PolicyDecisionRequired, match="version"):
        version_changes.check_change(change_strict_plan(), stricter, IN_USE)
    raised = change_strict_plan(
        lambda p: p.update(disclosure=make_policy(version=2, persons=STRICT | {"hide_below": 15}))
    )
    version_changes.check_change(change_strict_plan(), raised, IN_USE)
    new = change_strict_plan(
        lambda p: p["measures"].append(
            find_measure(p, "learners") | {"slug": "pupils", "plan_references": [{"code": "M1.8", "text": "Pupils"}]}
        )
    )
    version_changes.check_change(change_strict_plan(), new, IN_USE)
    [change] = change_summary.list_changes(change_strict_plan(), raised)
    assert (change.label, change.fields) == ("changed disclosure", ["version", "persons"])


def test_changes_are_described_one_by_one():
    def edit(p: dict) -> None:
        p["themes"][0]["title"] = "Better skills"
        p["roles"].append({"slug": "mentor", "title": "Mentor"})
        p["links"].pop()

    changes = change_summary.list_changes(change_plan(lambda _: None), change_plan(edit))
    assert change_summary.list_every_change(changes) == [
        "added role mentor",
        "changed theme skills: title",
        "dropped link jobs → wealth",
    ]
    assert change_summary.summarise_changes(changes) == [
        "added role: mentor",
        "changed theme: skills (title)",
        "dropped link: jobs → wealth",
    ]


def test_summary_of_a_whole_plan_fits_on_a_screen():
    changes = change_summary.list_changes(None, queries_loading.read_plan(NOTTINGHAM))
    summary = change_summary.summarise_changes(changes)
    assert len(changes) > 200
    assert len(summary) < 20
    assert summary[0] == "added programme"
    assert "added 21 measures: jsna-research-published, lived-experience-involvement, " in "\n".join(summary)
    assert any(line.endswith(" and 17 more") for line in summary)
    moved = change_plan(lambda p: p.update(title="Other skills"))
    assert change_summary.summarise_changes(change_summary.list_changes(change_plan(lambda _: None), moved)) == [
        "changed programme: title"
    ]


def test_gaps_follow_from_the_links():
    def open_holes(p: dict) -> None:
        p["links"] = [link for link in p["links"] if link["source"] != "courses"]
        p["measures"].remove(find_measure(p, "pass-rate"))
        p["measure_links"] = [
            {"source": "courses", "measure": "members", "basis": "stated", "quote": "Courses have members."}
        ]

    gaps = find_gaps(change_plan(open_holes), version=1)
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
    measures = filters.filter_measures(make_catalogue(change_plan(lambda _: None)), **conditions)
    assert [item.slug for item in measures] == expected


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        ({"theme": "skill"}, "skills"),
        ({"organisation": "xyz"}, ", quay-college"),
        ({"reference": "M1.9"}, r"M1\.[1-8]"),
    ],
)
def test_unknown_filter_is_refused_with_the_nearest_code(conditions, text):
    with pytest.raises(filters.UnknownCode, match=text):
        filters.filter_measures(make_catalogue(change_plan(lambda _: None)), **conditions)


def test_areas_are_filtered():
    catalogue = make_catalogue(change_plan(lambda _: None))
    assert [a.code for a in filters.filter_areas(catalogue, level="town")] == ["E06999999", "E06999998"]
    assert len(filters.filter_areas(catalogue, within="E06999999")) == 4
    with pytest.raises(filters.UnknownCode, match="town"):
        filters.filter_areas(catalogue, level="twon")
    with pytest.raises(filters.UnknownCode, match="E06999999"):
        filters.filter_areas(catalogue, within="E06999990")


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
def test_periods_are_wholly_within_the_window(period_type, months, number):
    window = msgspec.convert({"start": "2026-01-01", "end": "2026-12-31", "basis": "stated"}, Window)
    assert len(periods.list_periods(window, period_type, months=months)) == number


def test_unclear_period_is_refused_with_candidates():
    assert "FY2025-26-Q1 or CY2025-Q1" in str(
        periods.UnclearPeriod.from_candidates("2025-Q1", ("FY2025-26-Q1", "CY2025-Q1"))
    )
    assert re.search(r"^'Q1' .*\bCY2025\b", str(periods.UnclearPeriod.from_candidates("Q1", ())))


def test_database_ids_map_back_to_their_codes():
    catalogue = make_catalogue(change_plan(lambda _: None))
    for codes, numbers in (
        (catalogue.organisation_slugs, catalogue.ids.organisations),
        (catalogue.series_slugs, catalogue.ids.series),
        (catalogue.area_codes, catalogue.ids.areas),
        (catalogue.breakdown_keys, catalogue.ids.breakdowns),
    ):
        assert codes == {number: code for code, number in numbers.items()}


def test_plan_file_keeps_the_higher_version_of_an_equal_policy():
    old = replace(HARBOUR_PLAN, disclosure=replace(HARBOUR_PLAN.disclosure, version=4))
    assert version_changes.keep_policy_version(old, HARBOUR_PLAN) == old
    stricter = replace(HARBOUR_PLAN.disclosure, breakdowns=1, version=5)
    assert version_changes.keep_policy_version(old, replace(HARBOUR_PLAN, disclosure=stricter)).disclosure == stricter
