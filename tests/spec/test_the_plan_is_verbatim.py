"""The exact words that the plan file quotes are in the published plan, letter for letter.

Where the plan's text has a whole item (a heading, a bullet, an entry of the logic model), the whole item must
match: a truncated title would pass a search for it.
"""

import hashlib
import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from schema.logic_model import Basis, LogicModelColumn
from schema.measures import Collection
from schema.plan import Plan

PLANS = Path(__file__).parents[2] / "schema" / "plans"
SLUG = "work-and-health-2025-2028"
PUBLISHED_SHA256 = "19d7c0a74fed773e7311297e03a63caf301cc4f38056123df70f331c3094ae63"
PLAN = msgspec.yaml.decode((PLANS / f"{SLUG}.yaml").read_bytes(), type=Plan)

ACTIVITIES = {node.slug for node in PLAN.nodes if node.column is LogicModelColumn.ACTIVITY}
MEASURES = [measure for measure in PLAN.measures if measure.plan_references]
REFERENCES = [(measure, reference) for measure in PLAN.measures for reference in measure.plan_references]


def normalise_spaces(text: str) -> str:
    """Put one space between words, because the plan's text comes from a PDF and breaks inside sentences."""
    return " ".join(text.split())


def remove_markup(text: str) -> str:
    """Replace links by their text and tags of the appendix by white space."""
    return re.sub(r"<[^>]+>", " ", re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text))


MARKDOWN = (PLANS / f"{SLUG}.md").read_text(encoding="utf-8")
WORDS = normalise_spaces(remove_markup(MARKDOWN))
LINES = [normalise_spaces(remove_markup(line)) for line in MARKDOWN.splitlines()]
BODY, APPENDIX = MARKDOWN.split("Appendix – logic model")


def read_bullets() -> dict[str, str]:
    """Return the bullets under *Measuring impact* by code: M1.1 is the first bullet of theme 1."""
    bullets: dict[str, str] = {}
    theme, listing, item = 0, False, 0
    for line in BODY.splitlines():
        if heading := re.match(r"Theme (\d) – ", line):
            theme, listing, item = int(heading[1]), False, 0
        elif line.strip() == "Measuring impact":
            listing = True
        elif listing and line.startswith("- "):
            item += 1
            bullets[f"M{theme}.{item}"] = normalise_spaces(line.removeprefix("- "))
    return bullets


def read_logic_model() -> list[list[str]]:
    """Return the entries of the appendix by column, without their group headings."""
    cells = APPENDIX.strip().splitlines()[-1].strip().strip("|").split(" | ")
    entries = [re.split(r"•|</p>", re.sub(r"<u>.*?</u>", "", cell)) for cell in cells]
    return [[text for entry in cell if (text := normalise_spaces(remove_markup(entry)))] for cell in entries]


BULLETS = read_bullets()
ENTRIES = dict(zip(LogicModelColumn, read_logic_model(), strict=True))


def is_in_plan(words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", WORDS) is not None


def list_quotes() -> list[object]:
    return [
        *(pytest.param(link.quote, id=f"{link.source}-to-{link.target}") for link in PLAN.links),
        *(pytest.param(link.quote, id=f"to-measure-{link.measure}") for link in PLAN.measure_links),
        *(pytest.param(item.quote, id=f"unmodelled-{item.slug}") for item in PLAN.unmodelled_activities),
    ]


def test_published_text_is_unchanged() -> None:
    """Check the hash, because no other test notices a word changed both here and in the plan file."""
    assert hashlib.sha256((PLANS / f"{SLUG}.md").read_bytes()).hexdigest() == PUBLISHED_SHA256


def test_title_is_the_heading_of_the_plan() -> None:
    first_line = next(line for line in LINES if line)
    assert first_line == PLAN.title
    assert first_line == PLAN.document.title


@pytest.mark.parametrize("theme", PLAN.themes, ids=lambda theme: theme.slug)
def test_theme_has_the_heading_of_the_plan(theme) -> None:
    heading = f"Theme {theme.slug.removeprefix('theme-')} – {theme.title}"
    assert heading in LINES
    assert heading in normalise_spaces(remove_markup(APPENDIX))


def test_plan_has_three_themes() -> None:
    assert [line[:7] for line in LINES if line.startswith("Theme ")] == ["Theme 1", "Theme 2", "Theme 3"]
    assert [theme.slug for theme in PLAN.themes] == ["theme-1", "theme-2", "theme-3"]


@pytest.mark.parametrize("node", PLAN.nodes, ids=lambda node: node.code)
def test_node_is_a_whole_entry_of_its_column(node) -> None:
    assert node.title in ENTRIES[node.column]


@pytest.mark.parametrize(
    ("column", "count"),
    [
        (LogicModelColumn.INPUT, 12),
        (LogicModelColumn.ACTIVITY, 7),
        (LogicModelColumn.OUTPUT, 7),
        (LogicModelColumn.OUTCOME, 4),
        (LogicModelColumn.IMPACT, 5),
    ],
    ids=str,
)
def test_column_of_the_logic_model_is_complete_and_in_order(column, count) -> None:
    titles = [node.title for node in PLAN.nodes if node.column is column]
    assert titles == ENTRIES[column]
    assert len(titles) == count


@pytest.mark.parametrize("quote", list_quotes())
def test_quote_is_in_the_plan(quote) -> None:
    assert is_in_plan(quote)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("have an opportunity to make considerable impact", True),
        ("more prosperous communities (PHE, 2019; IPPR, 2024)", True),
        ("We will launch the Good Employment Hub.", True),
        ("We will launch the good Employment Hub.", False),
        ("We will launch the Good Employment Hu", False),
        ("e will launch the Good Employment Hub.", False),
        ('We will ask "anchor institutions" to lead by example', False),
        ("We will launch the Good Employment Hub", True),
    ],
    ids=[
        "across-a-page-break",
        "across-a-link",
        "a-sentence",
        "another-letter",
        "half-a-word-at-the-end",
        "half-a-word-at-the-start",
        "other-quotation-marks",
        "without-the-full-stop",
    ],
)
def test_search_matches_letter_for_letter(words, expected) -> None:
    assert is_in_plan(words) is expected


@pytest.mark.parametrize(
    "organisation",
    [organisation for organisation in PLAN.organisations if organisation.plan_name is not None],
    ids=lambda organisation: organisation.slug,
)
def test_organisation_has_its_name_in_the_plan(organisation) -> None:
    assert is_in_plan(organisation.plan_name)
    assert organisation.basis is Basis.STATED


def test_organisation_not_named_in_the_plan_is_not_marked_stated() -> None:
    unnamed = {item.slug: item.basis for item in PLAN.organisations if item.plan_name is None}
    assert unnamed == {
        "nottingham-university-hospitals": Basis.INFERRED,
        "nottinghamshire-healthcare": Basis.INFERRED,
        "office-for-national-statistics": Basis.PROPOSED,
        "department-for-education": Basis.PROPOSED,
        "nhs-england": Basis.PROPOSED,
    }


def test_every_contributor_listed_in_the_plan_is_an_organisation() -> None:
    listed = BODY.split("Delivery will require contribution from:")[1].split("How will we know")[0]
    contributors = [line.removeprefix("- ") for line in listed.splitlines() if line.startswith("- ")]
    names = {item.plan_name for item in PLAN.organisations}
    universities = "University of Nottingham and Nottingham Trent University"
    assert len(contributors) == 10
    assert set(contributors) - names == {universities}
    assert set(universities.split(" and ")) <= names


@pytest.mark.parametrize(("measure", "reference"), REFERENCES, ids=[ref.code for _, ref in REFERENCES])
def test_plan_reference_is_a_whole_text_of_the_plan(measure, reference) -> None:
    if reference.code.startswith("M"):
        assert reference.text == BULLETS[reference.code]
        assert measure.theme == f"theme-{reference.code[1]}"
    else:
        node = next(node for node in PLAN.nodes if node.code == reference.code)
        assert reference.text == node.title
        assert node.slug in measure.nodes


def test_each_of_the_27_texts_is_referenced_once() -> None:
    codes = [reference.code for _, reference in REFERENCES]
    outputs, outcomes = ENTRIES[LogicModelColumn.OUTPUT], ENTRIES[LogicModelColumn.OUTCOME]
    expected_codes = [
        *BULLETS,
        *(f"O{i + 1}" for i in range(len(outputs))),
        *(f"OC{i + 1}" for i in range(len(outcomes))),
    ]
    assert sorted(codes) == sorted(expected_codes)
    assert Counter(code.rstrip(".123456789") for code in codes) == {"M": 16, "O": 7, "OC": 4}
    assert len(codes) == 27


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.slug)
def test_measure_has_the_title_of_its_first_reference(measure) -> None:
    assert measure.title == measure.plan_references[0].text


def test_there_are_20_measures_and_a_population() -> None:
    assert len({measure.slug for measure in MEASURES}) == len(MEASURES) == 20
    assert [measure.slug for measure in PLAN.measures if measure not in MEASURES] == ["resident-population"]
    counts = Counter(len(measure.plan_references) for measure in MEASURES)
    assert counts == {1: 13, 2: 7}


def test_links_are_those_of_the_catalogue() -> None:
    """The catalogue has 44 rows, 13 of them stated; a row for all seven activities is seven links here."""
    rows: dict[tuple[str, Basis, str], set[str]] = {}
    for link in PLAN.links:
        rows.setdefault((link.source, link.basis, link.quote), set()).add(link.target)
    for_all = Counter(basis for (_, basis, _), targets in rows.items() if targets == ACTIVITIES)
    links = Counter(link.basis for link in PLAN.links)
    assert for_all == {Basis.STATED: 2, Basis.INFERRED: 2}
    assert links == {Basis.STATED: 25, Basis.INFERRED: 43}
    assert {basis: links[basis] - 6 * for_all[basis] for basis in links} == {
        Basis.STATED: 13,
        Basis.INFERRED: 31,
    }
    assert len({(link.source, link.target) for link in PLAN.links}) == len(PLAN.links)


def test_measures_without_a_node_are_on_five_links() -> None:
    assert len(PLAN.measure_links) == 5
    assert sum(link.source is None for link in PLAN.measure_links) == 2
    assert {link.source for link in PLAN.measure_links} - {None} <= ACTIVITIES


@pytest.mark.parametrize("measure", PLAN.measures, ids=lambda measure: measure.slug)
def test_values_that_the_plan_does_not_state_are_null(measure) -> None:
    """The plan states no baseline, no target, no owner of a measure, and no cadence."""
    assert measure.baseline is None
    assert measure.targets == []
    assert measure.owner is None
    assert measure.cadence.basis is Basis.PROPOSED


def test_window_and_calendar_are_proposed() -> None:
    assert PLAN.window.basis is Basis.PROPOSED
    assert PLAN.calendar.basis is Basis.PROPOSED


def test_no_role_is_bound() -> None:
    assert len(PLAN.roles) == 6
    assert [role.slug for role in PLAN.roles if role.bound_to is not None] == []


def test_one_duty_is_stated() -> None:
    """M2.6 says "for any funded local organisations"; all other duties are inferred or proposed."""
    stated = [(duty.holder, duty.measure) for duty in PLAN.duties if duty.basis is Basis.STATED]
    assert stated == [("funded-local-organisations", "funded-support-into-employment")]


def test_every_series_except_derived_ones_has_a_holder() -> None:
    owed = {(duty.measure, duty.series) for duty in PLAN.duties}
    series = {
        (measure.slug, item.slug)
        for measure in PLAN.measures
        for item in measure.series
        if item.collection is not Collection.DERIVED
    }
    assert owed == series


def test_companions_state_their_basis_and_are_not_headlines() -> None:
    companions = {
        f"{measure.slug}/{series.slug}": (series.companion.basis, series.companion.kind, series.companion.unit)
        for measure in PLAN.measures
        for series in measure.series
        if series.companion is not None
    }
    assert companions == {
        "ips-secondary-care-engagement/mhs116": ("proposed", "distinct", "referrals"),
        "ips-secondary-care-engagement/mhs116a": ("proposed", "rate", "per-100000"),
        "neet-16-17/neet-or-not-known": ("proposed", "proportion", "percent"),
        "neet-16-17/not-known": ("proposed", "proportion", "percent"),
        # the plan's words: "the employment rate between those with … and the overall employment rate"
        "ltc-employment-gap/overall-employment-rate": ("inferred", "proportion", "percent"),
    }


def test_each_deprivation_scheme_has_both_versions_and_the_older_is_required() -> None:
    required = {
        (measure.slug, dimension[4:8]): scheme.required
        for measure in PLAN.measures
        for scheme in measure.schemes
        for dimension in scheme.dimensions
        if dimension.startswith("imd-")
    }
    assert {year: {is_required for (_, of), is_required in required.items() if of == year} for _, year in required} == {
        "2019": {True},
        "2025": {False},
    }
    assert len({slug for slug, _ in required}) * 2 == len(required) == 8
    supersedes = {dimension.slug: dimension.supersedes for dimension in PLAN.dimensions}
    assert supersedes["imd-2025-quintile-england"] == "imd-2019-quintile-england"
