"""Returns of items and entries, and texts that may identify a person."""

import re

import msgspec
import pytest

from api.submissions.checks import content
from api.submissions.checks.rejections import Rejected
from api.submissions.comparison import compare_with_current
from schema.submissions import EvidenceEntry, MilestoneItem
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, NOW, examine_returns, make_return

ITEM = {"item": "spring", "title": "Spring prospectus", "stage": "drafted", "date": "2026-02-14"}
ENTRY = {"domain": "design", "title": "Learners chose the courses", "date": "2026-02-14", "people": 12}


def make_milestone(*make_items: dict, **more: object) -> dict:
    return {"measure": "prospectus", "period": "2026-02", "items": list(make_items)} | more


def make_evidence(*make_entries: dict, **more: object) -> dict:
    return {"measure": "learner-voice", "period": "2026-02", "entries": list(make_entries)} | more


def list_findings(new_return: dict) -> list[tuple[str, str | None]]:
    with pytest.raises(Rejected) as refusal:
        examine_returns(new_return)
    return [(finding.code, finding.path) for finding in refusal.value.findings]


# fmt: off
VALID = {
    "an item":              make_milestone(ITEM),
    "two items":            make_milestone(ITEM, ITEM | {"item": "autumn"}),
    "with its address":     make_milestone(ITEM | {"stage": "printed", "url": "https://harbour.example/spring.pdf"}),
    "long ago":             make_milestone(ITEM | {"date": "2019-01-01"}),
    "today":                make_milestone(ITEM | {"date": "2026-03-05"}),
    "nil":                  make_milestone(kind="nil"),
    "an entry":             make_evidence(ENTRY),
    "two that differ":      make_evidence(ENTRY, ENTRY | {"people": None}),
    "no evidence":          make_evidence(kind="nil"),
}
#   fault                     return                                                        code, path
INVALID = {
    "no such stage":         (make_milestone(ITEM | {"stage": "bound"}),                         [("unknown-stage", "/returns/0/items/0/stage")]),
    "one item twice":        (make_milestone(ITEM, ITEM | {"stage": "printed"}),                 [("duplicate-item", "/returns/0/items/1/item")]),
    "tomorrow":              (make_milestone(ITEM | {"date": "2026-03-06"}),                     [("date-in-future", "/returns/0/items/0/date")]),
    "no items":              (make_milestone(),                                                  [("no-observations", "/returns/0/items")]),
    "nil with an item":      (make_milestone(ITEM, kind="nil"),                                  [("nil-with-observations", "/returns/0/items")]),
    "withdrawn with one":    (make_milestone(ITEM, kind="withdrawn", note="Wrong."),             [("nil-with-observations", "/returns/0/items")]),
    "withdrawn, no reason":  (make_milestone(kind="withdrawn"),                                  [("reason-missing", "/returns/0/note")]),
    "an empty reason":       (make_milestone(kind="withdrawn", note=" "),                        [("reason-missing", "/returns/0/note")]),
    "a milestone by counts": (make_return("prospectus", "town 1"),                             [("wrong-content", "/returns/0/observations")]),
    "a count by items":      (make_return("learners") | {"items": [ITEM]},                     [("wrong-content", "/returns/0/items")]),
    "both":                  (make_milestone(ITEM, entries=[ENTRY]),                             [("wrong-content", "/returns/0/entries")]),
    "no such domain":        (make_evidence(ENTRY | {"domain": "catering"}),                     [("unknown-domain", "/returns/0/entries/0/domain")]),
    "the same entry":        (make_evidence(ENTRY, ENTRY | {"people": 3}, ENTRY),                [("duplicate-item", "/returns/0/entries/2")]),
    "a future entry":        (make_evidence(ENTRY | {"date": "2027-02-14"}),                     [("date-in-future", "/returns/0/entries/0/date")]),
    "no entries":            (make_evidence(),                                                   [("no-observations", "/returns/0/entries")]),
}
# fmt: on


@pytest.mark.parametrize("case", VALID)
def test_valid_items_and_entries_have_no_findings(case):
    assert examine_returns(VALID[case]).findings.listed() == []


@pytest.mark.parametrize("case", INVALID)
def test_invalid_content_has_a_finding_with_its_path(case):
    new_return, expected = INVALID[case]
    assert list_findings(new_return) == expected


ONLY_ENTRIES = make_evidence(*[ENTRY] * 1000, measure="unknown")
ONLY_ITEMS = make_milestone(*[ITEM] * 1000, measure="unknown")
# fmt: off
#   returns                                                       path of the finding
ENTRY_COUNTS = [
    ([ONLY_ENTRIES] * 10,                                         None),
    ([ONLY_ENTRIES] * 12,                                         "/returns/10/entries"),
    ([ONLY_ENTRIES] * 10 + [make_return("learners", "town 9")],   None),
    ([ONLY_ENTRIES] * 5 + [ONLY_ITEMS] * 6,                       "/returns/10/items"),
]
# fmt: on


@pytest.mark.parametrize(("returns", "path"), ENTRY_COUNTS)
def test_items_and_entries_of_a_submission_are_limited(returns, path):
    with pytest.raises(Rejected) as refusal:
        examine_returns(*returns)
    findings = [(finding.code, finding.path) for finding in refusal.value.findings]
    assert findings == [("too-many-entries", path)] if path else ("unknown-measure", "/returns/0/measure") in findings


def test_unknown_stage_finding_names_the_known_stages():
    with pytest.raises(Rejected) as refusal:
        examine_returns(make_milestone(ITEM | {"stage": "bound"}))
    [finding] = refusal.value.findings
    assert re.search(r"'bound'.*\bprospectus\b", finding.message)
    assert (finding.code, finding.expected) == ("unknown-stage", "drafted or printed")


def make_items(*texts: str) -> list[MilestoneItem]:
    """Make items from texts such as `spring drafted`."""
    return [
        msgspec.convert(ITEM | dict(zip(("item", "stage"), text.split(), strict=True)), MilestoneItem) for text in texts
    ]


def make_entries(*titles: str) -> list[EvidenceEntry]:
    return [msgspec.convert(ENTRY | {"title": title}, EvidenceEntry) for title in titles]


# fmt: off
#   current                             submitted                            added, changed, unchanged, withdrawn
COUNTS = [
    ([],                                make_items("a drafted"),                  (1, 0, 0, 0)),
    (make_items("a drafted"),                make_items("a drafted"),                  (0, 0, 1, 0)),
    (make_items("a drafted"),                make_items("a printed"),                  (0, 1, 0, 0)),
    (make_items("a drafted", "b drafted"),   make_items("c drafted", "b printed"),     (1, 1, 0, 1)),
    (make_items("a drafted"),                [],                                  (0, 0, 0, 1)),
    ([],                                [],                                  (0, 0, 0, 0)),
    ([],                                make_entries("a"),                        (1, 0, 0, 0)),
    (make_entries("a", "b"),                 make_entries("b", "c"),                   (1, 0, 1, 1)),
    (make_entries("a"),                      [],                                  (0, 0, 0, 1)),
]
# fmt: on


@pytest.mark.parametrize(("before", "now", "expected"), COUNTS)
def test_items_are_matched_by_code_and_entries_by_all_their_fields(before, now, expected):
    counts = content.count_changes(now, before)
    assert (counts.added, counts.changed, counts.unchanged, counts.withdrawn) == expected
    assert counts.received == len(now)


def test_changes_of_content_are_described_by_name():
    changes = content.describe_changes(make_items("a drafted", "b drafted"), make_items("b printed", "c drafted"))
    line = "Spring prospectus, {}, 2026-02-14"
    assert list(changes) == [
        ("The item a", line.format("drafted"), "nothing"),
        ("The item b", line.format("drafted"), line.format("printed")),
        ("The item c", "nothing", line.format("drafted")),
    ]
    assert list(content.describe_changes(make_entries("Tea"), [])) == [
        ("The entry 'Tea, design, 2026-02-14, 12'", "Tea, design, 2026-02-14, 12", "nothing")
    ]
    assert list(content.describe_changes(make_entries("Tea"), make_entries("Tea"))) == []


# ---- texts that look personal. Ofcom and HMRC reserve these numbers for fiction and examples.

# fmt: off
PERSONAL = {
    "ask jo.bloggs@harbour.example for more":  "e-mail",
    "mailto:jo+work@harbour.example":          "e-mail",
    "QQ 12 34 56 C is an example":             None,  # HMRC issues no number with this prefix
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
    "date of birth: 1.2.80":                   "birth",
    # texts that do not look personal
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
    "/returns/0/items/0/title": lambda text: ([make_milestone(ITEM | {"title": text or "-"})], {}),
    "/returns/0/entries/0/title": lambda text: ([make_evidence(ENTRY | {"title": text or "-"})], {}),
    "/justifications/0/text": lambda text: (
        [make_return("learners", "town 1")],
        {"justifications": [{"finding": "x", "text": text or "-"}]},
    ),
}


@pytest.mark.parametrize("text", PERSONAL)
@pytest.mark.parametrize("path", TEXTS)
def test_text_that_looks_personal_is_an_error(path, text):
    returns, more = TEXTS[path](text)
    kind = PERSONAL[text]
    if kind is None:
        assert examine_returns(*returns, **more).findings.listed() == []
        return
    with pytest.raises(Rejected) as refusal:
        examine_returns(*returns, **more)
    [finding] = refusal.value.findings
    assert (finding.code, finding.path) == ("possible-personal-data", path)
    assert [known_kind for known_kind in {*PERSONAL.values()} - {None} if known_kind in finding.message] == [kind]


def make_noted_return(*notes: str | None) -> dict:
    new_return = make_return("learners", "town 9", "east 3", "west 3")
    for cell, note in zip(new_return["observations"], notes, strict=False):
        cell["note"] = note
    return new_return


def find_personal_data(*returns: dict, **more: object):
    try:
        findings = examine_returns(*returns, **more).findings.listed()
    except Rejected as refusal:
        findings = refusal.findings
    return [finding for finding in findings if finding.code == "possible-personal-data"]


def test_findings_about_cell_notes_list_their_rows():
    findings = find_personal_data(
        make_noted_return("see 943 476 5919", None, "a@b.example"),
        make_noted_return(None, "c@d.example", "a@b.example"),
    )
    assert [(finding.rows, finding.path, finding.column) for finding in findings] == [
        ([1], "/returns/0/observations", "note"),
        ([3], "/returns/0/observations", "note"),
        ([5, 6], "/returns/1/observations", "note"),
    ]
    kinds = ["NHS" in finding.message for finding in findings], ["e-mail" in finding.message for finding in findings]
    assert kinds == ([True, False, False], [False, True, True])
    assert len({finding.id for finding in findings}) == 3


@pytest.mark.parametrize("make", [make_noted_return, lambda text: make_return("learners", "town 1", note=text)])
def test_justification_applies_only_to_its_exact_text(make):
    justified_return = make("office@harbour.example")
    [finding] = find_personal_data(justified_return)
    justified = {"justifications": [{"finding": finding.id, "text": "A public office."}]}
    [justified_finding] = find_personal_data(justified_return, **justified)
    assert (justified_finding.severity, justified_finding.justification) == ("warning", "A public office.")
    [other_finding] = find_personal_data(make("jo@harbour.example"), **justified)
    assert (other_finding.severity, other_finding.justification) == ("error", None)
    email, telephone = find_personal_data(make("office@harbour.example 0115 496 0123"), **justified)
    assert ("e-mail" in email.message, "telephone" in telephone.message) == (True, True)


def test_return_of_items_is_compared_by_its_items():
    checked = examine_returns(make_milestone(ITEM))
    [return_diff] = compare_with_current(checked, {}, checked.cells, HARBOUR_CATALOGUE, now=NOW).returns
    assert (return_diff.counts.added, return_diff.completeness.required, return_diff.revision_number) == (1, 0, 1)
