"""Returns that are not counts, and texts that may point at a person."""

import re

import msgspec
import pytest

from api.submissions import rules
from api.submissions.checks import content
from api.submissions.checks.findings import Rejected
from schema.submissions import EvidenceEntry, MilestoneItem
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, NOW, examine_returns, make_return

ITEM = {"item": "spring", "title": "Spring prospectus", "stage": "drafted", "date": "2026-02-14"}
ENTRY = {"domain": "design", "title": "Learners chose the courses", "date": "2026-02-14", "people": 12}


def milestone(*items: dict, **more: object) -> dict:
    return {"measure": "prospectus", "period": "2026-02", "items": list(items)} | more


def evidence(*entries: dict, **more: object) -> dict:
    return {"measure": "learner-voice", "period": "2026-02", "entries": list(entries)} | more


def found(given: dict) -> list[tuple[str, str | None]]:
    with pytest.raises(Rejected) as refusal:
        examine_returns(given)
    return [(one.code, one.path) for one in refusal.value.findings]


# fmt: off
FINE = {
    "an item":              milestone(ITEM),
    "two items":            milestone(ITEM, ITEM | {"item": "autumn"}),
    "with its address":     milestone(ITEM | {"stage": "printed", "url": "https://harbour.example/spring.pdf"}),
    "long ago":             milestone(ITEM | {"date": "2019-01-01"}),
    "today":                milestone(ITEM | {"date": "2026-03-05"}),
    "nil":                  milestone(kind="nil"),
    "an entry":             evidence(ENTRY),
    "two that differ":      evidence(ENTRY, ENTRY | {"people": None}),
    "no evidence":          evidence(kind="nil"),
}
#   what is wrong             return                                                        code, where
WRONG = {
    "no such stage":         (milestone(ITEM | {"stage": "bound"}),                         [("unknown-stage", "/returns/0/items/0/stage")]),
    "one item twice":        (milestone(ITEM, ITEM | {"stage": "printed"}),                 [("duplicate-item", "/returns/0/items/1/item")]),
    "tomorrow":              (milestone(ITEM | {"date": "2026-03-06"}),                     [("date-in-future", "/returns/0/items/0/date")]),
    "no items":              (milestone(),                                                  [("no-observations", "/returns/0/items")]),
    "nil with an item":      (milestone(ITEM, kind="nil"),                                  [("nil-with-observations", "/returns/0/items")]),
    "withdrawn with one":    (milestone(ITEM, kind="withdrawn", note="Wrong."),             [("nil-with-observations", "/returns/0/items")]),
    "withdrawn, no reason":  (milestone(kind="withdrawn"),                                  [("reason-missing", "/returns/0/note")]),
    "an empty reason":       (milestone(kind="withdrawn", note=" "),                        [("reason-missing", "/returns/0/note")]),
    "a milestone by counts": (make_return("prospectus", "town 1"),                             [("wrong-content", "/returns/0/observations")]),
    "a count by items":      (make_return("learners") | {"items": [ITEM]},                     [("wrong-content", "/returns/0/items")]),
    "both":                  (milestone(ITEM, entries=[ENTRY]),                             [("wrong-content", "/returns/0/entries")]),
    "no such domain":        (evidence(ENTRY | {"domain": "catering"}),                     [("unknown-domain", "/returns/0/entries/0/domain")]),
    "the same entry":        (evidence(ENTRY, ENTRY | {"people": 3}, ENTRY),                [("duplicate-item", "/returns/0/entries/2")]),
    "an entry to come":      (evidence(ENTRY | {"date": "2027-02-14"}),                     [("date-in-future", "/returns/0/entries/0/date")]),
    "no entries":            (evidence(),                                                   [("no-observations", "/returns/0/entries")]),
}
# fmt: on


@pytest.mark.parametrize("case", FINE)
def test_items_and_entries_are_taken(case):
    assert examine_returns(FINE[case]).findings.listed() == []


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_found_where_it_is(case):
    given, expected = WRONG[case]
    assert found(given) == expected


def test_the_stages_that_there_are_are_named():
    with pytest.raises(Rejected) as refusal:
        examine_returns(milestone(ITEM | {"stage": "bound"}))
    [one] = refusal.value.findings
    assert re.search(r"'bound'.*\bprospectus\b", one.message)
    assert (one.code, one.expected) == ("unknown-stage", "drafted or printed")


def items(*texts: str) -> list[MilestoneItem]:
    """`spring drafted`"""
    return [msgspec.convert(ITEM | dict(zip(("item", "stage"), t.split(), strict=True)), MilestoneItem) for t in texts]


def entries(*titles: str) -> list[EvidenceEntry]:
    return [msgspec.convert(ENTRY | {"title": title}, EvidenceEntry) for title in titles]


# fmt: off
#   what stood                          what is sent                         added changed unchanged withdrawn
COUNTS = [
    ([],                                items("a drafted"),                  (1, 0, 0, 0)),
    (items("a drafted"),                items("a drafted"),                  (0, 0, 1, 0)),
    (items("a drafted"),                items("a printed"),                  (0, 1, 0, 0)),
    (items("a drafted", "b drafted"),   items("c drafted", "b printed"),     (1, 1, 0, 1)),
    (items("a drafted"),                [],                                  (0, 0, 0, 1)),
    ([],                                [],                                  (0, 0, 0, 0)),
    ([],                                entries("a"),                        (1, 0, 0, 0)),
    (entries("a", "b"),                 entries("b", "c"),                   (1, 0, 1, 1)),
    (entries("a"),                      [],                                  (0, 0, 0, 1)),
]
# fmt: on


@pytest.mark.parametrize(("before", "now", "expected"), COUNTS)
def test_items_are_known_by_their_code_and_entries_by_all_that_they_say(before, now, expected):
    counts = content.count_changes(now, before)
    assert (counts.added, counts.changed, counts.unchanged, counts.withdrawn) == expected
    assert counts.received == len(now)


def test_what_moved_is_told_by_name():
    moved = content.describe_changes(items("a drafted", "b drafted"), items("b printed", "c drafted"))
    line = "Spring prospectus, {}, 2026-02-14"
    assert list(moved) == [
        ("The item a", line.format("drafted"), "nothing"),
        ("The item b", line.format("drafted"), line.format("printed")),
        ("The item c", "nothing", line.format("drafted")),
    ]
    assert list(content.describe_changes(entries("Tea"), [])) == [
        ("The entry 'Tea, design, 2026-02-14, 12'", "Tea, design, 2026-02-14, 12", "nothing")
    ]
    assert list(content.describe_changes(entries("Tea"), entries("Tea"))) == []


# ---- texts that look personal. None of the numbers belongs to anybody: Ofcom's and HMRC's for fiction and examples.

# fmt: off
PERSONAL = {
    "ask jo.bloggs@harbour.example for more":  "e-mail",
    "mailto:jo+work@harbour.example":          "e-mail",
    "QQ 12 34 56 C is not given out":          None,  # HMRC gives no number that begins so
    "her number is AB 12 34 56 C":             "National Insurance",
    "ab123456c":                               "National Insurance",
    "NHS 943 476 5919":                        "NHS",
    "NHS 943-476-5919":                        "NHS",
    "NHS 9434765919":                          "NHS",
    "call 0115 496 0123":                      "telephone",
    "call +44 115 496 0123":                   "telephone",
    "call 01154960123":                        "telephone",
    "DOB 01/02/1980":                          "birth",
    "born 1 Feb 1980":                         "birth",
    "date of birth: 1.2.80":                  "birth",
    # what is none of these
    "":                                        None,
    "Two providers joined in July 2025.":      None,
    "FY2025-26-Q1, from 112 to 140 referrals": None,
    "E06000018 and E05012270":                 None,
    "1,234,567 of 2,345,678":                  None,
    "see https://harbour.example/id/9434765919": None,
    "at 12:30 on 2026-02-14":                  None,
    "reborn 3 times":                          None,
    "paid @ 12.50 each":                       None,
}
# fmt: on
TEXTS = {
    "/note": lambda text: ([make_return("learners", "town 1")], {"note": text}),
    "/returns/0/note": lambda text: ([make_return("learners", "town 1", note=text)], {}),
    "/returns/0/items/0/title": lambda text: ([milestone(ITEM | {"title": text or "-"})], {}),
    "/returns/0/entries/0/title": lambda text: ([evidence(ENTRY | {"title": text or "-"})], {}),
    "/justifications/0/text": lambda text: (
        [make_return("learners", "town 1")],
        {"justifications": [{"finding": "x", "text": text or "-"}]},
    ),
}


@pytest.mark.parametrize("text", PERSONAL)
@pytest.mark.parametrize("path", TEXTS)
def test_a_text_that_looks_personal_is_stopped(path, text):
    returns, more = TEXTS[path](text)
    what = PERSONAL[text]
    if what is None:
        assert examine_returns(*returns, **more).findings.listed() == []
        return
    with pytest.raises(Rejected) as refusal:
        examine_returns(*returns, **more)
    [one] = refusal.value.findings
    assert (one.code, one.path) == ("possible-personal-data", path)
    assert [kind for kind in {*PERSONAL.values()} - {None} if kind in one.message] == [what]


def noted(*notes: str | None) -> dict:
    given = make_return("learners", "town 9", "east 3", "west 3")
    for cell, note in zip(given["observations"], notes, strict=False):
        cell["note"] = note
    return given


def personal(*returns: dict, **more: object):
    try:
        told = examine_returns(*returns, **more).findings.listed()
    except Rejected as refusal:
        told = refusal.findings
    return [one for one in told if one.code == "possible-personal-data"]


def test_notes_of_observations_are_told_by_their_rows():
    told = personal(noted("see 943 476 5919", None, "a@b.example"), noted(None, "c@d.example", "a@b.example"))
    assert [(one.rows, one.path, one.column) for one in told] == [
        ([1], "/returns/0/observations", "note"),
        ([3], "/returns/0/observations", "note"),
        ([5, 6], "/returns/1/observations", "note"),
    ]
    kinds = ["NHS" in one.message for one in told], ["e-mail" in one.message for one in told]
    assert kinds == ([True, False, False], [False, True, True])
    assert len({one.id for one in told}) == 3


@pytest.mark.parametrize("given", [noted, lambda text: make_return("learners", "town 1", note=text)])
def test_what_is_justified_is_this_text_and_no_other(given):
    office = given("office@harbour.example")
    [one] = personal(office)
    justified = {"justifications": [{"finding": one.id, "text": "A public office."}]}
    [passed] = personal(office, **justified)
    assert (passed.severity, passed.justification) == ("warning", "A public office.")
    [other] = personal(given("jo@harbour.example"), **justified)
    assert (other.severity, other.justification) == ("error", None)
    email, telephone = personal(given("office@harbour.example 0115 496 0123"), **justified)
    assert ("e-mail" in email.message, "telephone" in telephone.message) == (True, True)


def test_a_return_of_items_is_compared_by_them():
    examined = examine_returns(milestone(ITEM))
    [one] = rules.compare_with_current(examined, {}, examined.cells, HARBOUR_CATALOGUE, now=NOW).returns
    assert (one.counts.added, one.completeness.required, one.revision_number) == (1, 0, 1)
