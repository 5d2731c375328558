"""Mistakes of plan files: all at once, each with its line, its item, what is allowed, and the nearest."""

import re

import pytest

from api.plan.mistakes import InvalidPlan
from api.plan.plan_files import read_plan_text
from tests.fixtures.example_plan import HARBOUR_PLAN, HARBOUR_PLAN_FILE

HARBOUR = HARBOUR_PLAN_FILE.read_text()


def find_line(text: str, words: str) -> int:
    """Return the number of the first line that contains the words."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def list_mistakes(text: str) -> list[str]:
    with pytest.raises(InvalidPlan) as refusal:
        read_plan_text("plan.yaml", text.encode())
    return str(refusal.value).splitlines()


# What replaces what in the file, the words by which its line is found, and words of the mistake.
MISTAKES = {
    "enum": (
        "kind: stock",
        "kind: stok",
        "kind: stok",
        ["measure on-roll", "kind", "'stok'", "Nearest: stock", "flow"],
    ),
    "unknown-code": (
        "measure: on-roll, series: headline, area: E06999999, basis: stated}",
        "measure: on-rolls, series: headline, area: E06999999, basis: stated}",
        "on-rolls",
        ["duty of quay-college for on-rolls", "'on-rolls'", "Nearest: on-roll.", "visits"],
    ),
    "unknown-field": ("area_family: town", "area_familie: town", "area_familie", ["learners", "Nearest: area_family"]),
    "missing-field": ("    unit: people\n", "", "- slug: learners", ["measure learners", "`unit`"]),
    "missing-section": ("links:\n", "lynks:\n", "lynks", ["lynks", "Nearest: links"]),
    "date": ("start: 2026-01-01", "start: 2026-13-01", "2026-13-01", ["window: start", "'2026-13-01'"]),
    "number": ("due_days: 10", "due_days: -1", "due_days", ["calendar: due_days", ">= 0"]),
    "number-as-text": ("due_days: 10", "due_days: ten", "due_days", ["calendar: due_days", "'ten'", "`int`"]),
    "yaml-boolean": ("code: female", "code: no", "code: no", ["dimension sex", "category", "code", "quotes"]),
    "slug": ("slug: skills", "slug: Skills!", "slug: Skills!", ["theme Skills!", "'Skills!'"]),
    "null": ("label: Town,", "label: null,", "label: null", ["family town", "label", "quotes"]),
    "no-list": ("levels: [town, quarter]", "levels: town", "levels: town", ["family town", "levels", "array"]),
    "short-list": ("levels: [town, quarter]", "levels: []", "levels: []", ["family town", "levels", ">= 1"]),
    "no-fields": ("[{code: travel, label: Travel},", "[travel,", "[travel,", ["dimension need", "fields"]),
    "no-struct": (
        "document: {title: Harbour Skills, publisher: Harbour Council}",
        "document: yes",
        "document",
        ["fields"],
    ),
    "rule": ("themes:\n", "disclosure: {persons: {far_share: 0.1, base: 50}}\nthemes:\n", "disclosure", ["far_share"]),
    "boolean": ("headline: true", "headline: perhaps", "headline: perhaps", ["series headline", "'perhaps'", "`bool`"]),
    "whole-list": ("themes:\n  - {slug: skills, title: Skills}\n", "themes: 3\n", "themes", ["array"]),
    "measure-link": (
        "families:\n",
        "measure_links: [{source: null, measure: learner, basis: stated, quote: Q}]\nfamilies:\n",
        "measure_links",
        ["measure link None → learner", "Nearest: learners"],
    ),
    "scheme": (
        "finest_level: town}",
        "finest_level: towns}",
        "finest_level: towns",
        ["scheme by need", "Nearest: town."],
    ),
    "scheme-without-dimensions": (
        "dimensions: [need], exclusive",
        "dimensions: 1, exclusive",
        "dimensions: 1",
        ["number 2"],
    ),
    "missing-rule-field": ("    stages: [drafted, printed]\n", "", "- slug: prospectus", ["prospectus", "stages"]),
    "level-twice": (
        "  - {slug: town, label: Town, levels: [town, quarter]}",
        "  - {slug: town, label: Town, levels: [town, quarter]}\n  - {slug: wards, label: Wards, levels: [town]}",
        "slug: wards",
        ["family wards", "'town'", "2"],
    ),
    "number-as-key": (
        "label: Need\n",
        "1: Need\n    label: Need\n",
        "1: Need",
        ["dimension need", "unknown field '1'"],
    ),
    "role-as-organisation": (
        "slug: job-club",
        "slug: pier-college",
        "- {slug: pier-college, title",
        ["role", "as well"],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_names_its_line_its_item_and_what_is_allowed(name):
    old, new, place, words = MISTAKES[name]
    text = HARBOUR.replace(old, new, 1)
    line = find_line(text, place)
    lines = [mistake for mistake in list_mistakes(text) if mistake.startswith(f"plan.yaml:{line}: ")]
    assert any(all(word in mistake for word in words) for mistake in lines), list_mistakes(text)


def test_all_mistakes_are_listed_at_once():
    """A mistake of type, a reference of the same item, a reference of another item and a duplicate key."""
    text = HARBOUR.replace("kind: flow", "kind: flows", 1).replace("theme: skills", "theme: skils", 1)
    text = text.replace("owner: harbour-council", "owner: harbour\nowner: harbour-councils", 1)
    mistakes = list_mistakes(text)
    assert [re.match(r"plan.yaml:(\d+)", mistake)[1] for mistake in mistakes] == [
        str(find_line(text, words))
        for words in ("owner: harbour-councils", "owner: harbour-councils", "skils", "flows")
    ]
    assert f"line {find_line(text, 'owner: harbour')} as well" in "\n".join(mistakes[:2])


def test_mistake_in_an_item_causes_no_mistakes_elsewhere():
    assert len(list_mistakes(HARBOUR.replace("kind: milestone", "kind: milestones", 1))) == 1
    assert len(list_mistakes(HARBOUR.replace("area_family: town\n    schemes", "area_family: 3\n    schemes", 1))) == 1
    assert len(list_mistakes(HARBOUR.replace("organisations:\n", "organisation:\n", 1))) == 2


def test_long_list_of_allowed_values_is_cut():
    areas = "".join(f"  - {{code: E0{7000000 + n}, name: A, level: town, families: [town]}}\n" for n in range(30))
    text = HARBOUR.replace("\nareas:\n", f"\nareas:\n{areas}", 1).replace("parent: E06999999", "parent: E06999990", 1)
    [mistake] = list_mistakes(text)
    assert "Nearest" not in mistake  # one code of an area is not like another
    assert mistake.endswith("and 20 more.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "plan.yaml: "),
        ("slug: [", "plan.yaml:2: "),
        ("a: &a [*a]", "plan.yaml: "),
        ("a: {[1]: 2}", "plan.yaml:1: "),
        ("- 1", "plan.yaml:1: "),
        ("slug: \0", "plan.yaml: "),
    ],
)
def test_file_that_is_no_plan_is_refused_with_its_name(text, words):
    assert list_mistakes(text)[0].startswith(words)


def test_merged_keys_are_no_duplicates_and_have_the_line_of_the_item():
    assert read_plan_text("plan.yaml", HARBOUR.encode()) == HARBOUR_PLAN
    text = HARBOUR.replace("title: Counted by day", "title: 7", 1)
    assert [mistake.split(": ")[0] for mistake in list_mistakes(text)] == [
        f"plan.yaml:{find_line(text, 'title: 7')}",
        # The merged item replaces the title by its own.
    ]


@pytest.mark.parametrize("code", ["M1.1", "O12", "3.4.a", "A/b-2", "Ziel-ä", "§7", "x" * 40])
def test_plan_reference_has_any_code_of_the_plan(code):
    plan = read_plan_text("plan.yaml", HARBOUR.replace("code: M1.1", f"code: {code}", 1).encode())
    assert plan.measures[0].plan_references[0].code == code


@pytest.mark.parametrize("code", ["'M1 1'", "''", "x" * 41, '"a\u200bb"', '"a\u00adb"', '"a\\u0007b"'])
def test_code_of_a_plan_reference_prints_and_is_short(code):
    [mistake] = list_mistakes(HARBOUR.replace("code: M1.1", f"code: {code}", 1))
    assert "measure learners: plan reference" in mistake
